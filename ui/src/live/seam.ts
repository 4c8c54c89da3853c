/**
 * Where a stream that broke off goes on: the agent sends its last lines again, and those that were seen are not shown twice.
 * Whether lines may be missing in between (there were more of them than the agent sends again) is told.
 */
import { keyOf, type Line } from '../lines/line.js';

/** More than are ever sent again. */
const REMEMBERED = 2_000;
/** So many lines of a stream that was opened again are looked at. */
const LOOKED_AT = 4_000;

export class Seam {
  /** The keys of the last lines, at least REMEMBERED of them where there were so many. */
  #seen: string[] = [];
  #newest = '';
  /** How often each of the lines that come may be one that was seen. */
  #expected = new Map<string, number>();
  /** How many of the lines that come may be. */
  #left = 0;
  #isFirst = false;

  /** The stream is opened again: what comes next may have been seen. */
  reopened(): void {
    this.#expected.clear();
    for (const key of this.#seen) this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1);
    this.#left = this.#seen.length === 0 ? 0 : LOOKED_AT;
    this.#isFirst = this.#left > 0;
  }

  /** Those of `lines` that were not seen; `hasHole`: lines may be missing before the first of them. */
  take(lines: readonly Line[]): { readonly lines: readonly Line[]; readonly hasHole: boolean } {
    const hasHole = this.#isFirst && lines.length > 0 && lines[0].time > this.#newest;
    if (lines.length > 0) this.#isFirst = false;
    const fresh = this.#left === 0 ? lines : lines.filter((line) => !this.#wasSeen(line));
    for (const line of fresh) {
      this.#seen.push(keyOf(line));
      if (line.time > this.#newest) this.#newest = line.time;
    }
    if (this.#seen.length > 2 * REMEMBERED) this.#seen = this.#seen.slice(-REMEMBERED);
    return { lines: fresh, hasHole };
  }

  #wasSeen(line: Line): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const key = keyOf(line);
    const times = this.#expected.get(key) ?? 0;
    // One that was seen once and comes twice is a new one.
    this.#expected.set(key, times - 1);
    return times > 0;
  }
}
