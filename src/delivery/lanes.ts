/**
 * When each lane is to be served: at once while it may have more than was read; else once something was committed to it,
 * and that has waited long enough for more, or is enough for a whole delivery; never before the sink wants it again.
 */
import type { Journal } from '../journal/types.js';
import type { Sink } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { Backoff } from '../runtime/backoff.js';

const LIMITED_MIN_MS = 200;
const LIMITED_MAX_MS = 10_000;
const MAY_HAVE_MORE = -1;
const NOTHING = -1;

export class Lanes {
  readonly #journal: Pick<Journal, 'committedRawBytes'>;
  readonly #sink: Pick<Sink, 'batchWaitMs' | 'maxRawBytes'>;
  /** `committedRawBytes` as it was when all of the lane was read. */
  readonly #emptyAt = new Float64Array(LANES).fill(MAY_HAVE_MORE);
  /** When it was first seen that something waits. */
  readonly #waitingSince = new Float64Array(LANES).fill(NOTHING);
  readonly #limitedUntil = new Float64Array(LANES);
  readonly #backoffs = Array.from({ length: LANES }, () => new Backoff(LIMITED_MIN_MS, LIMITED_MAX_MS));

  constructor(journal: Pick<Journal, 'committedRawBytes'>, sink: Pick<Sink, 'batchWaitMs' | 'maxRawBytes'>) {
    this.#journal = journal;
    this.#sink = sink;
  }

  /** Whole milliseconds from `now` until the lane is to be served; Infinity while there is nothing. When closing, now or never. */
  waitMs(lane: number, now: number, isClosing: boolean): number {
    const limitedMs = Math.ceil(this.#limitedUntil[lane] - now);
    if (limitedMs > 0) return isClosing ? Number.POSITIVE_INFINITY : limitedMs;
    if (this.#emptyAt[lane] === MAY_HAVE_MORE) return 0;
    const waiting = this.#journal.committedRawBytes(lane) - this.#emptyAt[lane];
    if (waiting <= 0) return Number.POSITIVE_INFINITY;
    if (isClosing || waiting >= this.#sink.maxRawBytes) return 0;
    if (this.#waitingSince[lane] === NOTHING) this.#waitingSince[lane] = now;
    return Math.max(0, Math.ceil(this.#waitingSince[lane] + this.#sink.batchWaitMs - now));
  }

  /** All of the lane was read that was there when `committedRawBytes` was this. */
  emptied(lane: number, committedRawBytes: number): void {
    this.#emptyAt[lane] = committedRawBytes;
    this.#waitingSince[lane] = NOTHING;
  }

  mayHaveMore(lane: number): void {
    this.#emptyAt[lane] = MAY_HAVE_MORE;
    this.#waitingSince[lane] = NOTHING;
  }

  /** Nothing of the lane is committed that was not read. */
  isEmpty(lane: number): boolean {
    return this.#emptyAt[lane] === this.#journal.committedRawBytes(lane);
  }

  /** The sink does not take for now what was read of the lane. Answers how long it is left alone, in milliseconds. */
  limit(lane: number, now: number, retryAfterMs: number): number {
    this.mayHaveMore(lane);
    const delayMs = Math.max(retryAfterMs, this.#backoffs[lane].next());
    this.#limitedUntil[lane] = now + delayMs;
    return delayMs;
  }

  isLimited(now: number): boolean {
    return this.#limitedUntil.some((until) => until > now);
  }

  delivered(lane: number): void {
    this.#backoffs[lane].reset();
    this.#limitedUntil[lane] = 0;
  }
}
