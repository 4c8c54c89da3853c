/**
 * Brings the journal's blocks to one sink: retry, circuit breaker, fairness, accounting and drain live here, once for
 * all sinks.
 *
 * Invariants:
 * - within a lane blocks are delivered in order, one delivery at a time; `sink.concurrency` lanes at once;
 * - a delivery that fails is tried again with the same blocks until it succeeds: nothing is dropped here. What the journal
 *   no longer has, and blocks that cannot be decoded, are counted and reported as gaps;
 * - the journal's cursor moves only after the sink has the lines;
 * - an idle reader moves no cursor, so that a quiet host commits nothing.
 */
import type { Journal, JournalCursor, Loss } from '../journal/types.js';
import type { Block, Cursor, Delivered, Sink } from '../pipeline/contract.js';
import { LANES, LIVE_LANES } from '../pipeline/streams.js';
import { Backoff } from '../runtime/backoff.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import type { Health } from '../telemetry/health.js';
import { Breaker } from './breaker.js';
import { Counts, type DeliveryState, type DeliveryStats } from './stats.js';
import { Turns } from './turns.js';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 30_000;
/** Between attempts at what needs a person: trying again costs little, and notices when it was repaired. */
const HOPELESS_RETRY_MS = 60_000;
const DRAIN_MS = 3_000;
const RETAINED_CHECK_MS = 5_000;

export interface DeliveryParts {
  readonly journal: Pick<Journal, 'openCursor' | 'waitCommitted' | 'stats'>;
  readonly sink: Sink;
  readonly log: Logger;
  readonly health: Health;
}

export class Delivery {
  readonly #journal: DeliveryParts['journal'];
  readonly #sink: Sink;
  readonly #log: Logger;
  readonly #health: Health;
  readonly #component: string;

  readonly #breaker = new Breaker();
  readonly #backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
  readonly #turns = new Turns();
  /** No time is left: whatever waits or is in flight ends. */
  readonly #stop = new AbortController();

  #cursor: JournalCursor | undefined;
  #done: number[] = [];
  /** Per lane: what was committed when it was last found empty. */
  readonly #emptyAt = new Float64Array(LANES).fill(-1);
  /** Per lane: seconds of the oldest line that may be waiting, 0 for none. */
  readonly #waitingSince = new Float64Array(LANES);
  #retained: Cursor | undefined;

  #state: DeliveryState = 'opening';
  #linesDelivered = 0;
  readonly #linesRejected = new Counts<string>();
  readonly #linesLost = new Counts<Loss['why']>();
  #gaps = 0;
  #lastError: string | undefined;

  constructor({ journal, sink, log, health }: DeliveryParts) {
    this.#journal = journal;
    this.#sink = sink;
    this.#log = log;
    this.#health = health;
    this.#component = `sink/${sink.name}`;
  }

  get stats(): DeliveryStats {
    return {
      state: this.#state,
      circuit: this.#breaker.state,
      linesDelivered: this.#linesDelivered,
      linesRejected: Object.fromEntries(this.#linesRejected),
      linesLost: Object.fromEntries(this.#linesLost),
      gaps: this.#gaps,
      lagSeconds: this.#lagSeconds(Date.now() / 1000),
      lastError: this.#lastError,
    };
  }

  /**
   * Delivers until the scope closes, then drains what is committed for at most 3 s and closes the sink. Once per object.
   * The sink outlives the draining: its scope is older than the task, so closing `scope` awaits the task first.
   */
  async run(scope: Scope): Promise<void> {
    const opened = await this.#openSink(scope);
    if (!opened) return;
    const cursor = this.#journal.openCursor(this.#sink.name, opened.own);
    this.#cursor = cursor;
    this.#done = [...cursor.value];
    this.#state = 'idle';
    if (scope.isClosing) await this.#finish(scope, cursor);
    else await scope.run(this.#component, () => this.#deliverAll(scope, opened.sinkScope, cursor));
  }

  async #openSink(scope: Scope): Promise<{ sinkScope: Scope; own: Cursor | undefined } | undefined> {
    while (!scope.isClosing) {
      const sinkScope = scope.child(this.#component);
      try {
        const own = await this.#sink.open(sinkScope);
        this.#succeeded();
        return { sinkScope, own };
      } catch (error) {
        if (!scope.isClosing) this.#failed(error);
        await sinkScope.close();
      }
      await scope.sleep(this.#breaker.waitMs(Date.now()));
    }
    return undefined;
  }

  async #deliverAll(scope: Scope, sinkScope: Scope, cursor: JournalCursor): Promise<void> {
    const onClosing = (): void => {
      if (!sinkScope.isClosing) sinkScope.timeout('drain', DRAIN_MS, () => this.#stop.abort());
    };
    const onAborted = (): void => this.#stop.abort();
    scope.closing.addEventListener('abort', onClosing, { once: true });
    scope.aborted.addEventListener('abort', onAborted, { once: true });
    sinkScope.interval('retained', RETAINED_CHECK_MS, () => {
      if (this.#sink.retained !== this.#retained) this.#advance(cursor);
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
      scope.closing.removeEventListener('abort', onClosing);
      scope.aborted.removeEventListener('abort', onAborted);
      await this.#finish(scope, cursor);
    }
  }

  async #work(scope: Scope, cursor: JournalCursor): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const lane = this.#turns.take((lane) => this.#journal.stats.committedLsn > this.#emptyAt[lane]);
      if (lane !== undefined) {
        const outcome = await this.#turn(scope, cursor, lane);
        this.#turns.release(lane, outcome === 'delivered');
        if (outcome === 'gave up') return;
      } else {
        if (scope.isClosing) return;
        if (this.#state === 'delivering') this.#state = 'idle';
        await this.#journal.waitCommitted(this.#journal.stats.committedLsn, scope.closing);
      }
    }
  }

  /** Reads a lane once and delivers what was there. Gives up only when closing. */
  async #turn(
    scope: Scope,
    cursor: JournalCursor,
    lane: number,
  ): Promise<'delivered' | 'nothing' | 'gave up'> {
    const committed = this.#journal.stats.committedLsn;
    let read: Awaited<ReturnType<JournalCursor['read']>>;
    try {
      read = await cursor.read(lane, this.#done[lane], this.#sink.maxRawBytes);
    } catch (error) {
      this.#failed(error);
      if (scope.isClosing) return 'gave up';
      await scope.sleep(this.#breaker.waitMs(Date.now()));
      return 'nothing';
    }
    for (const loss of read.losses) this.#lost(loss, lane);
    const { blocks, next } = read;
    if (blocks.length === 0) {
      this.#done[lane] = next;
      if (read.losses.length > 0) this.#advance(cursor);
      else {
        this.#emptyAt[lane] = committed;
        this.#waitingSince[lane] = 0;
      }
      return 'nothing';
    }
    this.#waitingSince[lane] = blocks[0].firstSeconds;
    const delivered = await this.#deliver(scope, lane, blocks, next);
    this.#waitingSince[lane] = blocks[blocks.length - 1].lastSeconds;
    this.#advance(cursor);
    return delivered ? 'delivered' : 'gave up';
  }

  /** Delivers `blocks`, however often it takes. False only when closing came first. */
  async #deliver(scope: Scope, lane: number, blocks: readonly Block[], next: number): Promise<boolean> {
    while (await this.#admitted(scope)) {
      try {
        this.#succeeded(await this.#sink.deliver(blocks, this.#done.with(lane, next), this.#stop.signal));
        this.#done[lane] = next;
        return true;
      } catch (error) {
        if (!(error instanceof AgentError && error.code === 'JOURNAL_DAMAGED')) this.#failed(error);
        else if (blocks.length > 1) return this.#deliverEach(scope, lane, blocks, next);
        else {
          // The sink works, the block does not: everything behind it must not wait for ever.
          this.#succeeded();
          const [{ lsn, nextLsn, lines }] = blocks;
          this.#lost({ why: 'damaged', lines, fromLsn: lsn, toLsn: nextLsn }, lane);
          this.#done[lane] = next;
          return true;
        }
      }
    }
    return false;
  }

  async #deliverEach(scope: Scope, lane: number, blocks: readonly Block[], next: number): Promise<boolean> {
    this.#succeeded();
    for (const [i, block] of blocks.entries()) {
      const blockNext = i === blocks.length - 1 ? next : block.nextLsn;
      if (!(await this.#deliver(scope, lane, [block], blockNext))) return false;
    }
    return true;
  }

  /** Waits until the breaker lets a delivery in; false when closing leaves no time for that. */
  async #admitted(scope: Scope): Promise<boolean> {
    while (!this.#stop.signal.aborted) {
      if (this.#breaker.enter(Date.now())) {
        this.#state = 'delivering';
        return true;
      }
      if (scope.isClosing) return false;
      await scope.sleep(this.#breaker.waitMs(Date.now()));
    }
    return false;
  }

  #advance(cursor: JournalCursor): void {
    this.#retained = this.#sink.retained;
    cursor.advance([...this.#done], this.#retained);
  }

  async #finish(scope: Scope, cursor: JournalCursor): Promise<void> {
    try {
      if (!scope.aborted.aborted) await this.#sink.close();
    } catch (error) {
      this.#log.warn({ code: codeOf(error) }, `${this.#component} did not close: ${describeError(error)}`);
    }
    this.#advance(cursor);
    cursor.close();
    this.#state = 'closed';
  }

  #succeeded(result?: Delivered): void {
    const failures = this.#breaker.failures;
    this.#breaker.succeeded();
    this.#backoff.reset();
    if (failures > 0) this.#log.info({ failures }, `${this.#component} works again.`);
    this.#lastError = undefined;
    this.#health.set(this.#component, 'healthy');
    if (!result) return;
    this.#linesDelivered += result.delivered;
    for (const [reason, lines] of result.rejected) this.#linesRejected.add(reason, lines);
  }

  #failed(error: unknown): void {
    const retryable = error instanceof AgentError && error.retryable;
    const delayMs = retryable ? this.#backoff.next() : HOPELESS_RETRY_MS;
    this.#breaker.failed(Date.now(), delayMs);
    this.#state = this.#cursor ? 'retrying' : 'opening';
    const sentence = describeError(error);
    // An outage is one message and a health state, not one message an attempt.
    if (sentence !== this.#lastError) {
      const level = retryable ? 'warn' : 'error';
      this.#log[level]({ code: codeOf(error), retryInMs: Math.round(delayMs) }, sentence);
    }
    this.#lastError = sentence;
    // Never `unhealthy`: a restart would mend nothing here.
    this.#health.set(this.#component, 'degraded', sentence);
  }

  #lost(loss: Loss, lane: number): void {
    this.#gaps++;
    this.#linesLost.add(loss.why, loss.lines);
    const why =
      loss.why === 'cap'
        ? 'the journal reached its size limit, or was deleted, before they were delivered'
        : 'their place in the journal is damaged';
    const lines =
      loss.lines > 0 ? `${loss.lines} lines are lost` : 'an unknown number of lines, maybe none, is lost';
    this.#log.warn({ ...loss, lane }, `${this.#component} has a gap: ${lines}: ${why}.`);
  }

  #lagSeconds(now: number): number {
    let oldest = now;
    for (let lane = 0; lane < LIVE_LANES; lane++) {
      if (this.#waitingSince[lane] > 0) oldest = Math.min(oldest, this.#waitingSince[lane]);
    }
    return now - oldest;
  }
}

function codeOf(error: unknown): string {
  return error instanceof AgentError ? error.code : 'INTERNAL';
}
