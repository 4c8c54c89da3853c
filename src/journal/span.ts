/**
 * Between which seconds the lines of a segment lie: what lets a search pass over it unopened. Known of segments that this
 * process wrote, and over restarts by the snapshots behind them (state.ts); older builds did not say it.
 */

/** Seconds since 1970 of the earliest and of the latest line; the first is beyond the last where there are no lines. */
export type Span = readonly [first: number, last: number];

export const EMPTY_SPAN: Span = [1, 0];

export function widened(span: Span, first: number, last: number): Span {
  return span[0] > span[1] ? [first, last] : [Math.min(span[0], first), Math.max(span[1], last)];
}
