import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clockText, dayText, millisOf, momentText, nextNano, wholeText } from './time.js';

const TIME = '2026-11-21T21:40:00.123456789Z';

it('times of the agent for people, in either zone', () => {
  expect(clockText(TIME, 'utc')).toBe('21:40:00.123');
  expect(dayText(TIME, 'utc')).toBe('2026-11-21');
  expect(wholeText(TIME, 'utc')).toBe('2026-11-21 21:40:00.123456789 UTC');
  expect(momentText(millisOf(TIME), 'utc')).toBe('2026-11-21 21:40:00');
  const local = new Date(Date.UTC(2026, 10, 21, 21, 40, 0, 123));
  expect(clockText(TIME, 'local')).toBe(`${local.toTimeString().slice(0, 8)}.123`);
  expect(wholeText(TIME, 'local')).toMatch(/^2026-11-2[12] \d\d:\d0:00\.123456789 [+-]\d\d:\d\d$/);
});

it('milliseconds are those of the date, whatever digits the fraction has', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.nat(999_999), (ms, nanos) => {
      const time = `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`;
      expect(millisOf(time)).toBe(ms);
    }),
  );
  expect(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z'].map((time) => millisOf(time) % 1000)).toEqual([
    0, 500,
  ]);
});

it('the next nanosecond is later than this one, and by no more', () => {
  expect(nextNano(TIME)).toBe('2026-11-21T21:40:00.123456790Z');
  expect(nextNano('2026-12-31T23:59:59.999999999Z')).toBe('2027-01-01T00:00:00.000000000Z');
  expect(nextNano('2026-11-21T21:40:00Z')).toBe('2026-11-21T21:40:00.000000001Z');
});
