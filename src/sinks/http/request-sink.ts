/**
 * A sink whose server takes requests of lines over HTTP. What a server wants of a request, and what its answers mean, is its
 * `Protocol`; the way there, progress, division, rejection and what people are told are here, once for all of them.
 *
 * One request a lane is under way, so order holds by stream. Within this object nothing that was acknowledged is sent again;
 * a request whose answer got lost is, and so is, at a kill, what was under way or acknowledged since the last commit: at
 * least once, where the server does not know a line again.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LoginConfig, RequestSinkConfig } from '../../config/types.js';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { LANES } from '../../pipeline/streams.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { pause } from '../pause.js';
import { probedRequest } from '../probed-request.js';
import { explainRejection } from '../rejections.js';
import { ToldLines } from '../told-lines.js';
import { redriven, Unfinished } from '../unfinished.js';
import type { Answer, Asked } from './answer.js';
import { Connection, type Target } from './connection.js';
import { bytesOf, Decoder, linesOf, type Request, rowsOf } from './lines.js';
import type { Received } from './reply.js';
import { Work } from './work.js';

const NOTHING: Delivered = { delivered: 0, rejected: new Map() };
const MIN_REQUEST_BYTES = 64 * 1024;
/** Bodies are made for the wire of a moment: what more costs in processor it does not save in bytes. */
const compress = promisify(gzip);
const GZIP = { level: 3 };
const GZIPPED = { 'content-encoding': 'gzip' };
const NOT_ENCODED = {};

/** A request, as a protocol brings it to an answer. */
export interface Exchange extends Asked {
  /** Its lines. */
  readonly count: number;
  readonly signal: AbortSignal;
  /** Sends it. Throws as `Connection.post`. */
  send(): Promise<Received>;
  /** Asks something else of the same server. */
  ask(path: string, body: Buffer): Promise<Received>;
  /** Resolves after `ms`, or at once when the agent has no time left: look at `signal` afterwards. */
  pause(ms: number): Promise<void>;
}

/** What one kind of server wants. */
export interface Protocol {
  /** What it is for people: `Splunk`. */
  readonly who: string;
  readonly url: URL;
  /** Of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is read of an answer; undefined: as much as people are shown. */
  readonly maxBodyBytes?: number;
  /** The body of a request with these rows of a block. Bodies of several blocks are put one behind the other. */
  encode(lines: BlockLines, rows: readonly number[], block: Block): Buffer;
  /** Sends a request, and says what became of its lines. */
  exchange(exchange: Exchange): Promise<Answer>;
}

export class RequestSink implements Sink {
  readonly name: string;
  readonly concurrency = LANES;
  readonly maxRawBytes: number;
  readonly batchWaitMs: number;
  readonly retained = undefined;
  readonly #config: RequestSinkConfig & LoginConfig;
  readonly #protocol: Protocol;
  readonly #log: Logger;
  readonly #decoder = new Decoder();
  readonly #told = new ToldLines();
  readonly #unfinished = new Unfinished<Work>();
  #scope: Scope | undefined;
  #connection: Connection | undefined;
  /** Raw bytes of a request: less, once the server has found one too large. */
  #maxRequestBytes = Number.POSITIVE_INFINITY;
  /** Requests that the server took. */
  #accepted = 0;

  constructor(name: string, config: RequestSinkConfig & LoginConfig, protocol: Protocol, log: Logger) {
    this.name = name;
    this.maxRawBytes = config.batchBytes;
    this.batchWaitMs = config.batchWaitMs;
    this.#config = config;
    this.#protocol = protocol;
    this.#log = log;
  }

  /** Resolves at once: the server need not be there. */
  async open(scope: Scope): Promise<undefined> {
    const { who, url, headers, maxBodyBytes } = this.#protocol;
    const target: Target = {
      who,
      url,
      headers,
      // One for redriven lines.
      connections: LANES + 1,
      ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    };
    this.#scope = scope;
    this.#connection = new Connection(target, this.#config, scope, process.env);
  }

  /**
   * Throws SINK_UNREACHABLE and SINK_TROUBLE, retryable; SINK_LIMITED; SINK_REFUSED where a person must do something;
   * SECRET_UNREADABLE; JOURNAL_DAMAGED where a block cannot be decoded.
   */
  async deliver(
    blocks: readonly Block[],
    _cursor: Cursor,
    signal: AbortSignal,
    onTaken?: () => void,
  ): Promise<Delivered> {
    if (blocks.length === 0) return NOTHING;
    const [{ lane }] = blocks;
    const work = this.#unfinished.workOn(blocks, () => new Work(blocks));
    try {
      for (;;) {
        const request = work.next(this.#maxRequestBytes);
        if (!request) break;
        const answer = await this.#exchange(request, signal);
        this.#settle(work, request, answer, onTaken);
      }
    } catch (error) {
      // The good blocks come again one by one.
      if (error instanceof AgentError && error.code === 'JOURNAL_DAMAGED') this.#unfinished.forget(lane);
      throw error;
    }
    this.#unfinished.forget(lane);
    this.#tell(work);
    return work.result;
  }

  redrive(blocks: readonly Block[], signal: AbortSignal): Promise<Delivered> {
    return this.deliver(redriven(blocks), [], signal);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async #exchange(request: Request, signal: AbortSignal): Promise<Answer> {
    const { scope, connection } = this.#opened();
    const body = await this.#bodyOf(request);
    const encoding = this.#config.gzip ? GZIPPED : NOT_ENCODED;
    return probedRequest(this.name, (answered) =>
      this.#protocol.exchange({
        who: this.#protocol.who,
        where: connection.address,
        count: linesOf(request),
        signal,
        send: async () => {
          const reply = await connection.post(body, encoding, signal);
          answered(reply.status);
          return reply;
        },
        ask: (path, body) => connection.post(body, NOT_ENCODED, signal, path),
        pause: (ms) => pause(scope, ms, signal),
      }),
    );
  }

  /** Blocks one by one, so that other work comes in between. */
  async #bodyOf(request: Request): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (const piece of request) {
      if (parts.length > 0) await new Promise(setImmediate);
      // Another lane decodes in between: nothing of the columns outlives the step.
      parts.push(this.#protocol.encode(this.#decoder.decode(piece.block), rowsOf(piece), piece.block));
    }
    const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    return this.#config.gzip ? compress(body, GZIP) : body;
  }

  /** Makes of an answer what it means for the work. Throws where it cannot go on now. */
  #settle(work: Work, request: Request, answer: Answer, onTaken?: () => void): void {
    const took = (): void => {
      this.#accepted++;
      onTaken?.();
    };
    switch (answer.kind) {
      case 'accepted':
        work.done();
        took();
        break;
      case 'partly': {
        const { refused, again, error } = answer;
        work.partlyDone(refused, again);
        if (refused.size + again.length < linesOf(request)) took();
        if (error) throw error;
        break;
      }
      case 'some refused':
        work.doneBut(answer.count, answer.words);
        took();
        break;
      case 'too large':
        // Smaller from now on: whatever stands there will not have changed its mind.
        this.#maxRequestBytes = Math.max(
          MIN_REQUEST_BYTES,
          Math.min(this.#maxRequestBytes, bytesOf(request) / 2),
        );
        work.tooLarge({ reason: 'too_large', said: answer.said });
        break;
      case 'refused':
        work.doubt({ reason: 'refused', said: answer.said }, this.#accepted);
        if (work.isHopeless(this.#accepted)) throw answer.error;
        break;
      case 'failed':
        throw answer.error;
    }
  }

  #tell({ result: { rejected }, examples }: Work): void {
    const sink = this.name;
    for (const [reason, more] of rejected) {
      const lines = this.#told.add(reason, more, performance.now());
      if (lines === undefined) continue;
      const said = examples.get(reason) ?? '';
      this.#log.warn(
        { sink, reason, lines, said },
        `sink ${sink}: lines were rejected${said === '' ? '' : ` (${said})`}: ${explainRejection(reason)}`,
      );
    }
  }

  #opened(): { scope: Scope; connection: Connection } {
    if (!this.#scope || !this.#connection) throw new TypeError(`sink ${this.name} is not open`);
    return { scope: this.#scope, connection: this.#connection };
  }
}
