/**
 * How fast to send to a tenant that Loki limits. No limit is known before the first 429; from then on a bucket of bytes fills at
 * a rate a little below what Loki allows:
 *
 *   429      the rate falls: below what Loki told, and by a seventh where that was not enough
 *   success  it grows by 2 % a second: up to what Loki told, and a minute after the last 429 beyond it, for limits change
 *
 * Whoever sends takes its bytes from the bucket, if need be into debt. Old lines wait until there is none, live ones
 * only where it is more than they can have made by themselves in a moment: so live lines pass at once.
 */
const SHARE_OF_LIMIT = 0.92;
const DECREASE = 0.86;
const INCREASE_PER_SECOND = 1.02;
/** 429s of requests that were under way together count once. */
const SAME_EVENT_MS = 1_000;
const PROBE_AFTER_MS = 60_000;
/** What Loki's own bucket is left to fill for after a 429. */
const REST_SECONDS = 0.5;
const BURST_SECONDS = 0.25;
const LIVE_DEBT_SECONDS = 1;
/** Loki's default, where it does not tell. */
const DEFAULT_LIMIT = 4 * 1024 * 1024;
const MIN_RATE = 64 * 1024;
/** A limit that has not been met up to here is none. */
const MAX_RATE = 1024 ** 3;

export class Pacer {
  /** Bytes a second; undefined while no limit is known. */
  #rate: number | undefined;
  #ceiling = Number.POSITIVE_INFINITY;
  #tokens = 0;
  #atMs = 0;
  #limitedMs = Number.NEGATIVE_INFINITY;

  get bytesPerSecond(): number | undefined {
    return this.#rate;
  }

  /** How long to wait before sending. */
  waitMs(isLive: boolean, nowMs: number): number {
    const rate = this.#refill(nowMs);
    if (rate === undefined) return 0;
    const debt = -this.#tokens - (isLive ? LIVE_DEBT_SECONDS * rate : 0);
    return debt > 0 ? Math.ceil((debt / rate) * 1000) : 0;
  }

  /** `bytes` are sent. */
  take(bytes: number, nowMs: number): void {
    if (this.#refill(nowMs) !== undefined) this.#tokens -= bytes;
  }

  /** Loki answered 429, and perhaps told its limit. */
  limited(limit: number | undefined, nowMs: number): void {
    const rate = this.#refill(nowMs);
    const isNew = nowMs - this.#limitedMs > SAME_EVENT_MS;
    if (limit !== undefined) this.#ceiling = limit * SHARE_OF_LIMIT;
    const start = limit === undefined ? DEFAULT_LIMIT * SHARE_OF_LIMIT : this.#ceiling;
    const lower = rate === undefined ? start : isNew ? rate * DECREASE : rate;
    const slower = Math.max(MIN_RATE, Math.min(lower, this.#ceiling));
    this.#rate = slower;
    if (!isNew) return;
    this.#limitedMs = nowMs;
    this.#tokens = Math.min(this.#tokens, 0) - slower * REST_SECONDS;
  }

  #refill(nowMs: number): number | undefined {
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    if (this.#rate === undefined) return undefined;
    const grown = Math.min(MAX_RATE, this.#rate * INCREASE_PER_SECOND ** seconds);
    const isProbing = nowMs - this.#limitedMs > PROBE_AFTER_MS;
    const rate = isProbing ? grown : Math.min(grown, Math.max(this.#rate, this.#ceiling));
    this.#rate = rate < MAX_RATE ? rate : undefined;
    this.#tokens = Math.min(this.#tokens + rate * seconds, rate * BURST_SECONDS);
    return this.#rate;
  }
}
