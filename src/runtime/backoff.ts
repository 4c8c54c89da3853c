/** Exponential backoff with full jitter: each delay is drawn from [base/2, base], base doubling up to `maxMs`. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #baseMs: number;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#baseMs = minMs;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const base = this.#baseMs;
    this.#baseMs = Math.min(this.#maxMs, base * 2);
    return base / 2 + (Math.random() * base) / 2;
  }

  reset(): void {
    this.#baseMs = this.#minMs;
  }
}
