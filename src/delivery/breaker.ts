/**
 * A circuit breaker: whether a sink that keeps failing may be tried now.
 *
 *   closed ──5 failures in a row──► open ──delay over──► half-open ──success──► closed
 *     ▲  └─failure: wait the delay─┘  ▲                      │
 *     └────────── success             └───────failure────────┘
 *
 * Half-open lets exactly one delivery through, the probe. After every failure nothing is let in before its delay is over.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

const FAILURES_TO_OPEN = 5;
const PROBE_POLL_MS = 250;

export class Breaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #notBefore = 0;

  get state(): BreakerState {
    return this.#state;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Asks to deliver at `now` (milliseconds): true lets it in, and its outcome must be told. */
  enter(now: number): boolean {
    if (this.#state === 'half-open' || now < this.#notBefore) return false;
    if (this.#state === 'open') this.#state = 'half-open';
    return true;
  }

  /** How long to wait before asking again, in milliseconds. */
  waitMs(now: number): number {
    return this.#state === 'half-open' ? PROBE_POLL_MS : Math.max(0, this.#notBefore - now);
  }

  succeeded(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#notBefore = 0;
  }

  failed(now: number, delayMs: number): void {
    this.#failures++;
    this.#notBefore = now + delayMs;
    if (this.#state === 'half-open' || this.#failures >= FAILURES_TO_OPEN) this.#state = 'open';
  }
}
