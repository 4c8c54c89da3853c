/**
 * Timestamps for lines that bring none: when they arrived, in strictly increasing nanoseconds, because Loki keeps two
 * equal lines at one timestamp once.
 */
export class ArrivalClock {
  readonly #nowMs: () => number;
  seconds = 0;
  nanos = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Looks at the time: what follows has arrived now. */
  look(): void {
    const now = this.#nowMs();
    const seconds = Math.floor(now / 1000);
    const nanos = Math.floor((now - seconds * 1000) * 1e6);
    if (seconds < this.seconds || (seconds === this.seconds && nanos <= this.nanos)) return;
    this.seconds = seconds;
    this.nanos = nanos;
  }

  /** The next line's time: one nanosecond after the last one's. */
  tick(): void {
    if (++this.nanos < 1e9) return;
    this.seconds++;
    this.nanos = 0;
  }
}
