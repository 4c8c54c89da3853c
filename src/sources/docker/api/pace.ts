/**
 * How fast a log goes on, to guess how much of it is written while no stream of it is open. Counted by this machine's clock
 * from the end of one stream to the end of the next, so that waiting for a turn is part of it; where a backlog was read
 * meanwhile, the times of its records say how fast it was written.
 */
export class Pace {
  #endedMs: number | undefined;
  #taken = 0;
  #recordsPerSecond = 0;
  #movedMs = 0;

  /** A stream has ended. `taken`: records so far; `rate`: records a second among the newest ones, by their own times. */
  end(nowMs: number, taken: number, rate: number): void {
    const before = this.#endedMs;
    const more = taken - this.#taken;
    if (more > 0 || before === undefined) this.#movedMs = nowMs;
    if (before !== undefined && nowMs > before)
      this.#recordsPerSecond = Math.min(rate, (more * 1000) / (nowMs - before));
    this.#endedMs = nowMs;
    this.#taken = taken;
  }

  /** Records that were likely written since the last stream ended. */
  missed(nowMs: number): number {
    if (this.#endedMs === undefined) return 0;
    return (this.#recordsPerSecond * Math.max(0, nowMs - this.#endedMs)) / 1000;
  }

  /** For how long no stream brought anything. */
  quietMs(nowMs: number): number {
    return this.#endedMs === undefined ? 0 : nowMs - this.#movedMs;
  }
}
