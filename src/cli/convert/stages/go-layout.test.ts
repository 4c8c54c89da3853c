/** Go's layouts, by a formatter of their own: what it writes is read as the same time. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CivilTime } from '../../../processors/timestamp/civil.js';
import { timeReader } from '../../../processors/timestamp/formats.js';
import { timeFormat } from './go-layout.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const two = (value: number): string => String(value).padStart(2, '0');

/** As Go writes a time of UTC; each part of a layout is one of these. */
const PARTS: Readonly<Record<string, (time: Date) => string>> = {
  '2006': (time) => String(time.getUTCFullYear()),
  '01': (time) => two(time.getUTCMonth() + 1),
  '1': (time) => String(time.getUTCMonth() + 1),
  Jan: (time) => MONTHS[time.getUTCMonth()].slice(0, 3),
  January: (time) => MONTHS[time.getUTCMonth()],
  '02': (time) => two(time.getUTCDate()),
  _2: (time) => String(time.getUTCDate()).padStart(2),
  '2': (time) => String(time.getUTCDate()),
  '15': (time) => two(time.getUTCHours()),
  '04': (time) => two(time.getUTCMinutes()),
  '05': (time) => two(time.getUTCSeconds()),
  '.000': (time) => `.${String(time.getUTCMilliseconds()).padStart(3, '0')}`,
  ',000': (time) => `,${String(time.getUTCMilliseconds()).padStart(3, '0')}`,
  'Z07:00': () => 'Z',
  '-0700': () => '+0000',
  MST: () => 'UTC',
};

test('a layout reads what Go writes by it', () => {
  const one = (...parts: string[]): fc.Arbitrary<string> => fc.constantFrom(...parts);
  const layout = fc.tuple(
    fc.tuple(one('01', '1', 'Jan', 'January'), one('02', '_2', '2')),
    one('-', '/', ' ', ' % '),
    one(' ', 'T', ', '),
    one('.000', ',000'),
    one('Z07:00', '-0700', ' MST'),
  );
  const date = fc.date({ min: new Date('1980-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(layout, date, ([[month, day], sign, gap, fraction, zone], date) => {
      const parts = [
        month,
        sign,
        day,
        sign,
        '2006',
        gap,
        '15',
        ':',
        '04',
        ':',
        '05',
        fraction,
        ...(zone.startsWith(' ') ? [' ', zone.trim()] : [zone]),
      ];
      const written = Buffer.from(
        parts.map((part) => (Object.hasOwn(PARTS, part) ? PARTS[part](date) : part)).join(''),
      );
      const format = timeFormat(parts.join(''));
      const time = new CivilTime();
      expect(format).toBeDefined();
      expect(
        timeReader(format ?? '')(written, 0, written.length, time),
        `${format} reads ${written.toString()}`,
      ).toBe(true);
      const read = Date.UTC(
        time.year,
        time.month - 1,
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.nanos / 1e6,
      );
      expect(new Date(read).toISOString()).toBe(date.toISOString());
    }),
    { numRuns: 500 },
  );
});

test('layouts with names', () => {
  expect(
    ['RFC3339', 'RFC3339Nano', 'Unix', 'UnixMs', 'UnixNs', 'RFC1123'].map((name) => timeFormat(name)),
  ).toEqual(['rfc3339', 'rfc3339', 'unix', 'unix_ms', 'unix_ns', 'rfc1123']);
  expect(timeFormat('ANSIC')).toBe('%a %b %e %H:%M:%S %Y');
  expect(timeFormat('RFC822Z')).toBe('%d %b %y %H:%M %z');
  expect(timeFormat('3:04:05 PM')).toBe('%I:%M:%S %p');
  expect(timeFormat('2006-002')).toBeUndefined();
});
