/** A time range as it stands in the address: `from <= time < to`, both canonical (instant.ts). Pure; `now` is always given. */
import type { Zone } from '../lib/time.js';
import { fields, isoOf, isRelative, momentOf } from './instant.js';

export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/** In milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const DEFAULT_RANGE: TimeRange = { from: '1h', to: 'now' };

/** From the first moment there can be: all of the history, however far it reaches back. */
export const EVERYTHING: TimeRange = { from: isoOf(0), to: 'now' };

export const QUICK_RANGES: readonly { readonly from: string; readonly label: string }[] = [
  { from: '5m', label: 'Last 5 minutes' },
  { from: '15m', label: 'Last 15 minutes' },
  { from: '1h', label: 'Last hour' },
  { from: '3h', label: 'Last 3 hours' },
  { from: '6h', label: 'Last 6 hours' },
  { from: '12h', label: 'Last 12 hours' },
  { from: '24h', label: 'Last 24 hours' },
  { from: '2d', label: 'Last 2 days' },
  { from: '7d', label: 'Last 7 days' },
  { from: EVERYTHING.from, label: 'Everything kept' },
];

const SMALLEST_MS = 1;
const SHORT_MS = 2000;
const WORDS: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** What an address says; what it does not say, or says wrongly, is the default. */
export function rangeOf(from: string | null, to: string | null): TimeRange {
  const range = { from: from || DEFAULT_RANGE.from, to: to || DEFAULT_RANGE.to };
  return spanOf(range, Date.now()) === null ? DEFAULT_RANGE : range;
}

/** Null where an end is not understood, or the range is empty. */
export function spanOf({ from, to }: TimeRange, now: number): Span | null {
  const span = { from: momentOf(from, now), to: momentOf(to, now) };
  if (span.from === null || span.to === null || span.from >= span.to) return null;
  return { from: span.from, to: span.to };
}

/** The range of two moments, in either order; at least a millisecond. */
export function rangeBetween(one: number, other: number): TimeRange {
  const from = Math.floor(Math.min(one, other));
  return { from: isoOf(from), to: isoOf(Math.max(Math.ceil(Math.max(one, other)), from + SMALLEST_MS)) };
}

/** A moment in the middle of `aroundMs` milliseconds on either side. */
export function rangeAround(moment: number, aroundMs: number): TimeRange {
  return rangeBetween(moment - aroundMs, moment + aroundMs);
}

/** By half of its length to earlier (-1) or later (1), never beyond now. */
export function moved(span: Span, direction: -1 | 1, now: number): TimeRange {
  const length = span.to - span.from;
  const to = Math.min(span.to + (direction * length) / 2, Math.max(now, span.to));
  return rangeBetween(to - length, to);
}

/** Twice as long around the same middle; what would be later than now is added before. */
export function zoomedOut(span: Span, now: number): TimeRange {
  const length = (span.to - span.from) * 2;
  const to = Math.min(span.to + length / 4, Math.max(now, span.to));
  return rangeBetween(Math.max(0, to - length), to);
}

export function isEverything({ from, to }: TimeRange): boolean {
  return from === EVERYTHING.from && to === EVERYTHING.to;
}

/** Of all of the history as much as there is: its first line may be much later than the first moment there can be. */
export function withinHistory(range: TimeRange, oldest: string | null | undefined, now: number): TimeRange {
  const first = oldest ? momentOf(oldest, now) : null;
  return first !== null && range.from === EVERYTHING.from
    ? { from: isoOf(Math.floor(first / 1000) * 1000), to: range.to }
    : range;
}

/** In a few words: "Last 15 minutes", "22 Nov 13:00 – 14:00", "Everything kept". */
export function describeRange(range: TimeRange, zone: Zone, now: number): string {
  if (isEverything(range)) return 'Everything kept';
  if (range.to === 'now')
    return isRelative(range.from) ? `Last ${inWords(range.from)}` : `Since ${one(range.from, zone, now)}`;
  if (isRelative(range.from) || isRelative(range.to))
    return `${one(range.from, zone, now)} – ${one(range.to, zone, now)}`;
  const span = spanOf(range, now);
  if (!span) return `${range.from} – ${range.to}`;
  const clocks = [span.from, span.to].map((moment) => clock(moment, zone, span));
  const [fromDay, toDay] = [span.from, span.to].map((moment) => day(fields(moment, zone)[0], now, zone));
  return `${joined(fromDay, clocks[0])} – ${fromDay === toDay ? clocks[1] : joined(toDay || 'today', clocks[1])}`;
}

/** "this hour", "these 15 minutes", "this time": how an empty state speaks of it. */
export function rangeInWords(range: TimeRange): string {
  if (isEverything(range)) return 'in all of the history';
  if (range.to === 'now' && isRelative(range.from)) return `in the last ${inWords(range.from)}`;
  return 'in this time';
}

/** `1h` is "hour", `36h` is "36 hours". */
export function inWords(age: string): string {
  const count = Number.parseFloat(age);
  const word = WORDS[age.at(-1) ?? ''] ?? '';
  return count === 1 ? word : `${count} ${word}s`;
}

/** To the second, and the day where it is not today: `20 Nov 14:47:52`. */
export function secondWords(moment: number, zone: Zone, now: number): string {
  const [date, time] = fields(moment, zone);
  return joined(day(date, now, zone), time.slice(0, 8));
}

function one(canonical: string, zone: Zone, now: number): string {
  if (canonical === 'now') return 'now';
  if (isRelative(canonical))
    return `${Number.parseFloat(canonical) === 1 ? '1 ' : ''}${inWords(canonical)} ago`;
  const moment = momentOf(canonical, now) ?? 0;
  return joined(day(fields(moment, zone)[0], now, zone), clock(moment, zone, { from: moment, to: moment }));
}

function joined(day: string, clock: string): string {
  return day ? `${day} ${clock}` : clock;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Nothing for today, the year only where it is another one. */
function day(date: string, now: number, zone: Zone): string {
  const [today] = fields(now, zone);
  if (date === today) return '';
  const [year, month, number] = date.split('-');
  return `${Number(number)} ${MONTHS[Number(month) - 1]}${today.startsWith(year) ? '' : ` ${year}`}`;
}

/** As exactly as both ends need it, but milliseconds only where the range is short. */
function clock(moment: number, zone: Zone, { from, to }: Span): string {
  const [, time] = fields(moment, zone);
  if (to - from < SHORT_MS && (from % 1000 !== 0 || to % 1000 !== 0)) return time;
  return from % 60_000 !== 0 || to % 60_000 !== 0 ? time.slice(0, 8) : time.slice(0, 5);
}
