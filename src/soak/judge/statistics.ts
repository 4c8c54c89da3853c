/**
 * The growth of a noisy series: a least squares slope with its 95 % confidence interval.
 *
 * Samples taken seconds apart repeat each other (a stream that was open is still open), and an interval that took
 * them for independent would be far too narrow. So they are averaged into at most 60 bins of equal time, and what
 * correlation is left between neighbouring residuals lowers the number of samples that the interval is made from
 * (effective sample size of a first-order autoregressive process).
 */
import { averaged, effectiveSize, mean, type Point, sum } from '../../telemetry/trend/series.js';

/** Change of y for each 1 of x. The line goes through (`meanX`, `meanY`). */
export interface Slope {
  readonly estimate: number;
  /** Bounds of the 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
  readonly meanX: number;
  readonly meanY: number;
}

/** A line through fewer says nothing about its own error. */
const FEWEST_POINTS = 4;

/** Undefined where there are fewer than four points in time, or none that differ in x. */
export function fitSlope(points: readonly Point[]): Slope | undefined {
  if (points.length < FEWEST_POINTS) return undefined;
  // From the first value on, so that a constant has exactly no slope.
  const { x: zeroX, y: zeroY } = points[0];
  const bins = averaged(points.map(({ x, y }) => ({ x: x - zeroX, y: y - zeroY })));
  const xs = bins.map(({ x }) => x);
  const ys = bins.map(({ y }) => y);
  const meanX = mean(xs);
  const meanY = mean(ys);
  const spread = sum(xs.map((x) => (x - meanX) ** 2));
  if (bins.length < FEWEST_POINTS || spread === 0) return undefined;
  const estimate = sum(xs.map((x, i) => (x - meanX) * (ys[i] - meanY))) / spread;
  const residuals = xs.map((x, i) => ys[i] - meanY - estimate * (x - meanX));
  const freedom = Math.max(1, effectiveSize(residuals) - 2);
  const variance = sum(residuals.map((residual) => residual ** 2)) / freedom;
  const half = studentT(freedom) * Math.sqrt(variance / spread);
  return {
    estimate,
    low: estimate - half,
    high: estimate + half,
    meanX: meanX + zeroX,
    meanY: meanY + zeroY,
  };
}

/** The point between which and its opposite 95 % of Student's distribution lie: Cornish and Fisher's expansion. */
export function studentT(freedom: number): number {
  if (freedom < 2) return 12.706;
  if (freedom < 3) return 4.303;
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / 4 / freedom +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 / freedom ** 2 +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384 / freedom ** 3
  );
}
