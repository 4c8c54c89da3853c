/** Scales with ticks at round figures. */
import { figure, type Unit } from '../../selftest/report/figures.js';

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

const TIME_STEPS = [
  1,
  2,
  5,
  10,
  15,
  30,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * 3600),
];

/** From 0, at most about six ticks; the unit of the labels is that of the step. */
export function timeAxis(endSeconds: number): Axis {
  const to = Math.max(1, endSeconds);
  const day = 24 * 3600;
  const step = TIME_STEPS.find((seconds) => to / seconds <= 6) ?? day * Math.ceil(to / day / 6);
  const [seconds, unit] = step % 3600 === 0 ? [3600, 'h'] : step % 60 === 0 ? [60, 'min'] : [1, 's'];
  const ticks = stepsBetween(0, to, step).map((at) => ({
    at,
    text: at === 0 ? '0' : `${at / seconds} ${unit}`,
  }));
  return { from: 0, to, ticks };
}

/** Of the share of itself that a line must move to fill the picture: noise shall look like noise. */
const LEAST_SPAN = 0.1;
const FAR_FROM_ZERO = 0.6;
const TICKS = 4;

/** Holds all values; begins at 0 unless they stay far from it. */
export function valueAxis(values: readonly number[], unit: Unit): Axis {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  if (low >= 0 && low < high * FAR_FROM_ZERO) low = 0;
  const least = Math.max(Math.abs(high) * LEAST_SPAN, unit === 'count' ? 4 : unit === 'bytes' ? 1024 : 1);
  if (high - low < least) {
    const middle = (low + high) / 2;
    low = low >= 0 ? Math.max(0, middle - least / 2) : middle - least / 2;
    high = low + least;
  }
  const step = roundStep((high - low) / TICKS, unit);
  const [from, to] = [Math.floor(low / step) * step, Math.ceil(high / step - 1e-9) * step];
  return { from, to, ticks: stepsBetween(from, to, step).map((at) => ({ at, text: figure(at, unit) })) };
}

/** The next larger of 1, 2, 5, 10, 20…; of bytes in their unit; a count has no fractions. */
function roundStep(rough: number, unit: Unit): number {
  if (unit === 'bytes') {
    // From 500 on the next unit: its 1 is rounder than 1,000 of this one.
    const base = 1024 ** Math.max(0, Math.ceil(Math.log(Math.max(rough, 1) / 500) / Math.log(1024)));
    return roundStep(rough / base, 'count') * base;
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((digit) => digit * power >= rough * (1 - 1e-9)) ?? 10) * power;
  return unit === 'count' ? Math.max(1, step) : step;
}

function stepsBetween(from: number, to: number, step: number): number[] {
  const count = Math.floor((to - from) / step + 1e-9);
  // Rounded, because ten times 0.1 is not 1.
  return Array.from({ length: count + 1 }, (_, i) => Number((from + i * step).toPrecision(12)));
}
