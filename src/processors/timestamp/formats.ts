/**
 * How times are written. Own formats are in strftime's notation (strftime.ts), as most named ones are here too.
 *
 *   rfc3339   2026-11-22T12:00:00.123Z, with a space or `t` for the T, a comma for the dot, a zone +0100, +01 or none
 *   rfc1123   Sun, 22 Nov 2026 12:00:00 GMT          clf    22/Nov/2026:12:00:00 +0000
 *   syslog    Nov 22 12:00:00                        klog   1122 12:00:00.123456, 20261122 12:00:00.123456
 *   unix, unix_ms, unix_us, unix_ns                  a number, with a fraction or without
 */
import { isDigit } from '../../query/ascii.js';
import type { CivilTime } from './civil.js';
import { compileStrftime, offset, partsOf, readerOf } from './strftime.js';

/** Reads all of data[from .. to); false where it is not written so. */
export type TimeReader = (data: Buffer, from: number, to: number, into: CivilTime) => boolean;

const ZERO = 0x30;
const [DOT, SPACE, LOWER_T] = Buffer.from('. t');

const NAMED: Readonly<Record<string, TimeReader>> = {
  rfc3339: readerOf([...partsOf('%F'), dayEnd, ...partsOf('%T%f'), zoneOrNone]),
  rfc1123: either(compileStrftime('%a, %d %b %Y %H:%M:%S %z'), compileStrftime('%a, %d %b %Y %H:%M:%S %Z')),
  clf: compileStrftime('%d/%b/%Y:%H:%M:%S %z'),
  syslog: compileStrftime('%b %e %H:%M:%S'),
  klog: either(compileStrftime('%m%d %H:%M:%S.%f'), compileStrftime('%Y%m%d %H:%M:%S.%f')),
  unix: unixReader(0),
  unix_ms: unixReader(3),
  unix_us: unixReader(6),
  unix_ns: unixReader(9),
};

export const TIME_FORMATS: readonly string[] = Object.keys(NAMED);

/** Throws a SyntaxError for what is neither a name nor in strftime's notation. */
export function timeReader(format: string): TimeReader {
  if (Object.hasOwn(NAMED, format)) return NAMED[format];
  if (!format.includes('%'))
    throw new SyntaxError(`a format is one of ${TIME_FORMATS.join(', ')}, or as %Y-%m-%d %H:%M:%S`);
  return compileStrftime(format);
}

/** T, t, or a space. */
function dayEnd(data: Buffer, at: number, to: number): number {
  return at < to && ((data[at] | 0x20) === LOWER_T || data[at] === SPACE) ? at + 1 : -1;
}

function zoneOrNone(data: Buffer, at: number, to: number, into: CivilTime): number {
  return at === to ? at : offset(data, data[at] === SPACE ? at + 1 : at, to, into);
}

function either(first: TimeReader, second: TimeReader): TimeReader {
  return (data, from, to, into) => first(data, from, to, into) || second(data, from, to, into);
}

/** Numbers of seconds times 10 ** `scale`. What would be a time beyond 2106 is none: it is of a smaller unit. */
function unixReader(scale: number): TimeReader {
  return (data, from, to, into) => {
    let at = from;
    while (at < to && isDigit(data[at])) at++;
    if (at === from) return false;
    const whole = Math.max(from, at - scale);
    let epoch = 0;
    for (let i = from; i < whole; i++) epoch = epoch * 10 + data[i] - ZERO;
    if (epoch > 0xffff_ffff) return false;
    let nanos = 0;
    let places = 9 - scale;
    for (let i = whole; i < at; i++) nanos = nanos * 10 + data[i] - ZERO;
    if (at < to) {
      if (data[at] !== DOT || at + 1 === to) return false;
      for (at++; at < to && isDigit(data[at]); at++) {
        if (places === 0) continue;
        nanos = nanos * 10 + data[at] - ZERO;
        places--;
      }
      if (at < to) return false;
    }
    into.clear();
    into.epoch = epoch;
    into.nanos = nanos * 10 ** places;
    return true;
  };
}
