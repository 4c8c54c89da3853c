/**
 * Says when people hear of lines again: of each matter at once, and while it goes on every TELL_MS, with the lines of all
 * that time. Figures of every moment are in the metrics and the ledger.
 */
const TELL_MS = 10 * 60_000;

export class ToldLines {
  /** By matter: when people last heard of it, on the monotonic clock, and the lines since. */
  readonly #matters = new Map<string, { readonly atMs: number; lines: number }>();

  /** `lines` more. How many to tell of now; undefined: not now. */
  add(matter: string, lines: number, nowMs: number): number | undefined {
    const known = this.#matters.get(matter);
    if (known && nowMs - known.atMs < TELL_MS) {
      known.lines += lines;
      return undefined;
    }
    this.#matters.set(matter, { atMs: nowMs, lines: 0 });
    return lines + (known?.lines ?? 0);
  }
}
