import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Point } from './series.js';
import { robustSlope } from './theil-sen.js';
import { type TrendRule, trendOf } from './verdict.js';

const HOUR_MS = 3_600_000;

/** Uniform in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function noisy(seed: number, length: number, slope: number, persistence: number): Point[] {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let noise = normal();
  return Array.from({ length }, (_, x) => {
    noise = persistence * noise + Math.sqrt(1 - persistence ** 2) * normal();
    return { x, y: 7 + slope * x + noise };
  });
}

describe('the robust slope', () => {
  test('is the median of all slopes between two points', () => {
    // Slopes of y = 0, 1, 9, 3, 4 over x = 0…4, sorted: -6, -2.5, 1 six times, 4.5, 8.
    const slope = robustSlope([0, 1, 9, 3, 4].map((y, x) => ({ x, y })));
    expect(slope?.estimate).toBe(1);
    expect(slope?.low).toBeLessThanOrEqual(1);
    expect(slope?.high).toBeGreaterThanOrEqual(1);
  });

  test('a quarter of wild points does not move it far', () => {
    const points = Array.from({ length: 40 }, (_, x) => ({ x, y: x % 4 === 3 ? -1000 : 2 * x }));
    expect(robustSlope(points)?.estimate).toBeCloseTo(2, 0);
  });

  test('of a line it is the line, whatever its place and direction', () => {
    const numbers = fc.integer({ min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 4, max: 200 }), (slope, level, length) => {
        const points = Array.from({ length }, (_, x) => ({ x, y: level + slope * x }));
        const fitted = robustSlope(points);
        for (const value of [fitted?.estimate, fitted?.low, fitted?.high])
          expect(value).toBeCloseTo(slope, 3);
      }),
    );
  });

  test.each([[0], [0.8]])(
    'of 300 noisy series the interval holds the true slope in nearly all: persistence %d',
    (persistence) => {
      let inside = 0;
      for (let seed = 1; seed <= 300; seed++) {
        const slope = robustSlope(noisy(seed, 200, 0.02, persistence));
        if (slope && slope.low <= 0.02 && 0.02 <= slope.high) inside++;
      }
      expect(inside / 300).toBeGreaterThan(0.88);
    },
  );

  test('there is none of too few points, or of one moment', () => {
    expect(robustSlope([1, 2, 3].map((y, x) => ({ x, y })))).toBeUndefined();
    expect(robustSlope([1, 2, 3, 4].map((y) => ({ x: 5, y })))).toBeUndefined();
  });
});

describe('the verdict', () => {
  const RULE: TrendRule = { mark: 10, settlesMinutes: 20, enoughMinutes: 20 };
  /** Samples every 10 s of what is `at` so many hours after the begin. */
  const over = (hours: number, at: (hour: number, i: number) => number): Point[] =>
    Array.from({ length: hours * 360 + 1 }, (_, i) => ({ x: 1e12 + i * 10_000, y: at(i / 360, i) }));
  const judge = (points: readonly Point[]) => trendOf(points, 1e12, RULE);
  const random = seeded(1);
  const saw = (i: number): number => (i % 30) * 2;

  test.each<[string, number, (hour: number, i: number) => number, string]>([
    ['a constant', 1, () => 5, 'steady'],
    ['noise', 2, () => 100 + 3 * random(), 'steady'],
    ['a heap between its collections', 3, (_, i) => 100 + saw(i), 'steady'],
    ['a leak beneath that', 3, (hour, i) => 100 + saw(i) + 30 * hour, 'growing'],
    ['what grows less than the mark', 2, (hour) => 5 * hour, 'steady'],
    ['what shrinks', 2, (hour) => 100 - 40 * hour, 'falling'],
    ['growth while it settles only', 1, (hour) => 1000 * Math.min(hour, 1 / 3), 'steady'],
    ['one step', 4, (hour) => (hour > 3.8 ? 500 : 0), 'steady'],
    ['a time too short to tell', 0.5, (hour) => 1000 * hour, 'too_short'],
    ['noise too loud to tell', 0.75, () => 1000 * random(), 'too_short'],
  ])('%s', (_, hours, at, expected) => {
    expect(judge(over(hours, at)).verdict).toBe(expected);
  });

  test('of nothing there is none', () => {
    expect(judge([])).toEqual({ perHour: 0, low: 0, high: 0, verdict: 'too_short' });
  });

  test('the slope is that of an hour', () => {
    const { perHour, low, high } = judge(over(2, (hour) => 42 * hour));
    for (const value of [perHour, low, high]) expect(value).toBeCloseTo(42, 6);
    expect(HOUR_MS).toBe(360 * 10_000);
  });
});
