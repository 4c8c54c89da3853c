/**
 * Grafana Loki. Blocks go out as they are, merged to requests. In flight are at most 4 requests a lane (REQUESTS_PER_LANE),
 * 32 in all, never two with lines of one stream; after a delivery that failed one a lane, until Loki takes one. Those of
 * live lanes that are ready in the same turn travel as one (company.ts).
 *
 * Delivered means that Loki has the line. As it answers for the last stream of a request only, what its ingester might refuse
 * goes alone (screen.ts). What a 400 tells is found again among the lines that were sent (told.ts, entries.ts): where both
 * agree to the line, nothing is sent again. Else the suspects are, one stream a request, which Loki's own rule for equal lines
 * hides, and divided until it is told, line by line if need be, up to MAX_DOUBTS requests a delivery: then what is open counts
 * as rejected. Rejected lines are told one by one, whole as they were given.
 *
 * Sent again after a lost answer is that request, or of each lane its part of it; within this object nothing that was
 * acknowledged is. After a kill, or a stop that does not wait, the deliveries under way at that time are sent again.
 */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import { LANES, LIVE_LANES } from '../../pipeline/streams.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import type { Connection } from '../http/connection.js';
import { printable, type Reply } from '../http/reply.js';
import { pause } from '../pause.js';
import { probedRequest } from '../probed-request.js';
import { explainRejection } from '../rejections.js';
import { ToldLines } from '../told-lines.js';
import { redriven, Unfinished } from '../unfinished.js';
import { suspects, tookTheRest } from './again.js';
import { type Answer, judge, refusal } from './answer.js';
import { Bodies } from './bodies.js';
import { type Answered, Company } from './company.js';
import { lokiConnection, pushUrl, REQUESTS_PER_LANE, tenantHeaders } from './connection.js';
import { allOf, type Entry, entriesOf, findRefused, type Verdicts } from './entries.js';
import { KnownStreams } from './known-streams.js';
import { Pacer } from './pacer.js';
import {
  bodyOf,
  byStream,
  divide,
  type Piece,
  partOfRequest,
  type Request,
  rateBytes,
  requestWeight,
  singleStream,
  streamsOf,
  withoutMetadata,
} from './request.js';
import { Screen } from './screen.js';
import { byTenant } from './tenant.js';
import type { Told, Words } from './told.js';
import { Work } from './work.js';

const TAKEN = 204;
const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
/** Of the message that Loki makes of it, whose limit is 4 MiB. */
const MAX_WEIGHT = 3.75 * 1024 * 1024;
const MIN_WEIGHT = 64 * 1024;
const MAX_DOUBTS = 64;
/** A request that keeps being refused for its rate may be more than the burst that Loki allows. */
const LIMITED_BEFORE_DIVIDING = 3;
const LIMITED_RETRY_MS = 250;
const STREAM_LIMITED_RETRY_MS = 500;
const STREAMS_LIMITED_RETRY_MS = 5_000;
/** Lines of one stream too many hold up the lane for so long, then they are rejected. */
const STREAMS_PATIENCE_MS = 5 * 60_000;
const MAX_TENANTS = 1_000;
/** How far in the future Loki takes lines. */
const GRACE_SECONDS = 10 * 60;

export interface LokiSinkContext {
  readonly log: Logger;
}

export class LokiSink implements Sink {
  readonly name: string;
  readonly concurrency = LANES;
  readonly maxRawBytes: number;
  readonly batchWaitMs: number;
  readonly retained = undefined;
  readonly #config: LokiSinkConfig;
  readonly #context: LokiSinkContext;
  readonly #streams = new KnownStreams();
  readonly #screen: Screen;
  readonly #told = new ToldLines();
  readonly #company = new Company((request, signal) => this.#post(request, signal));
  readonly #bodies = new Bodies();
  readonly #pacers = new Map<string | undefined, Pacer>();
  readonly #unfinished = new Unfinished<Work>();
  #scope: Scope | undefined;
  #connection: Connection | undefined;
  #maxWeight = MAX_WEIGHT;
  /** For each lane; one while it is not known whether Loki takes anything. */
  #requestsAtOnce = 1;
  /** Requests that Loki took. */
  #accepted = 0;
  /** By tenant: one stream too many was waited for in vain, and until then no other one is. */
  readonly #impatientUntilMs = new Map<string | undefined, number>();

  /** Throws CONFIG_INVALID. */
  constructor(name: string, config: LokiSinkConfig, context: LokiSinkContext) {
    pushUrl(config.url);
    this.name = name;
    this.maxRawBytes = Math.min(config.batchBytes, MAX_REQUEST_BYTES);
    this.batchWaitMs = config.batchWaitMs;
    this.#config = config;
    this.#context = context;
    this.#screen = new Screen(config, this.#streams);
  }

  /** Resolves at once: Loki need not be there. */
  async open(scope: Scope): Promise<undefined> {
    this.#scope = scope;
    this.#connection = lokiConnection(this.#config, scope, process.env);
  }

  /**
   * Throws SINK_UNREACHABLE and SINK_TROUBLE, retryable; SINK_LIMITED; SINK_REFUSED where a person must do something;
   * SECRET_UNREADABLE; JOURNAL_DAMAGED where a block had to be decoded and cannot.
   */
  async deliver(
    blocks: readonly Block[],
    _cursor: Cursor,
    signal: AbortSignal,
    onTaken?: () => void,
  ): Promise<Delivered> {
    if (blocks.length === 0) return { delivered: 0, rejected: new Map() };
    const [{ lane }] = blocks;
    try {
      const work = this.#unfinished.workOn(blocks, () => new Work(blocks, (block) => this.#sharesOf(block)));
      const exchange = async (request: Request): Promise<void> => {
        const isLive = lane < LIVE_LANES;
        await this.#pace(request, isLive, signal);
        const sent = await this.#send(request, isLive && work.isSure(request), signal);
        const answer = judge(sent.reply, this.#opened().connection.address, Date.now());
        this.#settle(work, request, sent, answer);
        if (answer.kind === 'accepted') onTaken?.();
      };
      const next = (): readonly Request[] =>
        work.next(this.#screen, this.#requestsAtOnce, this.#maxWeight, Date.now());
      for (let requests = next(); requests.length > 0; requests = next()) {
        // All of them, whatever becomes of one: each answer counts.
        const outcomes = await Promise.allSettled(requests.map(exchange));
        const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
        if (failures.length > 0) throw mostTelling(failures.map(({ reason }): unknown => reason));
      }
      this.#unfinished.forget(lane);
      this.#tell(work);
      return work.result;
    } catch (error) {
      this.#requestsAtOnce = 1;
      // The good blocks come again one by one.
      if (error instanceof AgentError && error.code === 'JOURNAL_DAMAGED') this.#unfinished.forget(lane);
      throw error;
    }
  }

  redrive(blocks: readonly Block[], signal: AbortSignal): Promise<Delivered> {
    return this.deliver(redriven(blocks), [], signal);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  /** By tenant. */
  #sharesOf(block: Block): Map<string | undefined, Piece> {
    const shares = byTenant(block, this.#config);
    if (!this.#config.structuredMetadata)
      for (const [tenant, piece] of shares) shares.set(tenant, withoutMetadata(piece));
    return shares;
  }

  /** Waits until the rate that Loki allows has room for it. */
  async #pace(request: Request, isLive: boolean, signal: AbortSignal): Promise<void> {
    const { scope } = this.#opened();
    const pacer = this.#pacer(request.tenant);
    const waitMs = (): number => pacer.waitMs(isLive, performance.now());
    for (let ms = waitMs(); ms > 0; ms = waitMs()) {
      await pause(scope, ms, signal);
      if (signal.aborted) throw new AgentError('SINK_LIMITED', 'The agent stops.', { retryable: true });
    }
    pacer.take(rateBytes(request), performance.now());
  }

  async #send(request: Request, mayJoin: boolean, signal: AbortSignal): Promise<Answered<Reply>> {
    if (mayJoin) return this.#company.send(request, Math.min(this.maxRawBytes, this.#maxWeight), signal);
    return { reply: await this.#post(request, signal), weight: requestWeight(request), inCompany: false };
  }

  async #post(request: Request, signal: AbortSignal): Promise<Reply> {
    const { connection } = this.#opened();
    return probedRequest(this.name, async (answered) => {
      let room: Buffer | undefined;
      const body = bodyOf(request, (bytes) => {
        room = this.#bodies.take(bytes);
        return room;
      });
      const reply = await connection.post(body, tenantHeaders(request.tenant), signal);
      answered(reply.status);
      if (room && reply.status === TAKEN) this.#bodies.giveBack(room);
      return reply;
    });
  }

  /** Makes of an answer what it means for the work. Throws where the delivery cannot go on now. */
  #settle(work: Work, request: Request, { reply, weight, inCompany }: Answered<Reply>, answer: Answer): void {
    switch (answer.kind) {
      case 'accepted':
        this.#accepted++;
        this.#requestsAtOnce = REQUESTS_PER_LANE;
        this.#acknowledge(request);
        if (!inCompany) this.#tookAlone(request);
        work.done(request);
        break;
      case 'refused':
        if (inCompany) work.replace(request, suspects(request, answer.told));
        else this.#refused(work, request, reply, answer.told);
        break;
      case 'too large': {
        // Smaller from now on: whatever stands there will not have changed its mind.
        this.#maxWeight = Math.max(MIN_WEIGHT, Math.min(this.#maxWeight, weight / 2));
        const smaller = inCompany ? [{ ...request }] : divide(request);
        if (smaller) work.replace(request, smaller);
        else work.done(request, allIn(request, { reason: 'too_large', said: answer.said }));
        break;
      }
      case 'limited':
        this.#limited(work, request, answer, inCompany);
        break;
      case 'failed':
        throw answer.error;
    }
  }

  #acknowledge(request: Request): void {
    const now = Date.now();
    // Lines later than that were refused, or came by a wrong clock.
    const latest = now / 1000 + GRACE_SECONDS;
    for (const { block, newest } of request.pieces) {
      for (const { labels } of block.streams) {
        const seconds = newest?.get(labels) ?? block.lastSeconds;
        this.#streams.acknowledged(labels, Math.min(seconds, latest), now);
      }
    }
  }

  #tookAlone(request: Request): void {
    const labels = singleStream(request);
    if (labels === undefined) return;
    this.#streams.tookAlone(labels, performance.now());
  }

  /** 400: what was good is stored, and which lines that are must be found out. */
  #refused(work: Work, request: Request, reply: Reply, told: Told): void {
    const entries = entriesOf(request);
    const isSingle = singleStream(request) !== undefined;
    const found = findRefused(told, entries, isSingle);
    if (found) {
      // Nothing that might be too far behind travels in company: what is so by now was stored then.
      const isStored =
        request.isAgain === true && told.kind === 'ingester' && told.reason === 'too_far_behind';
      const refused: Verdicts = isStored ? new Map() : found.refused;
      const rest = partOfRequest({ ...request, isAgain: true }, found.open);
      this.#acknowledgeBut(entries, new Set([...found.refused.keys(), ...found.open]));
      if (rest) work.partlyDone(request, refused, rest);
      else work.done(request, refused);
      return;
    }
    if (!isSingle) {
      work.replace(request, suspects(request, told));
      return;
    }
    const { reason, said } = 'said' in told ? told : told.groups[0];
    work.doubt(this.#accepted);
    const halves = work.doubts <= MAX_DOUBTS ? divide(request) : undefined;
    const isAgain = request.isAgain === true || tookTheRest(told, streamsOf(request)[0]);
    if (halves) work.replace(request, isAgain ? halves.map((half) => ({ ...half, isAgain })) : halves);
    // Perhaps it is not Loki that answers so, but something before it, and to everything: then nothing may be given up.
    else if (reason === undefined && this.#accepted === work.acceptedBefore)
      throw refusal(reply, this.#opened().connection.address);
    else work.done(request, allOf(entries, { reason: reason ?? 'refused', said }));
  }

  /** Loki has these lines, but those. */
  #acknowledgeBut(entries: readonly Entry[], missing: ReadonlySet<Entry>): void {
    const now = Date.now();
    const newest = new Map<string, number>();
    for (const entry of entries) {
      const { labels, seconds } = entry;
      if (!missing.has(entry)) newest.set(labels, Math.max(newest.get(labels) ?? 0, seconds));
    }
    for (const [labels, seconds] of newest)
      this.#streams.acknowledged(labels, Math.min(seconds, now / 1000 + GRACE_SECONDS), now);
  }

  #limited(work: Work, request: Request, answer: Answer & { kind: 'limited' }, inCompany: boolean): void {
    const now = performance.now();
    const times = work.limited(request);
    const labels = inCompany ? undefined : singleStream(request);
    let retryAfterMs = LIMITED_RETRY_MS;
    if (answer.by === 'stream') this.#streams.rateExceeded(labels, answer.bytesPerSecond, now);
    if (answer.by !== 'tenant' && labels === undefined) {
      // The others of the request are stored, or were refused without a word.
      work.replace(request, byStream(request));
    } else if (answer.by === 'streams') {
      const isImpatient = now < (this.#impatientUntilMs.get(request.tenant) ?? 0);
      if (isImpatient || work.tooManyFor(request, now) >= STREAMS_PATIENCE_MS) {
        if (this.#impatientUntilMs.size >= MAX_TENANTS) this.#impatientUntilMs.clear();
        this.#impatientUntilMs.set(request.tenant, now + STREAMS_PATIENCE_MS);
        work.done(request, allIn(request, { reason: 'stream_limit', said: answer.said }));
        return;
      }
      retryAfterMs = STREAMS_LIMITED_RETRY_MS;
    } else {
      if (answer.by === 'stream') retryAfterMs = STREAM_LIMITED_RETRY_MS;
      else this.#pacer(request.tenant).limited(answer.bytesPerSecond, now);
      if (times % LIMITED_BEFORE_DIVIDING === 0 && requestWeight(request) > MIN_WEIGHT) {
        const smaller = divide(request);
        if (smaller) work.replace(request, smaller);
      }
    }
    const { address } = this.#opened().connection;
    throw new AgentError('SINK_LIMITED', `Loki at ${address} takes no more at present (${answer.said}).`, {
      remedy: 'It goes on as fast as Loki allows; raise the limits there if it falls behind for long.',
      retryable: true,
      retryAfterMs: answer.retryAfterMs ?? retryAfterMs,
    });
  }

  #pacer(tenant: string | undefined): Pacer {
    let pacer = this.#pacers.get(tenant);
    if (!pacer) {
      if (this.#pacers.size >= MAX_TENANTS) this.#pacers.clear();
      pacer = new Pacer();
      this.#pacers.set(tenant, pacer);
    }
    return pacer;
  }

  #tell({ result: { rejected }, examples, cut }: Work): void {
    const sink = this.name;
    const now = performance.now();
    for (const [reason, more] of rejected) {
      const lines = this.#told.add(reason, more, now);
      if (lines === undefined) continue;
      const example = printable(examples.get(reason) ?? '');
      this.#context.log.warn(
        { sink, reason, lines, example },
        `sink ${sink}: lines were rejected, for example of ${example}: ${explainRejection(reason)}`,
      );
    }
    const lines = cut > 0 ? this.#told.add('cut', cut, now) : undefined;
    if (lines === undefined) return;
    const limit = this.#config.maxLineBytes;
    this.#context.log.warn({ sink, lines }, `sink ${sink}: lines longer than ${limit} bytes were cut.`);
  }

  #opened(): { scope: Scope; connection: Connection } {
    if (!this.#scope || !this.#connection) throw new TypeError(`sink ${this.name} is not open`);
    return { scope: this.#scope, connection: this.#connection };
  }
}

function allIn(request: Request, words: Words): Verdicts {
  return allOf(entriesOf(request), words);
}

/** Of errors of requests at the same time, the one that is not to be missed: a person's work first, a limit last. */
function mostTelling(errors: readonly unknown[]): unknown {
  const isTrouble = (error: unknown): boolean =>
    !(error instanceof AgentError && error.code === 'SINK_LIMITED');
  const isHopeless = (error: unknown): boolean => !(error instanceof AgentError && error.retryable);
  return errors.find((error) => isTrouble(error) && isHopeless(error)) ?? errors.find(isTrouble) ?? errors[0];
}
