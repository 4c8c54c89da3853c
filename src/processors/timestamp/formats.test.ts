import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CivilTime } from './civil.js';
import { TIME_FORMATS, timeReader } from './formats.js';
import { Zone } from './zone.js';

const NEAR = Date.UTC(2026, 10, 22, 12) / 1000;

/** As text in UTC with nine digits; undefined where it is no time. */
function read(format: string, text: string, zone = 'UTC', near = NEAR): string | undefined {
  const civil = new CivilTime();
  const data = Buffer.from(`9${text}9`);
  if (!timeReader(format)(data, 1, data.length - 1, civil)) return undefined;
  const seconds = civil.seconds(new Zone(zone), near);
  if (Number.isNaN(seconds)) return undefined;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(civil.nanos).padStart(9, '0')}`;
}

const AT = '2026-11-22T11:00:00';

describe('Formats', () => {
  test.each<[format: string, text: string, expected: string | undefined]>([
    ['rfc3339', '2026-11-22T11:00:00Z', `${AT}.000000000`],
    ['rfc3339', '2026-11-22T11:00:00.123456789Z', `${AT}.123456789`],
    ['rfc3339', '2026-11-22t11:00:00.5z', `${AT}.500000000`],
    ['rfc3339', '2026-11-22 12:00:00,123+01:00', `${AT}.123000000`],
    ['rfc3339', '2026-11-22T12:00:00+0100', `${AT}.000000000`],
    ['rfc3339', '2026-11-22T04:30:00.1234567891234-06:30', `${AT}.123456789`],
    ['rfc3339', '2026-11-22 11:00:00 +00', `${AT}.000000000`],
    ['rfc3339', '2026-11-22T11:00:00', `${AT}.000000000`],
    ['rfc3339', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000000000'],
    ['rfc3339', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000000'],
    ['rfc3339', '2023-02-29T00:00:00Z', undefined],
    ['rfc3339', '2100-02-29T00:00:00Z', undefined],
    ['rfc3339', '2026-13-01T00:00:00Z', undefined],
    ['rfc3339', '2026-00-01T00:00:00Z', undefined],
    ['rfc3339', '2026-11-31T00:00:00Z', undefined],
    ['rfc3339', '2026-11-22T24:00:00Z', undefined],
    ['rfc3339', '2026-11-22T11:60:00Z', undefined],
    ['rfc3339', '2026-11-22T11:00:00.Z', undefined],
    ['rfc3339', '2026-11-22T11:00:00+24:00', undefined],
    ['rfc3339', '2026-11-22T11:00:00+1', undefined],
    ['rfc3339', '2026-11-22T11:00:00+01:', undefined],
    ['rfc3339', '2026-11-22', undefined],
    ['rfc3339', '2026-11-22T11:00:00Z and more', undefined],
    ['rfc3339', '', undefined],
    ['rfc1123', 'Sun, 22 Nov 2026 11:00:00 GMT', `${AT}.000000000`],
    ['rfc1123', 'Sun, 22 Nov 2026 12:00:00 +0100', `${AT}.000000000`],
    ['rfc1123', 'Sun, 22 Nov 2026 12:00:00 EST', undefined],
    ['clf', '22/Nov/2026:12:00:00 +0100', `${AT}.000000000`],
    ['clf', '22/Now/2026:12:00:00 +0100', undefined],
    ['syslog', 'Nov 22 11:00:00', `${AT}.000000000`],
    ['syslog', 'Nov  2 11:00:00', '2026-11-02T11:00:00.000000000'],
    ['klog', '1122 11:00:00.123456', `${AT}.123456000`],
    ['klog', '20261122 11:00:00.123456', `${AT}.123456000`],
    ['unix', '1795345200', `${AT}.000000000`],
    ['unix', '1795345200.123456789123', `${AT}.123456789`],
    ['unix', '0', '1970-01-01T00:00:00.000000000'],
    ['unix', '1795345200123', undefined],
    ['unix', '1.7e9', undefined],
    ['unix', '-1', undefined],
    ['unix', '1795345200.', undefined],
    ['unix', '1'.repeat(400), undefined],
    ['unix_ms', '1795345200123', `${AT}.123000000`],
    ['unix_ms', '1795345200123.25', `${AT}.123250000`],
    ['unix_ms', '12', '1970-01-01T00:00:00.012000000'],
    ['unix_us', '1795345200123456', `${AT}.123456000`],
    ['unix_ns', '1795345200123456789', `${AT}.123456789`],
    ['%d.%m.%Y %H:%M', '22.11.2026 11:00', `${AT}.000000000`],
    ['%Y-%m-%d %H:%M:%S%f', '2026-11-22 11:00:00,25', `${AT}.250000000`],
    ['%Y-%m-%d %H:%M:%S%f', '2026-11-22 11:00:00', `${AT}.000000000`],
    ['%F %T.%f', '2026-11-22 11:00:00.25', `${AT}.250000000`],
    ['%b %e, %Y %I:%M:%S %p', 'Nov 22, 2026 11:00:00 AM', `${AT}.000000000`],
    ['%B %e, %Y %I:%M:%S %p', 'november 22, 2026 11:00:00 PM', '2026-11-22T23:00:00.000000000'],
    ['%B %e, %Y %I:%M:%S %p', 'November 22, 2026 12:00:00 AM', '2026-11-22T00:00:00.000000000'],
    ['%B %e, %Y %I:%M:%S %p', 'November 22, 2026 12:00:00 PM', '2026-11-22T12:00:00.000000000'],
    ['%B %e, %Y %I:%M:%S %p', 'November 22, 2026 13:00:00 PM', undefined],
    ['%A %d %h %y %R %Z', 'Sunday 22 Nov 26 11:00 UTC', `${AT}.000000000`],
    ['%d/%m/%y %R', '22/11/69 11:00', '1969-11-22T11:00:00.000000000'],
    ['%s%f', '1795345200.5', `${AT}.500000000`],
    ['100%% %s', '100% 1795345200', `${AT}.000000000`],
    ['%m/%d/%Y', '11/22/2026', '2026-11-22T00:00:00.000000000'],
    ['[%m/%d/%Y]', '[11/22/2026', undefined],
  ])('%s: %s', (format, text, expected) => {
    expect(read(format, text)).toBe(expected);
  });

  test('digits of every unit are told apart by their number', () => {
    const units = ['unix', 'unix_ms', 'unix_us', 'unix_ns'];
    const digits = ['1795345200', '1795345200123', '1795345200123456', '1795345200123456789'];
    expect(digits.map((text) => units.find((unit) => read(unit, text) !== undefined))).toEqual(units);
  });

  test.each([
    ['%Q %d %m', '%Q is not known'],
    ['%H:%M', 'it tells no day'],
    ['iso8601', 'a format is one of rfc3339, rfc1123'],
    ['%d %m %', '% is not known'],
  ])('%s is refused: %s', (format, message) => {
    expect(() => timeReader(format)).toThrow(message);
  });

  test('every time that was written comes back; no text throws, and none is read beyond its end', () => {
    const time = fc.date({ min: new Date(0), max: new Date(4_294_967_295_000), noInvalidDate: true });
    const civil = new CivilTime();
    const utc = new Zone('UTC');
    const writers: Readonly<Record<string, (date: Date) => string>> = {
      rfc3339: (date) => date.toISOString(),
      rfc1123: (date) => date.toUTCString(),
      unix: (date) => String(Math.floor(date.getTime() / 1000)),
      unix_ms: (date) => String(date.getTime()),
      '%d.%m.%Y %H:%M:%S': (date) => {
        const [y, m, d, clock] = date.toISOString().split(/[-T.]/);
        return `${d}.${m}.${y} ${clock}`;
      },
    };
    fc.assert(
      fc.property(time, fc.constantFrom(...Object.keys(writers)), (date, format) => {
        const data = Buffer.from(writers[format](date));
        expect(timeReader(format)(data, 0, data.length, civil)).toBe(true);
        expect(civil.seconds(utc, NEAR)).toBe(Math.floor(date.getTime() / 1000));
      }),
      { numRuns: 500 },
    );
    const text = fc.array(fc.constantFrom(...'0123456789-/:.,+ TZNovSun%'.split('')), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.constantFrom(...TIME_FORMATS), (chars, format) => {
        const alone = read(format, chars.join(''));
        const around = new CivilTime();
        const data = Buffer.from(`2026${chars.join('')}00 00`);
        const isRead = timeReader(format)(data, 4, data.length - 5, around);
        expect(isRead && !Number.isNaN(around.seconds(utc, NEAR))).toBe(alone !== undefined);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('A year that is missing', () => {
  test.each([
    ['Dec 31 23:59:59', '2026-01-01T00:00:10Z', '2025-12-31T23:59:59'],
    ['Jan  1 00:00:01', '2025-12-31T23:59:50Z', '2026-01-01T00:00:01'],
    ['Feb 29 12:00:00', '2025-01-10T00:00:00Z', '2024-02-29T12:00:00'],
    ['Feb 29 12:00:00', '2026-06-01T00:00:00Z', undefined],
    ['Jun 15 00:00:00', '2026-11-22T00:00:00Z', '2026-06-15T00:00:00'],
  ])('%s, read at %s', (text, near, expected) => {
    expect(read('syslog', text, 'UTC', Date.parse(near) / 1000)).toBe(expected && `${expected}.000000000`);
  });
});

describe('Zones', () => {
  test.each([
    // Berlin: forward at 2026-03-29 02:00, back at 2026-10-25 03:00.
    ['Europe/Berlin', '2026-01-15 12:00:00', NEAR, '2026-01-15T11:00:00'],
    ['Europe/Berlin', '2026-07-15 12:00:00', NEAR, '2026-07-15T10:00:00'],
    ['Europe/Berlin', '2026-03-29 01:59:59', NEAR, '2026-03-29T00:59:59'],
    ['Europe/Berlin', '2026-03-29 02:30:00', NEAR, '2026-03-29T01:30:00'],
    ['Europe/Berlin', '2026-03-29 03:00:00', NEAR, '2026-03-29T01:00:00'],
    ['Europe/Berlin', '2026-10-25 02:30:00', Date.UTC(2026, 9, 25, 0, 31) / 1000, '2026-10-25T00:30:00'],
    ['Europe/Berlin', '2026-10-25 02:30:00', Date.UTC(2026, 9, 25, 1, 29) / 1000, '2026-10-25T01:30:00'],
    ['Europe/Berlin', '2026-10-25 01:59:59', NEAR, '2026-10-24T23:59:59'],
    ['Europe/Berlin', '2026-10-25 03:00:00', NEAR, '2026-10-25T02:00:00'],
    ['America/New_York', '2026-11-01 01:30:00', Date.UTC(2026, 10, 1, 5, 30) / 1000, '2026-11-01T05:30:00'],
    ['America/New_York', '2026-11-01 01:30:00', Date.UTC(2026, 10, 1, 6, 30) / 1000, '2026-11-01T06:30:00'],
    ['Asia/Kathmandu', '2026-11-22 12:00:00', NEAR, '2026-11-22T06:15:00'],
    // Half an hour, at 02:00 local time.
    ['Australia/Lord_Howe', '2026-10-04 02:15:00', NEAR, '2026-10-03T15:45:00'],
    [
      'Australia/Lord_Howe',
      '2026-04-05 01:45:00',
      Date.UTC(2026, 3, 4, 14, 45) / 1000,
      '2026-04-04T14:45:00',
    ],
    // A day that Samoa left out.
    ['Pacific/Apia', '2011-12-30 12:00:00', NEAR, '2011-12-30T22:00:00'],
    ['Europe/Berlin', '2026-07-15 12:00:00Z', NEAR, '2026-07-15T12:00:00'],
  ])('%s %s', (zone, text, near, expected) => {
    expect(read('rfc3339', text, zone, near)).toBe(`${expected}.000000000`);
  });

  test('a name that is none', () => {
    expect(() => new Zone('Europe/Atlantis')).toThrow('Europe/Berlin');
  });

  test('every moment comes back from its local time', () => {
    const zones = [
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Tokyo',
    ];
    const moment = fc.integer({ min: 0, max: 4_000_000_000 });
    // Near changes of the clocks in Berlin too.
    const change = fc.integer({ min: -7200, max: 7200 }).map((by) => Date.UTC(2026, 9, 25, 1) / 1000 + by);
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.oneof(moment, change), (name, seconds) => {
        const text = new Date(seconds * 1000).toLocaleString('sv-SE', { timeZone: name });
        expect(read('rfc3339', text, name, seconds)).toBe(
          `${new Date(seconds * 1000).toISOString().slice(0, 19)}.000000000`,
        );
      }),
      { numRuns: 150 },
    );
  });
});
