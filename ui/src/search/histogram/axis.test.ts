import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partsOf, roundTop, timeTicks } from './axis.js';

const zoneBefore = process.env['TZ'];
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

const at = (text: string): number => Date.parse(text);

it('ticks are round on the clock of the zone', () => {
  const hour = timeTicks(at('2026-11-22T12:03:00Z'), at('2026-11-22T13:03:00Z'), 6, 'utc');
  expect(hour.map(({ label }) => label)).toEqual(['12:10', '12:20', '12:30', '12:40', '12:50', '13:00']);
  const night = timeTicks(at('2026-11-21T20:00:00Z'), at('2026-11-22T05:00:00Z'), 5, 'local');
  expect(night.map(({ label }) => label)).toEqual(['22:00', '22 Nov', '02:00', '04:00', '06:00']);
  const blink = timeTicks(at('2026-11-22T12:00:00.100Z'), at('2026-11-22T12:00:00.500Z'), 4, 'utc');
  expect(blink.map(({ label }) => label)).toEqual(['00.100', '00.200', '00.300', '00.400']);
  const years = timeTicks(0, at('2026-11-22T12:00:00Z'), 6, 'utc');
  expect(years.map(({ label }) => label)).toEqual(['1970', '1979', '1989', '1999', '2009', '2019']);
});

it('days stay days where the clock changes', () => {
  const days = timeTicks(at('2026-10-23T00:00:00+02:00'), at('2026-10-28T00:00:00+01:00'), 8, 'local');
  expect(days.map(({ label }) => label)).toEqual(
    ['23 Oct', '24 Oct', '25 Oct', '26 Oct', '27 Oct', '28 Oct'].slice(0, days.length),
  );
  expect(days.map(({ at }) => new Date(at).getHours())).toEqual(days.map(() => 0));
});

it('ticks lie in the range, in order, and are never more than asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2e12 }),
      fc.integer({ min: 1, max: 2e12 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('local' as const, 'utc' as const),
      (from, length, most, zone) => {
        const ticks = timeTicks(from, from + length, most, zone);
        expect(ticks.length).toBeLessThanOrEqual(most);
        for (const [index, tick] of ticks.entries()) {
          expect(tick.at).toBeGreaterThanOrEqual(from);
          expect(tick.at).toBeLessThanOrEqual(from + length);
          if (index > 0) expect(tick.at).toBeGreaterThan(ticks[index - 1].at);
        }
      },
    ),
  );
});

it('the top is round, holds all, and wastes little', () => {
  expect([0, 1, 2, 7, 9, 10, 11, 180, 240, 1001].map(roundTop)).toEqual([
    1, 1, 2, 8, 10, 10, 15, 200, 300, 1500,
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), (most) => {
      expect(roundTop(most)).toBeGreaterThanOrEqual(most);
      expect(roundTop(most)).toBeLessThanOrEqual(1.5 * most + 1);
    }),
  );
});

it('a range is divided into round parts where it can be, and never into more than asked for', () => {
  expect(partsOf(3_600_000, 100)).toBe(60);
  expect(partsOf(3_600_000, 120)).toBe(120);
  expect(partsOf(7 * 86_400_000, 100)).toBe(84);
  expect(partsOf(300_000, 100)).toBe(60);
  expect(partsOf(3_600_001, 100)).toBe(100);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e13 }), fc.integer({ min: 24, max: 120 }), (length, most) => {
      const parts = partsOf(length, most);
      expect(Number.isInteger(parts)).toBe(true);
      expect(parts).toBeGreaterThanOrEqual(most / 4);
      expect(parts).toBeLessThanOrEqual(most);
    }),
  );
});
