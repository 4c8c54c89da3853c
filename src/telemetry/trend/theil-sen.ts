/**
 * The slope of a noisy series after Theil and Sen: the median of the slopes between all pairs of points. A quarter of the
 * points may be anywhere, as a heap's are between its collections, without moving it much.
 *
 * The interval is Sen's: how far Kendall's sum may stray where there is no slope says which of the sorted slopes bound
 * it. Neighbours that are alike make it stray further, by as much as there are fewer independent points (series.ts).
 */
import { averaged, effectiveSize, type Point } from './series.js';

/** Change of y for each 1 of x. */
export interface RobustSlope {
  readonly estimate: number;
  /** Bounds of the 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
}

const FEWEST_POINTS = 4;
/** Between which and its opposite 95 % of the normal distribution lie. */
const Z = 1.959964;

/** Of at most 60 bins. Undefined where there are fewer than four points that differ in x. */
export function robustSlope(points: readonly Point[]): RobustSlope | undefined {
  const bins = averaged(points);
  if (bins.length < FEWEST_POINTS) return undefined;
  const slopes: number[] = [];
  for (const [i, a] of bins.entries()) {
    for (const b of bins.slice(0, i)) if (a.x !== b.x) slopes.push((a.y - b.y) / (a.x - b.x));
  }
  if (slopes.length < FEWEST_POINTS) return undefined;
  slopes.sort((a, b) => a - b);
  const estimate = median(slopes);
  const level = median(bins.map(({ x, y }) => y - estimate * x).sort((a, b) => a - b));
  const independent = effectiveSize(bins.map(({ x, y }) => y - estimate * x - level));
  const n = bins.length;
  const spread = Z * Math.sqrt(((n * (n - 1) * (2 * n + 5)) / 18) * (n / Math.max(1, independent)));
  const at = (rank: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, rank))];
  return {
    estimate,
    low: at(Math.floor((slopes.length - spread) / 2)),
    high: at(Math.ceil((slopes.length + spread) / 2)),
  };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
}
