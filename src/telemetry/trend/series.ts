/** What fitting a line to noisy samples needs, however it is fitted. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

const MOST_BINS = 60;

/**
 * At most 60 bins of equal time, each with the mean of its points: samples taken seconds apart repeat each other, and an
 * interval that took them for independent would be far too narrow.
 */
export function averaged(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_BINS) return points;
  const xs = points.map(({ x }) => x);
  const first = Math.min(...xs);
  const width = (Math.max(...xs) - first) / MOST_BINS;
  const bins: Point[][] = Array.from({ length: MOST_BINS }, () => []);
  for (const point of points) {
    bins[Math.min(MOST_BINS - 1, Math.floor((point.x - first) / width))]?.push(point);
  }
  return bins
    .filter(({ length }) => length > 0)
    .map((bin) => ({ x: mean(bin.map(({ x }) => x)), y: mean(bin.map(({ y }) => y)) }));
}

/**
 * How many of the residuals are independent of each other, as far as neighbours tell: the effective sample size of a
 * first-order autoregressive process.
 */
export function effectiveSize(residuals: readonly number[]): number {
  const power = sum(residuals.map((residual) => residual ** 2));
  if (power === 0) return residuals.length;
  const neighbours = sum(residuals.slice(1).map((residual, i) => residual * residuals[i]));
  const correlation = Math.min(0.99, Math.max(0, neighbours / power));
  return (residuals.length * (1 - correlation)) / (1 + correlation);
}

/** Of none: NaN. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
