/**
 * Counters by container, bounded in number and never dropping.
 *
 * - At most `max` containers have a series of their own, first come first served; the others are `_other` together, each
 *   for as long as it lives, so that nothing is counted in two series.
 * - What ended is in `_retired`, but what `_other` once showed stays there. So the two only grow, and the sum over all series
 *   is the sum of what the sources say.
 * - A row that shrinks is a container that ended while another of its name goes on, or was renamed. What left `_other` by a
 *   renaming is not among what ended, and goes to the series of the new name.
 */
import { RETIRED } from '../../pipeline/totals.js';

export { RETIRED };
export const OTHER = '_other';

export interface Row {
  readonly lines: number;
  readonly bytes: number;
}

const NOTHING: Row = { lines: 0, bytes: 0 };

export class ContainerSeries {
  readonly #max: number;
  readonly #own = new Set<string>();
  /** As last seen. */
  readonly #others = new Map<string, Row>();
  #endedOthers = NOTHING;
  #shownRetired = NOTHING;

  constructor(max: number) {
    this.#max = max;
  }

  /** The series now. `active` by container name; `retired` is the sum of all that ended. */
  rows(active: ReadonlyMap<string, Row>, retired: Row): Map<string, Row> {
    for (const name of this.#own) if (!active.has(name)) this.#own.delete(name);
    let left = NOTHING;
    for (const [name, last] of this.#others) {
      left = each(left, each(last, active.get(name) ?? NOTHING, excess), sum);
      if (!active.has(name)) this.#others.delete(name);
    }
    const ended = each(each(retired, this.#shownRetired, excess), this.#endedOthers, excess);
    this.#endedOthers = each(this.#endedOthers, each(left, ended, Math.min), sum);
    this.#shownRetired = each(retired, this.#endedOthers, excess);
    const rows = new Map<string, Row>();
    let others = this.#endedOthers;
    for (const [name, row] of active) {
      if (this.#isOwn(name)) rows.set(name, row);
      else {
        this.#others.set(name, row);
        others = each(others, row, sum);
      }
    }
    if (this.#others.size > 0 || others.lines > 0 || others.bytes > 0) rows.set(OTHER, others);
    rows.set(RETIRED, this.#shownRetired);
    return rows;
  }

  /** The series that a container is in, as of the last `rows`. */
  seriesOf(name: string): string {
    return this.#own.has(name) ? name : OTHER;
  }

  #isOwn(name: string): boolean {
    if (this.#own.has(name)) return true;
    if (this.#others.has(name) || this.#own.size >= this.#max) return false;
    this.#own.add(name);
    return true;
  }
}

function each(a: Row, b: Row, join: (a: number, b: number) => number): Row {
  return { lines: join(a.lines, b.lines), bytes: join(a.bytes, b.bytes) };
}

function sum(a: number, b: number): number {
  return a + b;
}

/** By how much `a` is more. */
function excess(a: number, b: number): number {
  return Math.max(0, a - b);
}
