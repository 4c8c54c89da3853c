/** How high a row will be, before it is drawn. */
import type { Line } from './line.js';
import type { Row } from './line-store.js';
import { type RowLook, rowElement, shownPart, shownRest } from './row-element.js';

export interface RowMetrics {
  /** Pixels of one line of text. */
  readonly line: number;
  /** Pixels of a row besides its text. */
  readonly around: number;
  /** Characters that fit beside each other; Infinity where long lines are not broken. */
  readonly columns: number;
}

export const DEFAULT_METRICS: RowMetrics = { line: 18, around: 0, columns: 100 };

const PROBED_CHARS = 50;
const DETAIL_PX = 200;
const FEWEST_COLUMNS = 10;

/** As they are in `block` now; it has a row for a moment. */
export function measureRow(block: HTMLElement, look: RowLook, wraps: boolean): RowMetrics {
  const row = rowElement(probe(), look);
  row.style.visibility = 'hidden';
  block.append(row);
  const text = row.querySelector<HTMLElement>('.row-text');
  const height = text?.getBoundingClientRect().height ?? 0;
  const line = Number.parseFloat(getComputedStyle(row).lineHeight) || DEFAULT_METRICS.line;
  const around = Math.max(0, row.getBoundingClientRect().height - height);
  const room = text?.parentElement?.getBoundingClientRect().width ?? 0;
  text?.classList.add('row-probe');
  const charWidth = (text?.getBoundingClientRect().width ?? 0) / PROBED_CHARS;
  row.remove();
  const columns = wraps && charWidth > 0 ? Math.max(FEWEST_COLUMNS, Math.floor(room / charWidth)) : Infinity;
  return { line, around, columns };
}

/** Exact for what has one column for each character. */
export function estimateHeight(row: Row, { line, around, columns }: RowMetrics): number {
  if (!row.line) return line + around;
  const shown = [row.line, ...shownRest(row)];
  const lines = shown.reduce((sum, one) => sum + linesOf(one, columns), 0);
  return lines * line + around + (row.isExpanded ? DETAIL_PX : 0);
}

function linesOf({ line }: Line, columns: number): number {
  return shownPart(line)
    .split('\n')
    .reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / columns)), 0);
}

function probe(): Row {
  const line: Line = {
    time: '2026-01-01T00:00:00.000000000Z',
    container: 'x',
    stream: '',
    level: 'unknown',
    line: 'x'.repeat(PROBED_CHARS),
  };
  return { number: 0, line, rest: [], isUnfolded: false, isExpanded: false, version: 0, state: 'new' };
}
