import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeAxis, valueAxis } from './axis.js';
import { decimated, type Point, rate } from './series.js';

const values = fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), {
  minLength: 1,
  maxLength: 2_000,
});
const pointsOf = (all: readonly number[]): Point[] => all.map((value, i) => [i, value]);

describe('decimated lines', () => {
  test('keep the ends and the extremes, in the order of time, and are few', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (all, columns) => {
        const points = pointsOf(all);
        const kept = decimated(points, points.length, columns);
        const told = kept.map(([, value]) => value);
        expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
        expect([Math.min(...told), Math.max(...told)]).toEqual([Math.min(...all), Math.max(...all)]);
        expect(kept.map(([at]) => at)).toEqual(
          [...new Set(kept.map(([at]) => at))].toSorted((a, b) => a - b),
        );
        expect(kept.length).toBeLessThanOrEqual(4 * (columns + 1));
      }),
    );
  });
});

describe('rates', () => {
  test('of a steady total are its slope, whatever the window', () => {
    const totals = Array.from({ length: 100 }, (_, i): Point => [i * 2, i * 6]);
    for (const window of [1, 2, 7, 30]) {
      expect(new Set(rate(totals, window, 60).map(([, value]) => value))).toEqual(new Set([180]));
    }
  });

  test('begin anew where a total falls back, and are never negative', () => {
    const totals: Point[] = [
      [0, 100],
      [10, 200],
      [20, 5],
      [30, 15],
    ];
    expect(rate(totals, 10)).toEqual([
      [5, 10],
      [25, 1],
    ]);
    expect(rate([], 10)).toEqual([]);
  });
});

describe('axes', () => {
  test('hold all values, with 2 to 7 rising ticks at figures that can be told apart', () => {
    const spread = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(spread, fc.constantFrom('count', 'bytes', 'percent', 'per second'), (all, unit) => {
        const { from, to, ticks } = valueAxis(all, unit);
        for (const value of all) expect(value >= from && value <= to + to * 1e-9).toBe(true);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
      }),
    );
  });

  test.each([
    [120, ['0', '30 s', '60 s', '90 s', '120 s']],
    [3600, ['0', '10 min', '20 min', '30 min', '40 min', '50 min', '60 min']],
    [86_400, ['0', '6 h', '12 h', '18 h', '24 h']],
    [30 * 86_400, ['0', '120 h', '240 h', '360 h', '480 h', '600 h', '720 h']],
  ])('time: %d s', (seconds, texts) => {
    expect(timeAxis(seconds).ticks.map(({ text }) => text)).toEqual(texts);
  });

  test('noise is not blown up, what grows from nothing begins at 0, a count has whole ticks', () => {
    expect(valueAxis([1000, 1001, 999], 'count')).toMatchObject({ from: 900, to: 1100 });
    expect(valueAxis([0, 1], 'count').ticks.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4']);
    expect(valueAxis([30, 100], 'count').from).toBe(0);
    expect(
      valueAxis([2 ** 20, 900 * 2 ** 20], 'bytes')
        .ticks.map(({ text }) => text)
        .slice(0, 3),
    ).toEqual(['0 B', '500 MiB', '1000 MiB']);
  });
});
