/**
 * What is known of the streams at Loki, to tell which of them its ingester might refuse. Loki answers for the last stream
 * of a request only, so such a stream must go alone. It might refuse
 *
 * - a stream that it must make (too many streams): one that it never acknowledged here, or not for a long time, as it
 *   forgets idle streams;
 * - lines more than an hour behind the newest of their stream;
 * - a stream over its rate. Modelled as in Loki, by a bucket with less burst than Loki's. The rate is Loki's default until streams
 *   that went alone prove a higher one: who takes C bytes in T seconds has at least a rate of C / (T + its burst in seconds).
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

interface Known {
  newestSeconds: number;
  acknowledgedMs: number;
  /** Bytes since `emptyMs`, when the bucket was last empty. */
  bytes: number;
  emptyMs: number;
}

export class KnownStreams {
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  #rate = DEFAULT_RATE;

  /** Seconds of the newest line that Loki acknowledged for this stream; undefined where Loki may not have the stream. */
  newestSeconds(labels: string, nowMs: number): number | undefined {
    const known = this.#get(labels);
    return known && nowMs - known.acknowledgedMs < FORGOTTEN_MS ? known.newestSeconds : undefined;
  }

  /** Loki has lines up to `newestSeconds` of the stream. */
  acknowledged(labels: string, newestSeconds: number, nowMs: number): void {
    const known = this.#get(labels);
    if (!known) this.#put(labels, { newestSeconds, acknowledgedMs: nowMs, bytes: 0, emptyMs: nowMs });
    else {
      if (newestSeconds > known.newestSeconds) known.newestSeconds = newestSeconds;
      known.acknowledgedMs = nowMs;
    }
  }

  /** Whether `bytes` more of the stream may be more than Loki takes of it. */
  isTooMuch(labels: string, bytes: number, nowMs: number): boolean {
    const known = this.#get(labels);
    return known !== undefined && this.#level(known, nowMs) + bytes > this.#rate * BURST_SECONDS;
  }

  /** `bytes` of the stream are about to be sent. */
  charge(labels: string, bytes: number, nowMs: number): void {
    const known = this.#get(labels);
    if (!known) return;
    if (this.#level(known, nowMs) === 0) {
      known.bytes = 0;
      known.emptyMs = nowMs;
    }
    known.bytes += bytes;
  }

  /** Loki took what was charged to this stream, the last of it alone. */
  tookAlone(labels: string, nowMs: number): void {
    const known = this.#get(labels);
    if (!known) return;
    const proven = known.bytes / ((nowMs - known.emptyMs) / 1000 + LOKI_BURST_SECONDS);
    if (proven > this.#rate) this.#rate = proven;
  }

  /** Loki refused a stream for its rate. */
  rateExceeded(): void {
    this.#rate = DEFAULT_RATE;
  }

  #level({ bytes, emptyMs }: Known, nowMs: number): number {
    return Math.max(0, bytes - (Math.max(0, nowMs - emptyMs) / 1000) * this.#rate);
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
