/** The judge's slope, as a plot shows it. */

import { figure, signed, type Unit } from '../../selftest/report/figures.js';
import { fitSlope } from '../judge/statistics.js';
import type { Trend } from './plot.js';
import type { Point } from './series.js';

export interface Per {
  readonly seconds: number;
  readonly name: string;
}

export const PER_MINUTE: Per = { seconds: 60, name: 'a minute' };
export const PER_HOUR: Per = { seconds: 3600, name: 'an hour' };

/** Undefined where `points`, those of the run, are too few for a slope. */
export function trendOf(points: readonly Point[], unit: Unit, per: Per): Trend | undefined {
  const slope = fitSlope(points.map(([x, y]) => ({ x, y })));
  if (!slope) return undefined;
  const { estimate, low, high, meanX, meanY } = slope;
  const [from, to] = [points[0][0], points[points.length - 1][0]];
  const ends = (rise: number): readonly [number, number] => [
    meanY + rise * (from - meanX),
    meanY + rise * (to - meanX),
  ];
  const told = (rise: number): string => signed(figure(rise * per.seconds, unit));
  const range = low === high ? '' : ` (${told(low)} … ${told(high)})`;
  return {
    fromSeconds: from,
    toSeconds: to,
    value: ends(estimate),
    low: ends(low),
    high: ends(high),
    text: `${told(estimate)} ${per.name}${range}`,
  };
}
