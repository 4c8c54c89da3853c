import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeText } from '../../pipeline/line-time.js';
import { parseTime } from './time.js';

const NOW = Date.parse('2026-11-22T12:00:00.250Z');

test.each([
  ['now', '2026-11-22T12:00:00.250000000Z'],
  ['15m', '2026-11-22T11:45:00.250000000Z'],
  ['7d', '2026-11-15T12:00:00.250000000Z'],
  ['2026-11-22T03:00:00Z', '2026-11-22T03:00:00.000000000Z'],
  ['2026-11-22t03:00:00.5z', '2026-11-22T03:00:00.500000000Z'],
  ['2026-11-22T03:00:00.123456789+02:00', '2026-11-22T01:00:00.123456789Z'],
  ['2026-11-22T03:00:00 02:00', '2026-11-22T01:00:00.000000000Z'],
  ['2026-11-22 03:00:00-01:30', '2026-11-22T04:30:00.000000000Z'],
  ['1700000000', '2023-11-14T22:13:20.000000000Z'],
  ['1700000000.000000001', '2023-11-14T22:13:20.000000001Z'],
  ['1960-01-01T00:00:00Z', '1970-01-01T00:00:00.000000000Z'],
  ['0', '1970-01-01T00:00:00.000000000Z'],
  ['90000d', '1970-01-01T00:00:00.000000000Z'],
])('%s is %s', (text, expected) => {
  const time = parseTime(text, NOW);
  expect(time && timeText(time.seconds, time.nanos)).toBe(expected);
});

test.each([
  '',
  ' ',
  'yesterday',
  '2026-11-22',
  '2026-13-40T00:00:00Z',
  '-5',
  '1e9',
  '99999999999',
  '15 parsecs',
  'NaN',
])('"%s" is no time', (text) => {
  expect(parseTime(text, NOW)).toBeUndefined();
});

test('what is told as a time is read as that time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      (seconds, nanos) => {
        expect(parseTime(timeText(seconds, nanos), NOW)).toEqual({ seconds, nanos });
      },
    ),
  );
});
