/**
 * Brings the journal's blocks to one sink: retry, circuit breaker, fairness, accounting and drain live here, once for
 * all sinks.
 *
 * Invariants:
 * - within a lane blocks are delivered in order, one delivery at a time; `sink.concurrency` lanes at once;
 * - a delivery that fails is tried again with the same blocks until it succeeds: nothing is dropped here. What the journal
 *   no longer has, and blocks that cannot be decoded, are counted and reported as gaps, in the moment in which they go;
 * - a lane that fails while the sink takes others is left alone for a while, as one that cannot be read: the others go on;
 * - a sink that takes less than it is given (SINK_LIMITED) is no failure: that lane waits, the others go on;
 * - what `match` does not want is passed over, and counted. Every line committed to the journal while the sink is open is
 *   delivered, rejected, lost, passed over or pending: each is counted on its own, and they change together;
 * - the journal's cursor moves only after the sink has the lines;
 * - an idle reader moves no cursor, so that a quiet host commits nothing.
 */
import { setMaxListeners } from 'node:events';
import type { Journal, JournalCursor, Loss } from '../journal/types.js';
import type { Block, Cursor, Delivered, Refused, Sink } from '../pipeline/contract.js';
import type { Gap } from '../pipeline/gaps.js';
import type { Matcher } from '../pipeline/match.js';
import { LANES, LIVE_LANES } from '../pipeline/streams.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import { sinkDelivery } from '../runtime/probes.js';
import type { Scope } from '../runtime/scope.js';
import type { Health } from '../telemetry/health.js';
import { Condition, codeOf } from './condition.js';
import type { DeadLetters } from './dead-letters/store.js';
import { gapsOf } from './gaps.js';
import { Lanes } from './lanes.js';
import { Ledger, type SinkTotals } from './ledger.js';
import { Selection } from './selection.js';
import type { DeliveryState, DeliveryStats } from './stats.js';
import { takeStock } from './stock.js';
import { Turns } from './turns.js';
import { divide, type Work, workOf } from './work.js';

const DRAIN_MS = 3_000;
const CHECK_MS = 5_000;
const QUEUE_POLL_MS = 50;

export interface DeliveryParts {
  readonly journal: Pick<
    Journal,
    | 'openCursor'
    | 'waitCommitted'
    | 'committedRawBytes'
    | 'stats'
    | 'count'
    | 'total'
    | 'totals'
    | 'linesGone'
  >;
  readonly sink: Sink;
  /** Which streams the sink is for; undefined: all. */
  readonly match?: Matcher | undefined;
  readonly log: Logger;
  readonly health: Health;
  /** Hears of what the sink loses, for each container. */
  readonly onGap?: (gap: Gap) => void;
  /** Keeps the lines that the sink refuses; undefined where they are only counted. */
  readonly deadLetters?: Pick<DeadLetters, 'keep'> | undefined;
}

/** `limited` and `failed`: the sink has not got it, the lane keeps it in hand. */
type Outcome = 'delivered' | 'nothing' | 'limited' | 'failed' | 'gave up';

export class Delivery {
  readonly #journal: DeliveryParts['journal'];
  readonly #sink: Sink;
  readonly #deadLetters: DeliveryParts['deadLetters'];
  readonly #log: Logger;
  readonly #component: string;

  readonly #condition: Condition;
  readonly #ledger: Ledger;
  readonly #turns = new Turns();
  readonly #lanes: Lanes;
  readonly #selection: Selection;
  /** No time is left: whatever waits or is in flight ends. */
  readonly #stop = new AbortController();

  #cursor: JournalCursor | undefined;
  #done: number[] = [];
  /** Per lane: what the sink did not take for now, to be given to it again. */
  readonly #inHand: (Work | undefined)[] = [];
  /** Wakes the workers that found nothing to do. */
  readonly #resting = new Set<() => void>();
  /** Per lane: seconds of the oldest line that may be waiting, 0 for none. */
  readonly #waitingSince = new Float64Array(LANES);
  #retained: Cursor | undefined;
  /** Lanes that wait for the breaker, first come, first served: one that always fails must not be the only one tried. */
  readonly #waiting: number[] = [];
  /** Deliveries that the sink took; and per lane how many there were when its last one failed. */
  #taken = 0;
  readonly #takenAtFailure: (number | undefined)[] = [];
  /** When the sink was last told a cursor, in milliseconds. */
  #toldAt = 0;

  #isClosed = false;
  #inFlight = 0;

  constructor({ journal, sink, match, log, health, deadLetters, onGap }: DeliveryParts) {
    // Each request of each lane listens.
    setMaxListeners(0, this.#stop.signal);
    this.#journal = journal;
    this.#sink = sink;
    this.#deadLetters = deadLetters;
    this.#lanes = new Lanes(journal, sink);
    this.#selection = new Selection(match);
    this.#log = log;
    this.#component = `sink/${sink.name}`;
    this.#condition = new Condition(this.#component, log, health);
    this.#ledger = new Ledger(this.#component, journal, log, (losses) => {
      const gaps = gapsOf(sink.name, losses, (labels) => this.#selection.wants(labels));
      for (const gap of gaps) onGap?.(gap);
    });
  }

  get stats(): DeliveryStats {
    return {
      state: this.#state,
      circuit: this.#condition.breaker.state,
      ...this.#ledger.figures,
      linesPending: this.#cursor?.pendingLines() ?? 0,
      bytesPending: this.#cursor?.pendingBytes() ?? 0,
      lagSeconds: this.#lagSeconds(Date.now() / 1000),
      lastError: this.#condition.lastError,
    };
  }

  /** Over restarts; pending is undefined until the sink is open. */
  get balance(): { readonly totals: SinkTotals; readonly pending: number | undefined } {
    return { totals: this.#ledger.totals, pending: this.#cursor?.pendingLines() };
  }

  get #state(): DeliveryState {
    if (this.#isClosed) return 'closed';
    if (!this.#cursor) return 'opening';
    if (this.#condition.breaker.failures > 0) return 'retrying';
    if (this.#inFlight > 0) return 'delivering';
    return this.#lanes.isLimited(performance.now()) ? 'limited' : 'idle';
  }

  /**
   * Delivers until the scope closes, then drains what is committed for at most 3 s and closes the sink. Once per object.
   * The sink outlives the draining: its scope is older than the task, so closing `scope` awaits the task first.
   */
  async run(scope: Scope): Promise<void> {
    const opened = await this.#openSink(scope);
    if (!opened) return;
    const cursor = this.#journal.openCursor(this.#sink.name, opened.own, (losses) => {
      this.#ledger.removed(losses);
      this.#condition.lost();
    });
    if (await this.#takeStock(scope, cursor)) {
      this.#cursor = cursor;
      this.#done = [...cursor.value];
    }
    if (scope.isClosing) await this.#finish(scope, cursor);
    else await scope.run(this.#component, () => this.#deliverAll(scope, opened.sinkScope, cursor));
  }

  async #openSink(scope: Scope): Promise<{ sinkScope: Scope; own: Cursor | undefined } | undefined> {
    while (!scope.isClosing) {
      const sinkScope = scope.child(this.#component);
      try {
        const own = await this.#sink.open(sinkScope);
        this.#condition.works();
        return { sinkScope, own };
      } catch (error) {
        if (!scope.isClosing) this.#condition.failed(error);
        await sinkScope.close();
      }
      await scope.sleep(this.#condition.breaker.waitMs(performance.now()));
    }
    return undefined;
  }

  /**
   * Brings totals and pending lines to where the cursor is. Only a machine that is short of something hinders it, and that
   * passes. False where the scope closes before.
   */
  async #takeStock(scope: Scope, cursor: JournalCursor): Promise<boolean> {
    const parts = {
      journal: this.#journal,
      ledger: this.#ledger,
      selection: this.#selection,
      retained: this.#sink.retained,
    };
    let isTaken = false;
    while (!scope.isClosing) {
      try {
        if (!isTaken) await takeStock(parts, cursor);
        isTaken = true;
        await cursor.locate((lane) => this.#ledger.takenOf(lane));
        return true;
      } catch (error) {
        this.#log.warn({ err: error }, `${this.#component} cannot be opened yet: ${describeError(error)}`);
        await scope.sleep(CHECK_MS);
      }
    }
    return false;
  }

  async #deliverAll(scope: Scope, sinkScope: Scope, cursor: JournalCursor): Promise<void> {
    const onClosing = (): void => {
      if (!sinkScope.isClosing) sinkScope.timeout('drain', DRAIN_MS, () => this.#stop.abort());
    };
    const closing = scope.onClosing('drain', onClosing);
    const aborted = scope.onAborted('end of the drain', () => this.#stop.abort());
    sinkScope.interval('check', CHECK_MS, () => {
      if (this.#sink.retained !== this.#retained) this.#advance(cursor);
      this.#condition.observe(cursor.pendingBytes(), this.#journal.stats.capacity);
    });
    try {
      const worker = async (): Promise<void> => {
        try {
          await this.#work(scope, cursor);
        } catch (error) {
          this.#stop.abort();
          throw error;
        }
      };
      const outcomes = await Promise.allSettled(Array.from({ length: this.#sink.concurrency }, worker));
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure) throw failure.reason;
    } finally {
      await closing.release();
      await aborted.release();
      await this.#finish(scope, cursor);
    }
  }

  async #work(scope: Scope, cursor: JournalCursor): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const now = performance.now();
      const lane = this.#turns.take((lane) => this.#lanes.waitMs(lane, now, scope.isClosing) <= 0);
      if (lane === undefined) {
        if (scope.isClosing) return;
        await this.#rest(scope, now);
        continue;
      }
      const outcome = await this.#turn(scope, cursor, lane);
      // The lane stays taken: what was read of it and not delivered must not be passed by the cursor.
      if (outcome === 'gave up') return;
      this.#turns.release(lane, outcome === 'delivered' || outcome === 'failed');
    }
  }

  /** Until something is committed, a lane's time has come, or the scope closes. */
  async #rest(scope: Scope, now: number): Promise<void> {
    let ms = Number.POSITIVE_INFINITY;
    for (let lane = 0; lane < LANES; lane++)
      if (!this.#turns.isTaken(lane)) ms = Math.min(ms, this.#lanes.waitMs(lane, now, false));
    const waking = new AbortController();
    const wake = (): void => waking.abort();
    const timer = Number.isFinite(ms) ? scope.timeout('lane wait', ms, wake) : undefined;
    const closing = scope.onClosing('rest', wake);
    this.#resting.add(wake);
    await this.#journal.waitCommitted(this.#journal.stats.committedLsn, waking.signal);
    this.#resting.delete(wake);
    await closing.release();
    await timer?.release();
  }

  /** Takes what is in hand of a lane, or reads it once, and delivers that. Gives up only when closing. */
  async #turn(scope: Scope, cursor: JournalCursor, lane: number): Promise<Outcome> {
    let work = this.#inHand[lane];
    this.#inHand[lane] = undefined;
    try {
      work ??= await this.#read(cursor, lane);
    } catch (error) {
      this.#condition.unreadable(error, lane);
      this.#leaveAlone(lane, 0);
      return 'nothing';
    }
    this.#condition.readable(lane);
    if (!work) return 'nothing';
    const { blocks, isLast } = work;
    if (blocks.length === 0 && !this.#wantsCursor) {
      this.#move(cursor, lane, work);
      return 'nothing';
    }
    this.#waitingSince[lane] = blocks[0]?.firstSeconds ?? 0;
    const outcome = await this.#deliver(scope, cursor, lane, work);
    if (outcome === 'delivered') this.#waitingSince[lane] = isLast ? 0 : (blocks.at(-1)?.lastSeconds ?? 0);
    if (outcome === 'limited' || outcome === 'failed') this.#inHand[lane] = work;
    return outcome;
  }

  /** Undefined where there is nothing, or nothing but losses, which are told. */
  async #read(cursor: JournalCursor, lane: number): Promise<Work | undefined> {
    const rawBytes = this.#journal.committedRawBytes(lane);
    const committed = this.#journal.stats.committedLsn;
    const read = await cursor.read(lane, this.#done[lane], this.#sink.maxRawBytes);
    const { blocks, next, losses } = read;
    const isLast = next >= committed || (blocks.length === 0 && losses.length === 0);
    const work = blocks.length > 0 ? workOf(read, this.#selection, isLast) : undefined;
    if (isLast) this.#lanes.emptied(lane, rawBytes);
    else this.#lanes.mayHaveMore(lane);
    if (!work) {
      this.#done[lane] = next;
      this.#waitingSince[lane] = 0;
      if (losses.length > 0) {
        this.#lose(lane, losses);
        this.#advance(cursor);
      }
    }
    return work;
  }

  /** A sink that keeps its own cursor must hear from time to time how far it was passed over, or it is read again. */
  get #wantsCursor(): boolean {
    return this.#sink.retained !== undefined && performance.now() - this.#toldAt >= CHECK_MS;
  }

  /** Tries the work once. Gives up only when closing; what the sink does not take stays in `work`. */
  async #deliver(scope: Scope, cursor: JournalCursor, lane: number, work: Work): Promise<Outcome> {
    const attempt = await this.#admitted(scope, lane);
    if (attempt === undefined) return 'gave up';
    try {
      const result = await this.#attempt(work.blocks, this.#done.with(lane, work.next));
      this.#taken++;
      this.#takenAtFailure[lane] = undefined;
      this.#lanes.delivered(lane);
      this.#condition.delivered(lane);
      // What is refused for good must be safe before the cursor passes it.
      if (result.refused && !(await this.#keep(result.refused))) return 'gave up';
      this.#ledger.delivered(result);
      this.#condition.settled(result);
      this.#toldAt = performance.now();
      this.#move(cursor, lane, work);
      return 'delivered';
    } catch (error) {
      const code = codeOf(error);
      if (code === 'SINK_LIMITED') {
        const delayMs = this.#leaveAlone(lane, (error as AgentError).retryAfterMs ?? 0);
        this.#condition.limited(error, lane, delayMs);
        return 'limited';
      }
      if (code !== 'JOURNAL_DAMAGED') return this.#failed(error, lane, attempt);
      // The sink works, a block does not: everything behind it must not wait for ever.
      this.#condition.works();
      if (work.blocks.length > 1) return this.#deliverEach(scope, cursor, lane, work);
      work.damaged = [...work.damaged, ...work.blocks];
      this.#move(cursor, lane, work);
      return 'delivered';
    }
  }

  /** False where the end comes before that is settled. */
  async #keep(refused: readonly Refused[]): Promise<boolean> {
    return (await this.#deadLetters?.keep(this.#sink.name, refused, this.#stop.signal)) ?? true;
  }

  /**
   * Gives the sink lines once more that it refused. Throws as its `deliver`, and SINK_UNREACHABLE where it is not open, or has
   * no such thing. One call at a time.
   */
  async redrive(blocks: readonly Block[]): Promise<Delivered> {
    if (!this.#sink.redrive || !this.#cursor || this.#isClosed)
      throw new AgentError('SINK_UNREACHABLE', `${this.#component} takes nothing at present.`, {
        retryable: true,
      });
    const result = await this.#sink.redrive(blocks, this.#stop.signal);
    this.#ledger.redriven(result.delivered);
    return result;
  }

  /** The sink took others since the lane failed before: it is not the sink that fails, but what the lane has for it. */
  #failed(error: unknown, lane: number, attempt: number): Outcome {
    const takenBefore = this.#takenAtFailure[lane] ?? this.#taken;
    this.#takenAtFailure[lane] = this.#taken;
    if (takenBefore < this.#taken || this.#condition.isAlone(lane)) {
      this.#condition.failedAlone(error, lane, attempt);
      this.#leaveAlone(lane, this.#condition.laneDelayMs(error));
      return 'limited';
    }
    this.#condition.failed(error, attempt);
    this.#lanes.mayHaveMore(lane);
    return 'failed';
  }

  async #deliverEach(scope: Scope, cursor: JournalCursor, lane: number, work: Work): Promise<Outcome> {
    while (work.blocks.length > 1) {
      const [first, rest] = divide(work);
      const outcome = await this.#deliver(scope, cursor, lane, first);
      if (outcome !== 'delivered') return outcome;
      Object.assign(work, rest);
    }
    return this.#deliver(scope, cursor, lane, work);
  }

  async #attempt(blocks: readonly Block[], cursor: Cursor): Promise<Delivered> {
    const begun = performance.now();
    this.#inFlight++;
    try {
      const onTaken = (): void => this.#condition.took();
      return await this.#sink.deliver(blocks, cursor, this.#stop.signal, onTaken);
    } finally {
      this.#inFlight--;
      if (sinkDelivery.hasSubscribers)
        sinkDelivery.publish({ sink: this.#sink.name, seconds: (performance.now() - begun) / 1000 });
    }
  }

  /** Those that have not failed themselves come before those that have. */
  get #nextWaiting(): number | undefined {
    return this.#waiting.find((lane) => this.#takenAtFailure[lane] === undefined) ?? this.#waiting[0];
  }

  /** Waits until the breaker lets a delivery in, and answers its number; undefined when closing leaves no time for that. */
  async #admitted(scope: Scope, lane: number): Promise<number | undefined> {
    const { breaker } = this.#condition;
    this.#waiting.push(lane);
    try {
      while (!this.#stop.signal.aborted) {
        const isNext = breaker.failures === 0 || this.#nextWaiting === lane;
        const attempt = isNext ? breaker.enter(performance.now()) : undefined;
        if (attempt !== undefined) return attempt;
        if (scope.isClosing) return undefined;
        await scope.sleep(Math.max(breaker.waitMs(performance.now()), isNext ? 0 : QUEUE_POLL_MS));
      }
      return undefined;
    } finally {
      this.#waiting.splice(this.#waiting.indexOf(lane), 1);
    }
  }

  /** The work is done: all of it is counted in the moment in which it is no longer pending. */
  #move(cursor: JournalCursor, lane: number, { next, read, passedOver, damaged, losses }: Work): void {
    this.#done[lane] = next;
    for (const { lines } of read) this.#ledger.taken(lane, lines);
    this.#lose(lane, losses);
    for (const { lines } of passedOver) this.#ledger.passedOver(lines);
    for (const block of damaged) this.#lostBlock(block);
    this.#advance(cursor);
  }

  #advance(cursor: JournalCursor): void {
    // Lanes without lines go along, or the journal would keep for them what they do not need.
    for (let lane = 0; lane < LANES; lane++)
      if (!this.#turns.isTaken(lane) && this.#lanes.isEmpty(lane))
        this.#done[lane] = Math.max(this.#done[lane], this.#journal.stats.committedLsn);
    this.#retained = this.#sink.retained;
    cursor.advance([...this.#done], this.#retained);
  }

  async #finish(scope: Scope, cursor: JournalCursor): Promise<void> {
    try {
      if (!scope.aborted.aborted) await this.#sink.close();
    } catch (error) {
      this.#log.warn({ code: codeOf(error) }, `${this.#component} did not close: ${describeError(error)}`);
    }
    // A cursor is stored with the totals that belong to it, or not at all.
    if (this.#cursor) this.#advance(cursor);
    cursor.close();
    this.#isClosed = true;
  }

  /** The lane is left alone for a while; answers how long. */
  #leaveAlone(lane: number, atLeastMs: number): number {
    const delayMs = this.#lanes.limit(lane, performance.now(), atLeastMs);
    // They do not know of this lane's time.
    for (const wake of this.#resting) wake();
    return delayMs;
  }

  #lose(lane: number, losses: readonly Loss[]): void {
    for (const loss of losses) {
      this.#ledger.taken(lane, loss.lines);
      this.#ledger.lost(loss, lane);
    }
  }

  #lostBlock({ lsn, nextLsn, lines, lane, streams, firstSeconds, lastSeconds }: Block): void {
    const whose = { streams, firstSeconds, lastSeconds };
    this.#ledger.lost({ why: 'damaged', lines, fromLsn: lsn, toLsn: nextLsn, ...whose }, lane);
  }

  #lagSeconds(now: number): number {
    let oldest = now;
    for (let lane = 0; lane < LIVE_LANES; lane++) {
      if (this.#waitingSince[lane] > 0) oldest = Math.min(oldest, this.#waitingSince[lane]);
    }
    return now - oldest;
  }
}
