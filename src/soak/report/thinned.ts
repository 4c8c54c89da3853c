/**
 * Samples of a run of any length in bounded memory: one cell holds `width` samples that follow each other, and where
 * there are too many cells the width doubles for all of them, so that the whole run is kept equally dense.
 *
 * A cell of several samples is told as two: the first has the least of each figure and the time of the first sample,
 * the second the greatest and the time of the last. So a peak stays, however short; and of a total that only grows
 * both are what was really measured. The samples of one phase never share a cell with those of another.
 */
import type { Sample } from '../types.js';

const MAX_CELLS = 1200;

interface Cell {
  readonly count: number;
  readonly least: Sample;
  readonly greatest: Sample;
}

export class ThinnedSamples {
  #cells: Cell[] = [];
  #width = 1;
  #count = 0;

  /** Of all samples that were added. */
  get count(): number {
    return this.#count;
  }

  add(sample: Sample): void {
    this.#count++;
    this.#put(this.#cells, { count: 1, least: sample, greatest: sample });
    while (this.#cells.length > MAX_CELLS) {
      this.#width *= 2;
      const wider: Cell[] = [];
      for (const cell of this.#cells) this.#put(wider, cell);
      if (wider.length === this.#cells.length) return;
      this.#cells = wider;
    }
  }

  /** In the order of time, at most 2,400 and a few for each change of phase. */
  list(): Sample[] {
    return this.#cells.flatMap(({ count, least, greatest }) => (count === 1 ? [least] : [least, greatest]));
  }

  #put(cells: Cell[], cell: Cell): void {
    const last = cells.at(-1);
    if (!last || last.count + cell.count > this.#width || last.least.phase !== cell.least.phase) {
      cells.push(cell);
      return;
    }
    cells[cells.length - 1] = {
      count: last.count + cell.count,
      least: { ...merged(last.least, cell.least, lesser), seconds: last.least.seconds },
      greatest: { ...merged(last.greatest, cell.greatest, greater), seconds: cell.greatest.seconds },
    };
  }
}

type Pick = (a: number, b: number) => number;
const lesser: Pick = (a, b) => (a < b ? a : b);
const greater: Pick = (a, b) => (a > b ? a : b);

/** Field by field; health, the one text that changes within a phase, is the worse one in both. */
function merged(a: Sample, b: Sample, pick: Pick): Sample {
  const fields = new Map<string, unknown>(Object.entries(a));
  for (const [name, value] of Object.entries(b)) fields.set(name, either(fields.get(name), value, pick));
  return { ...(Object.fromEntries(fields) as unknown as Sample), health: worse(a.health, b.health) };
}

function either(a: unknown, b: unknown, pick: Pick): unknown {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (typeof a === 'number' && typeof b === 'number') return pick(a, b);
  if (isRecord(a) && isRecord(b)) {
    const kinds = new Set([...Object.keys(a), ...Object.keys(b)]);
    // A kind that is not told is one of which there is none.
    return Object.fromEntries([...kinds].map((kind) => [kind, either(a[kind] ?? 0, b[kind] ?? 0, pick)]));
  }
  return b;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const HEALTH = ['healthy', 'degraded', 'unhealthy'];

function worse(a: string, b: string): string {
  return gravity(a) > gravity(b) ? a : b;
}

/** A word that nobody knows is worse than all that are known. */
function gravity(health: string): number {
  const rank = HEALTH.indexOf(health);
  return rank < 0 ? HEALTH.length : rank;
}
