/** The totals of source keys (pipeline/totals.ts) as figures by key, and what does not add up in them. */
import type { SourceKey } from '../../pipeline/contract.js';
import { BEFORE_TOTALS, splitTotal } from '../../pipeline/totals.js';

const FILTERED = 'filtered:';

/** Of one key; a figure that nothing was counted of is 0. */
export class KeyFigures {
  read = 0;
  pushed = 0;
  generated = 0;
  merged = 0;
  held = 0;
  appended = 0;
  journaled = 0;
  /** By reason, none of them 0; undefined where there are none. */
  filtered: Map<string, number> | undefined;

  set(figure: string, lines: number): void {
    if (figure.startsWith(FILTERED)) this.#setFiltered(figure.slice(FILTERED.length), lines);
    else if (isPlain(figure)) this[figure] = lines;
  }

  get isEmpty(): boolean {
    return this.filtered === undefined && PLAIN.every((figure) => this[figure] === 0);
  }

  /** 0 each, or lines were lost count of. */
  get unaccounted(): { readonly reader: number; readonly processors: number; readonly journal: number } {
    const { read, pushed, generated, merged, held, appended, journaled } = this;
    let filtered = 0;
    for (const lines of this.filtered?.values() ?? []) filtered += lines;
    return {
      reader: read - pushed,
      processors: pushed + generated - filtered - merged - held - appended,
      journal: appended - journaled,
    };
  }

  #setFiltered(reason: string, lines: number): void {
    if (lines !== 0) this.filtered = (this.filtered ?? new Map<string, number>()).set(reason, lines);
    else if (this.filtered?.delete(reason) && this.filtered.size === 0) this.filtered = undefined;
  }
}

const PLAIN = ['read', 'pushed', 'generated', 'merged', 'held', 'appended', 'journaled'] as const;

function isPlain(figure: string): figure is (typeof PLAIN)[number] {
  return (PLAIN as readonly string[]).includes(figure);
}

/** Keys with nothing but zeros are not there. */
export class FiguresByKey {
  readonly all = new Map<SourceKey, KeyFigures>();

  /** The total of this name is `lines` now. Totals of sinks, and of the time before there were any, are no source's. */
  put(name: string, lines: number): void {
    const [owner, figure] = splitTotal(name);
    if (owner.startsWith('sink/') || name === BEFORE_TOTALS) return;
    let figures = this.all.get(owner);
    if (!figures) {
      if (lines === 0) return;
      figures = new KeyFigures();
      this.all.set(owner, figures);
    }
    figures.set(figure, lines);
    if (lines === 0 && figures.isEmpty) this.all.delete(owner);
  }
}
