/**
 * Times in strftime's notation, read:
 *
 *   %Y 2026  %y 26  %m 11  %d %e 22  %H 12  %I 1 to 12  %M 05  %S 09  %p AM PM  %f a fraction's digits  %s seconds since 1970
 *   %b %h %B Nov November  %a %A Sun Sunday  %z +0100 +01:00 +01 Z  %Z UTC GMT Z  %F %Y-%m-%d  %T %H:%M:%S  %R %H:%M  %% %
 *
 * Numbers may be shorter but not longer. A space stands for one or more; case counts for nothing in names. %f takes the dot or
 * comma in front of it where the format has none, and may then be missing: %S%f reads 09, 09.5 and 09,123456789.
 */
import { isDigit } from '../../query/ascii.js';
import type { CivilTime } from './civil.js';
import type { TimeReader } from './formats.js';

const ZERO = 0x30;
const [SPACE, DOT, COMMA, COLON, PLUS, MINUS, LOWER_Z, LOWER_A, LOWER_P, LOWER_M] = Buffer.from(' .,:+-zapm');
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july']
  .concat(['august', 'september', 'october', 'november', 'december'])
  .map((name) => Buffer.from(name));
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((name) =>
  Buffer.from(name),
);
const SHORT = 3;
const LONGER: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  h: '%b',
  B: '%b',
  A: '%a',
};

/** Reads one part; answers the place behind it, or -1. */
export type Part = (data: Buffer, at: number, to: number, into: CivilTime) => number;

/** Throws a SyntaxError. */
export function compileStrftime(format: string): TimeReader {
  const told = new Set<string>();
  const parts = partsOf(format, told);
  const isWhole = told.has('s') || ((told.has('d') || told.has('e')) && (told.has('m') || told.has('b')));
  if (!isWhole) throw new SyntaxError('it tells no day: %d and %m or %b, or %s, must be there');
  return readerOf(parts);
}

/** The parts one after the other, and nothing behind them. */
export function readerOf(parts: readonly Part[]): TimeReader {
  return (data, from, to, into) => {
    into.clear();
    let at = from;
    for (const part of parts) {
      at = part(data, at, to, into);
      if (at < 0) return false;
    }
    return at === to;
  };
}

export function partsOf(format: string, told = new Set<string>()): Part[] {
  const parts: Part[] = [];
  for (const [piece, letter] of format.matchAll(/%(.?)|\s+|[^%\s]/gsu)) {
    if (piece.trim() === '') parts.push(spaces);
    else if (letter === undefined) parts.push(literal(piece));
    else if (letter === '%') parts.push(literal('%'));
    else if (Object.hasOwn(LONGER, letter)) parts.push(...partsOf(LONGER[letter], told));
    else {
      const part = Object.hasOwn(PARTS, letter) ? PARTS[letter] : undefined;
      if (!part) throw new SyntaxError(`%${letter} is not known; known are %${KNOWN}`);
      told.add(letter);
      parts.push(part);
    }
  }
  return parts;
}

let which = 0;

/** A number of so many digits at most. */
function number(digits: number, set: (into: CivilTime, value: number) => void): Part {
  return (data, at, to, into) => {
    const last = Math.min(to, at + digits);
    const from = at;
    let value = 0;
    for (; at < last && isDigit(data[at]); at++) value = value * 10 + data[at] - ZERO;
    if (at === from) return -1;
    set(into, value);
    return at;
  };
}

function literal(text: string): Part {
  const bytes = Buffer.from(text);
  return (data, at, to) => {
    if (at + bytes.length > to) return -1;
    for (let i = 0; i < bytes.length; i++) if (data[at + i] !== bytes[i]) return -1;
    return at + bytes.length;
  };
}

const spaces: Part = (data, at, to) => {
  const from = at;
  while (at < to && data[at] === SPACE) at++;
  return at > from ? at : -1;
};

const day = number(2, (into, value) => {
  into.day = value;
});

const fraction: Part = (data, at, to, into) => {
  const hasMark = at < to && (data[at] === DOT || data[at] === COMMA);
  const from = hasMark ? at + 1 : at;
  let nanos = 0;
  let places = 9;
  for (at = from; at < to && isDigit(data[at]); at++) {
    if (places === 0) continue;
    nanos = nanos * 10 + data[at] - ZERO;
    places--;
  }
  into.nanos = nanos * 10 ** places;
  return hasMark && at === from ? -1 : at;
};

/** +0100, +01:00, +01 and Z. */
export const offset: Part = (data, at, to, into) => {
  if (at < to && lower(data[at]) === LOWER_Z) {
    into.offset = 0;
    return at + 1;
  }
  if (at + 3 > to || (data[at] !== PLUS && data[at] !== MINUS)) return -1;
  const hours = twoDigits(data, at + 1, to);
  const isApart = data[at + 3] === COLON && at + 3 < to;
  const minutesAt = isApart ? at + 4 : at + 3;
  const minutes = twoDigits(data, minutesAt, to);
  if (hours < 0 || hours > 23 || minutes > 59 || (minutes < 0 && isApart)) return -1;
  const seconds = hours * 3600 + Math.max(0, minutes) * 60;
  into.offset = data[at] === PLUS ? seconds : -seconds;
  return minutes < 0 ? minutesAt : minutesAt + 2;
};

/** The short or the long name of one of them; leaves which in `which`. */
function named(names: readonly Buffer[], data: Buffer, at: number, to: number): number {
  which = names.findIndex((name) => standsAt(name, SHORT, data, at, to));
  if (which < 0) return -1;
  const name = names[which];
  return at + (standsAt(name, name.length, data, at, to) ? name.length : SHORT);
}

function standsAt(name: Buffer, length: number, data: Buffer, at: number, to: number): boolean {
  if (at + length > to) return false;
  for (let i = 0; i < length; i++) if (lower(data[at + i]) !== name[i]) return false;
  return true;
}

function twoDigits(data: Buffer, at: number, to: number): number {
  return at + 2 <= to && isDigit(data[at]) && isDigit(data[at + 1])
    ? (data[at] - ZERO) * 10 + data[at + 1] - ZERO
    : -1;
}

function lower(byte: number): number {
  return byte | 0x20;
}

const PARTS: Readonly<Record<string, Part>> = {
  Y: number(4, (into, value) => {
    into.year = value;
  }),
  y: number(2, (into, value) => {
    into.year = value < 69 ? 2000 + value : 1900 + value;
  }),
  m: number(2, (into, value) => {
    into.month = value;
  }),
  d: day,
  e: (data, at, to, into) => day(data, Math.max(at, spaces(data, at, to, into)), to, into),
  H: number(2, (into, value) => {
    into.hour = value;
  }),
  // 12 is 0 o'clock, and midday is 12 hours later.
  I: number(2, (into, value) => {
    into.hour = value > 12 || value === 0 ? 99 : into.hour + (value % 12);
  }),
  p: (data, at, to, into) => {
    const isPm = lower(data[at]) === LOWER_P;
    const isAm = lower(data[at]) === LOWER_A;
    if (at + 2 > to || (!isPm && !isAm) || lower(data[at + 1]) !== LOWER_M) return -1;
    if (isPm) into.hour += 12;
    return at + 2;
  },
  M: number(2, (into, value) => {
    into.minute = value;
  }),
  S: number(2, (into, value) => {
    into.second = value;
  }),
  f: fraction,
  s: (data, at, to, into) => {
    let epoch = 0;
    const from = at;
    for (; at < to && isDigit(data[at]); at++) epoch = epoch * 10 + data[at] - ZERO;
    into.epoch = epoch;
    return at === from || at - from > 12 ? -1 : at;
  },
  b: (data, at, to, into) => {
    const behind = named(MONTHS, data, at, to);
    into.month = which + 1;
    return behind;
  },
  a: (data, at, to) => named(WEEKDAYS, data, at, to),
  z: offset,
  Z: (data, at, to, into) => {
    into.offset = 0;
    if (at < to && lower(data[at]) === LOWER_Z) return at + 1;
    const word = data.toString('latin1', at, Math.min(to, at + 3)).toUpperCase();
    return word === 'UTC' || word === 'GMT' ? at + 3 : -1;
  },
};
const KNOWN = [...Object.keys(PARTS), ...Object.keys(LONGER), '%'].join(' %');
