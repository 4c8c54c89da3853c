/**
 * Moments as people type them and as the address and the API have them.
 *
 * Canonical: `now`, an age (`15m`, `36h`, `7d`: that long ago) or RFC 3339 in UTC (`2026-11-22T13:00:00.000Z`).
 * Typed besides: `now-15m`, `15m ago`, `2026-11-22`, `2026-11-22 13:00[:05[.123]]`, `13:00[:05]` (today), seconds since 1970,
 * RFC 3339 with any offset. What has no offset is read in the zone that the page shows.
 */
import type { Zone } from '../lib/time.js';

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const AGE = /^(\d{1,6}(?:\.\d{1,3})?)\s*([smhdw])$/;
const TYPED_AGE = /^(?:now\s*-\s*)?(\d{1,6}(?:\.\d{1,3})?)\s*([a-z]+?)(?:\s+ago)?$/;
const UNIT_WORDS: Record<string, string> = {
  s: 's',
  sec: 's',
  second: 's',
  m: 'm',
  min: 'm',
  minute: 'm',
  h: 'h',
  hour: 'h',
  d: 'd',
  day: 'd',
  w: 'w',
  week: 'w',
};
const STAMP =
  /^(\d{4})-(\d{2})-(\d{2})(?:[t\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(z|utc|[+-]\d{2}:?\d{2})?)?$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;
const SECONDS = /^\d{9,11}(?:\.\d{1,9})?$/;

/** Milliseconds since 1970, or null where `canonical` is none of the canonical forms. */
export function momentOf(canonical: string, now: number): number | null {
  if (canonical === 'now') return now;
  const age = AGE.exec(canonical);
  if (age) return now - Number(age[1]) * UNITS[age[2]];
  if (SECONDS.test(canonical)) return Number(canonical) * 1000;
  return stamp(canonical.toLowerCase(), 'utc');
}

/** The canonical form of what somebody typed, or null where it is not understood. */
export function readMoment(typed: string, zone: Zone, now: number): string | null {
  const text = typed.trim().toLowerCase();
  if (text === 'now') return 'now';
  const age = TYPED_AGE.exec(text);
  if (age) {
    const unit = UNIT_WORDS[age[2]] ?? UNIT_WORDS[age[2].replace(/s$/, '')];
    return unit === undefined ? null : `${age[1]}${unit}`;
  }
  if (SECONDS.test(text)) return isoOf(Number(text) * 1000);
  const clock = CLOCK.exec(text);
  const moment = clock ? today(clock, zone, now) : stamp(text, zone);
  return moment === null ? null : isoOf(moment);
}

/** True for ages and `now`: what moves with the clock. */
export function isRelative(canonical: string): boolean {
  return canonical === 'now' || AGE.test(canonical);
}

/** The last second that the agent knows. */
const LAST_MS = (2 ** 32 - 1) * 1000;

/** Whole milliseconds are kept; what is before 1970 or after 2106 is not. */
export function isoOf(moment: number): string {
  return new Date(Math.min(Math.max(Math.round(moment), 0), LAST_MS)).toISOString();
}

/** As it stands in the picker's fields, and is read back by readMoment: `2026-11-22 13:00:05`, with `.123` where there are any. */
export function typedForm(canonical: string, zone: Zone): string {
  if (isRelative(canonical)) return canonical;
  const moment = momentOf(canonical, 0);
  if (moment === null) return canonical;
  const [date, time] = fields(moment, zone);
  return `${date} ${time.replace(/\.000$/, '')}`;
}

/** Date and time of day in a zone: `2026-11-22`, `13:00:05.123`. */
export function fields(moment: number, zone: Zone): [date: string, time: string] {
  // Shifting by the offset of that very moment makes local fields of UTC ones, daylight saving included.
  const shift = zone === 'utc' ? 0 : -new Date(moment).getTimezoneOffset() * 60_000;
  const iso = new Date(moment + shift).toISOString();
  return [iso.slice(0, 10), iso.slice(11, 23)];
}

function today([, hour, minute, second, fraction]: RegExpExecArray, zone: Zone, now: number): number | null {
  const [date] = fields(now, zone);
  const [year, month, day] = date.split('-').map(Number);
  return combine(zone, [year, month, day, Number(hour), Number(minute), Number(second ?? 0)], fraction);
}

function stamp(text: string, zone: Zone): number | null {
  const parts = STAMP.exec(text);
  if (!parts) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction, offset] = parts;
  const numbers = [year, month, day, hour, minute, second].map(Number);
  if (offset === undefined) return combine(zone, numbers, fraction);
  const moment = combine('utc', numbers, fraction);
  return moment === null ? null : moment - offsetOf(offset);
}

function offsetOf(offset: string): number {
  if (!/\d/.test(offset)) return 0;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))];
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Null for a 30th of February or a 25th hour, which Date would carry over. */
function combine(zone: Zone, numbers: number[], fraction = ''): number | null {
  const [year, month, day, hour, minute, second] = numbers;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 || year < 1970)
    return null;
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  return zone === 'utc'
    ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
    : new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}
