/**
 * How much of what a sink gets it refuses, over the last one to two minutes. A sink that refuses a good part works, and is
 * not well: somebody has to look, although nothing waits.
 */
import type { Delivered } from '../pipeline/contract.js';

const WINDOW_MS = 60_000;
/** Refused by then, and of all that it got: fewer happen anywhere. */
const LINES = 10;
const SHARE = 0.1;

interface Window {
  readonly beganMs: number;
  delivered: number;
  readonly refused: Map<string, number>;
}

const emptyWindow = (beganMs: number): Window => ({ beganMs, delivered: 0, refused: new Map() });

export class Refusals {
  #last = emptyWindow(Number.NEGATIVE_INFINITY);
  #current = emptyWindow(Number.NEGATIVE_INFINITY);

  note({ delivered, rejected }: Delivered, nowMs: number): void {
    this.#turn(nowMs);
    this.#current.delivered += delivered;
    for (const [reason, lines] of rejected)
      this.#current.refused.set(reason, (this.#current.refused.get(reason) ?? 0) + lines);
  }

  /** One sentence while it is so. */
  trouble(nowMs: number): string | undefined {
    this.#turn(nowMs);
    const windows = [this.#last, this.#current];
    const delivered = windows.reduce((sum, { delivered }) => sum + delivered, 0);
    let refused = 0;
    for (const window of windows) for (const lines of window.refused.values()) refused += lines;
    if (refused < LINES || refused < SHARE * (delivered + refused)) return undefined;
    const reasons = new Set(windows.flatMap(({ refused }) => [...refused.keys()]));
    return `It refuses ${Math.round(SHARE * 100)} % of its lines or more (${[...reasons].sort().join(', ')}): see "log-capturer dead-letters list".`;
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#current.beganMs;
    if (ageMs < WINDOW_MS) return;
    this.#last = ageMs < 2 * WINDOW_MS ? this.#current : emptyWindow(nowMs);
    this.#current = emptyWindow(nowMs);
  }
}
