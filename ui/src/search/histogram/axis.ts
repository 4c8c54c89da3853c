/** Ticks of both axes: round figures, and times that are round in the zone that is shown. */
import type { Zone } from '../../lib/time.js';
import { fields } from '../../time-range/instant.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650].map((count) => count * DAY),
];

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** At most `most` (at least 1) moments of `from <= at <= to`, evenly apart, round on the clock of the zone. */
export function timeTicks(from: number, to: number, most: number, zone: Zone): Tick[] {
  const step = STEPS.find((step) => (to - from) / step <= most) ?? STEPS.at(-1) ?? DAY;
  const ticks: Tick[] = [];
  // Counted on the zone's own clock, so that daylight saving shifts no tick off its round hour.
  const shift = shiftOf(from, zone);
  for (
    let at = Math.ceil((from + shift) / step) * step - shift;
    at <= to && ticks.length < most;
    at += step
  ) {
    const exact = step >= HOUR ? at + shift - shiftOf(at, zone) : at;
    if (exact >= from && exact <= to) ticks.push({ at: exact, label: timeLabel(exact, step, zone) });
  }
  return ticks;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The day stands where the step is one, or where a day begins. */
function timeLabel(at: number, step: number, zone: Zone): string {
  const [date, time] = fields(at, zone);
  if (step >= 365 * DAY) return date.slice(0, 4);
  if (step >= DAY || time.startsWith('00:00:00.000'))
    return `${Number(date.slice(8))} ${MONTHS[Number(date.slice(5, 7)) - 1]}`;
  if (step >= MINUTE) return time.slice(0, 5);
  return step >= SECOND ? time.slice(0, 8) : time.slice(6);
}

function shiftOf(at: number, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(at).getTimezoneOffset() * MINUTE;
}

/** The top of an axis that holds `most`: a round figure, at least 1. */
export function roundTop(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const top = [1, 1.5, 2, 3, 4, 5, 6, 8].find((factor) => factor * power >= most) ?? 10;
  return Math.ceil(top * power);
}

/** Into how many parts, at most `most`, a range is divided, so that a part is a round time where that can be. */
export function partsOf(lengthMs: number, most: number): number {
  const step = STEPS.find((step) => lengthMs / step <= most && lengthMs % step === 0);
  const parts = step === undefined ? most : lengthMs / step;
  return parts >= most / 4 ? parts : most;
}
