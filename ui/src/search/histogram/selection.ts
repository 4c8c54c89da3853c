/** What a drag or a click on the histogram means, in moments. Places are fractions of its width, 0 to 1. */
import { rangeBetween, type Span, type TimeRange } from '../../time-range/range.js';
import type { Bar } from './counts.js';

/** Nearer to each other than this the two ends of a drag are a click. */
const CLICK = 0.006;

/** The bars from one place to another: a drag takes every bar that it touched, a click one. */
export function barsBetween(bars: readonly Bar[], start: number, end: number): readonly Bar[] {
  if (bars.length === 0) return [];
  const first = barAt(bars, Math.min(start, end));
  return bars.slice(first, (isClick(start, end) ? first : barAt(bars, Math.max(start, end))) + 1);
}

/** The very time of these bars, so that a search there finds what they count. Null without any. */
export function rangeOfBars(bars: readonly Bar[]): TimeRange | null {
  const last = bars.at(-1);
  return last === undefined ? null : rangeBetween(bars[0].from, last.to);
}

export function isClick(start: number, end: number): boolean {
  return Math.abs(start - end) < CLICK;
}

/** The bar at a place; -1 without bars. The last one may be shorter than the others. */
export function barAt(bars: readonly Bar[], place: number): number {
  const span = spanOfBars(bars);
  if (!span) return -1;
  const moment = span.from + Math.min(Math.max(place, 0), 1) * (span.to - span.from);
  const step = bars[0].to - bars[0].from;
  return Math.min(bars.length - 1, Math.floor((moment - span.from) / step));
}

/** Where a moment lies, as a fraction of the width. */
export function placeOf(bars: readonly Bar[], moment: number): number {
  const span = spanOfBars(bars);
  return span ? (moment - span.from) / (span.to - span.from) : 0;
}

export function spanOfBars(bars: readonly Bar[]): Span | null {
  const last = bars.at(-1);
  return last === undefined || last.to <= bars[0].from ? null : { from: bars[0].from, to: last.to };
}
