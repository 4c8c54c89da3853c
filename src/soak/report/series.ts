/** From samples to lines over time. */
import type { Sample } from '../types.js';

/** Seconds since the soak began, and a figure. */
export type Point = readonly [seconds: number, value: number];

/** What is told of a sample; undefined where it tells nothing. */
export type Reading = (sample: Sample) => number | undefined;

export function readings(samples: readonly Sample[], read: Reading): Point[] {
  const points: Point[] = [];
  for (const sample of samples) {
    const value = read(sample);
    if (value !== undefined && Number.isFinite(value)) points.push([sample.seconds, value]);
  }
  return points;
}

/**
 * How fast a total grows a second, times `factor`: the mean over stretches of at least `windowSeconds`, each told at its
 * middle. A total that falls back belongs to another process: the stretch begins anew there.
 */
export function rate(totals: readonly Point[], windowSeconds: number, factor = 1): Point[] {
  const points: Point[] = [];
  let from = totals.at(0);
  for (const to of totals) {
    if (!from || to[1] < from[1]) from = to;
    const span = to[0] - from[0];
    if (span < windowSeconds || span <= 0) continue;
    points.push([(from[0] + to[0]) / 2, ((to[1] - from[1]) / span) * factor]);
    from = to;
  }
  return points;
}

/**
 * The same line with at most about `4 × columns` points: of each column of the picture the first, the lowest, the
 * highest and the last, in the order of time.
 */
export function decimated(points: readonly Point[], endSeconds: number, columns: number): readonly Point[] {
  if (points.length <= columns * 2) return points;
  const kept: Point[] = [];
  let i = 0;
  while (i < points.length) {
    const column = Math.floor((points[i][0] / endSeconds) * columns);
    let [low, high] = [i, i];
    const first = i;
    for (; i < points.length && Math.floor((points[i][0] / endSeconds) * columns) === column; i++) {
      if (points[i][1] < points[low][1]) low = i;
      if (points[i][1] > points[high][1]) high = i;
    }
    const chosen = new Set([first, Math.min(low, high), Math.max(low, high), i - 1]);
    for (const index of chosen) kept.push(points[index]);
  }
  return kept;
}
