/** Where a list stands: with the newest line, or with a row that must not move under the reader's eyes. Pure. */
import type { Row } from './line-store.js';
import type { SumTree } from './sum-tree.js';

export interface Anchor {
  readonly row: Row;
  /** Pixels from the row's top to the top of what is seen. */
  readonly delta: number;
}

export interface Window {
  /** First and last row to draw; last < first where there is none. */
  readonly first: number;
  readonly last: number;
}

/** The rows that are seen at this place, and `over` pixels around. */
export function windowAt(tree: SumTree, top: number, height: number, over: number): Window {
  if (tree.length === 0) return { first: 0, last: -1 };
  return { first: tree.at(Math.max(0, top - over)), last: tree.at(top + height + over) };
}

export function anchorAt(tree: SumTree, rows: readonly Row[], top: number): Anchor | undefined {
  if (rows.length === 0) return undefined;
  const at = tree.at(top);
  return { row: rows[at], delta: top - tree.offset(at) };
}

/** Where an anchor is now, within what can be scrolled to; the top where its row is gone. */
export function topOf(
  tree: SumTree,
  rows: readonly Row[],
  anchor: Anchor | undefined,
  height: number,
): number {
  if (!anchor || anchor.row.state !== 'here') return 0;
  const top = tree.offset(anchor.row.number - rows[0].number) + anchor.delta;
  return Math.max(0, Math.min(top, tree.total - height));
}

/** How far to scroll so that all of a row is seen, or its beginning where it is larger. */
export function topToShow(tree: SumTree, at: number, top: number, height: number): number {
  const begin = tree.offset(at);
  const end = begin + tree.size(at);
  if (begin < top) return begin;
  return end > top + height ? Math.max(top, Math.min(begin, end - height)) : top;
}
