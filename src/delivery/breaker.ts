/**
 * A circuit breaker: whether a sink that keeps failing may be tried now.
 *
 *   closed ──5 failures in a row──► open ──delay over──► half-open ──success──► closed
 *     ▲  └─failure: wait the delay─┘  ▲                      │
 *     └────────── success             └───────failure────────┘
 *
 * After every failure nothing is let in before its delay is over, and then exactly one delivery, the probe, until it is
 * told that the sink took some of it, or that it failed. Deliveries that were under way when one failed and fail as well
 * are the same failure.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

const FAILURES_TO_OPEN = 5;
const PROBE_POLL_MS = 250;

export class Breaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #notBefore = 0;
  #isProbing = false;
  #round = 0;

  get state(): BreakerState {
    return this.#state;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Asks to deliver at `now` (milliseconds): undefined means not now. Else it is let in, its outcome must be told, and
   * the answer is what belongs to `failed`.
   */
  enter(now: number): number | undefined {
    if (this.#isProbing || now < this.#notBefore) return undefined;
    this.#isProbing = this.#failures > 0;
    if (this.#state === 'open') this.#state = 'half-open';
    return this.#round;
  }

  /** How long to wait before asking again, in whole milliseconds. */
  waitMs(now: number): number {
    return this.#isProbing ? PROBE_POLL_MS : Math.max(0, Math.ceil(this.#notBefore - now));
  }

  succeeded(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#notBefore = 0;
    this.#isProbing = false;
  }

  /** The attempt tells nothing of the sink: the next one may come. */
  left(round: number): void {
    if (round === this.#round) this.#isProbing = false;
  }

  /** False, and nothing changed, where this is part of a failure that is known already. */
  failed(now: number, delayMs: () => number, round: number = this.#round): boolean {
    if (round < this.#round) return false;
    this.#round++;
    this.#failures++;
    this.#notBefore = now + delayMs();
    this.#isProbing = false;
    if (this.#failures >= FAILURES_TO_OPEN) this.#state = 'open';
    return true;
  }
}
