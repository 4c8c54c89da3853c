/**
 * What is known of the streams at Loki, to tell which of them its ingester might refuse. Loki answers for the last stream
 * of a request only, so such a stream must go alone. It might refuse
 *
 * - a stream that it must make (too many streams): one that it never acknowledged here, or not for a long time, as it
 *   forgets idle streams;
 * - lines more than an hour behind the newest of their stream;
 * - a stream over its rate. Modelled as in Loki, by a bucket with less burst than Loki's. The rate is Loki's default until a stream
 *   that went alone proves a higher one for itself, as limits are a tenant's: who takes C bytes in T seconds has at least a rate
 *   of C / (T + its burst in seconds). A refusal proves a lower rate or burst, and that is believed of all.
 *
 * Ages are by the clock on the wall, which goes on while a machine sleeps (`nowMs`); rates by the one that nobody sets
 * (`upMs`, of performance.now).
 *
 * Bounded: two generations, the older one dropped when the newer is full. A forgotten stream is an unknown one.
 */
const GENERATION = 8_192;
/** Loki lets a stream go 30 min after its last line. */
const FORGOTTEN_MS = 20 * 60_000;
/** Below Loki's hour, as clocks and rounding want. */
export const WINDOW_SECONDS = 50 * 60;
/** Bytes a second. */
const DEFAULT_RATE = 3 * 1024 * 1024;
/** Loki's default burst is five seconds' worth. */
const LOKI_BURST_SECONDS = 5;
const BURST_SECONDS = 4.5;
const SHARE_OF_LIMIT = 0.9;
const MIN_BURST = 1024;
/** A rate of "1.0MB" may be a little more. */
const ROUNDING = 1.06;

interface Known {
  newestSeconds: number;
  acknowledgedMs: number;
  /** Bytes a second that this stream proved; 0 for none. */
  rate: number;
  /** Bytes that this stream proved room for; 0 for none. */
  burst: number;
  /** Bytes since `emptyAtMs`, when the bucket was last empty. */
  bytes: number;
  emptyAtMs: number;
}

export class KnownStreams {
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  /** What every stream may send at least, as far as known. */
  #rate = DEFAULT_RATE;
  #burst = Number.POSITIVE_INFINITY;
  /** The highest rate that Loki has told. */
  #told = 0;

  /** Seconds of the newest line that Loki acknowledged for this stream; undefined where Loki may not have the stream. */
  newestSeconds(labels: string, nowMs: number): number | undefined {
    const known = this.#get(labels);
    return known && Math.abs(nowMs - known.acknowledgedMs) < FORGOTTEN_MS ? known.newestSeconds : undefined;
  }

  /** Loki has lines up to `newestSeconds` of the stream. */
  acknowledged(labels: string, newestSeconds: number, nowMs: number): void {
    const known = this.#get(labels);
    if (!known)
      this.#put(labels, {
        newestSeconds,
        acknowledgedMs: nowMs,
        rate: 0,
        burst: 0,
        bytes: 0,
        emptyAtMs: 0,
      });
    else {
      if (newestSeconds > known.newestSeconds) known.newestSeconds = newestSeconds;
      known.acknowledgedMs = nowMs;
    }
  }

  /** Whether `bytes` more of the stream may be more than Loki takes of it. */
  isTooMuch(labels: string, bytes: number, upMs: number): boolean {
    const known = this.#get(labels);
    if (!known) return false;
    const room = Math.min(this.#rateOf(known) * BURST_SECONDS, Math.max(known.burst, this.#burst));
    return this.#level(known, upMs) + bytes > room;
  }

  /** `bytes` of the stream are about to be sent. */
  charge(labels: string, bytes: number, upMs: number): void {
    const known = this.#get(labels);
    if (!known) return;
    if (this.#level(known, upMs) === 0) {
      known.bytes = 0;
      known.emptyAtMs = upMs;
    }
    known.bytes += bytes;
  }

  /** Loki took what was charged to this stream, the last of it alone. */
  tookAlone(labels: string, upMs: number): void {
    const known = this.#get(labels);
    if (!known) return;
    const seconds = (upMs - known.emptyAtMs) / 1000;
    known.rate = Math.max(known.rate, known.bytes / (seconds + LOKI_BURST_SECONDS));
    // What Loki took beyond its rate, it had room for.
    if (this.#told > 0) known.burst = Math.max(known.burst, known.bytes - seconds * this.#told * ROUNDING);
  }

  /** Loki refused a stream for its rate, and perhaps told that; `labels` where it went alone. */
  rateExceeded(labels: string | undefined, rate: number | undefined, upMs: number): void {
    if (rate !== undefined) {
      this.#rate = Math.min(this.#rate, rate * SHARE_OF_LIMIT);
      this.#told = Math.max(this.#told, rate);
    }
    const known = labels === undefined ? undefined : this.#get(labels);
    if (!known) return;
    known.rate = 0;
    known.burst = 0;
    const level = this.#level(known, upMs);
    if (level > 0) this.#burst = Math.max(MIN_BURST, Math.min(this.#burst, level * SHARE_OF_LIMIT));
  }

  #rateOf({ rate }: Known): number {
    return Math.max(rate, this.#rate);
  }

  #level(known: Known, upMs: number): number {
    return Math.max(0, known.bytes - (Math.max(0, upMs - known.emptyAtMs) / 1000) * this.#rateOf(known));
  }

  #get(labels: string): Known | undefined {
    const young = this.#young.get(labels);
    if (young) return young;
    const old = this.#old.get(labels);
    if (old) this.#put(labels, old);
    return old;
  }

  #put(labels: string, known: Known): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(labels, known);
  }
}
