import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point } from '../../telemetry/trend/series.js';
import { fitSlope, studentT } from './statistics.js';

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

/** `persistence` 0: each sample on its own; near 1: each much like the one before. */
function noisy(seed: number, length: number, slope: number, persistence: number): Point[] {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let noise = normal();
  return Array.from({ length }, (_, x) => {
    noise = persistence * noise + Math.sqrt(1 - persistence ** 2) * normal();
    return { x, y: 7 + slope * x + noise };
  });
}

/** How many of 600 seeded series have their true slope inside the interval. */
function coverage(length: number, persistence: number): number {
  let inside = 0;
  for (let seed = 1; seed <= 600; seed++) {
    const slope = fitSlope(noisy(seed, length, 0.02, persistence));
    if (slope && slope.low <= 0.02 && 0.02 <= slope.high) inside++;
  }
  return inside / 600;
}

describe('the slope of a series', () => {
  it('is that of the textbook, with its interval', () => {
    // y = 1, 3, 2, 5, 4 over x = 1…5: slope 0.8, residual sum 3.6; nothing is left between neighbours.
    const slope = fitSlope([1, 3, 2, 5, 4].map((y, i) => ({ x: i + 1, y })));
    const half = 3.1824 * Math.sqrt(3.6 / 3 / 10);
    expect(slope?.estimate).toBeCloseTo(0.8, 10);
    expect(slope?.high).toBeCloseTo(0.8 + half, 1);
    expect(slope?.low).toBeCloseTo(0.8 - half, 1);
  });

  it.each([
    [3, 3.182],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [60, 2.0],
    [1000, 1.962],
  ])('takes the point of Student with %d degrees of freedom for %d', (freedom, expected) => {
    expect(Math.abs(studentT(freedom) - expected)).toBeLessThan(0.03);
  });

  it('of a constant is exactly 0, without doubt', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        fc.integer({ min: 4, max: 500 }),
        (y, length) => {
          const slope = fitSlope(Array.from({ length }, (_, x) => ({ x: x * 2.1, y })));
          expect(slope).toMatchObject({ estimate: 0, low: 0, high: 0 });
        },
      ),
    );
  });

  it('of a line without noise is found as it is, whatever the gaps between samples', () => {
    const gaps = fc.array(fc.double({ min: 0.5, max: 10, noNaN: true }), { minLength: 8, maxLength: 300 });
    fc.assert(
      fc.property(gaps, fc.double({ min: -100, max: 100, noNaN: true }), (steps, planted) => {
        let x = 0;
        const slope = fitSlope(steps.map((step) => ({ x: (x += step), y: 3 + planted * x })));
        expect(slope?.estimate).toBeCloseTo(planted, 6);
      }),
    );
  });

  it.each([
    ['few samples', 12, 0],
    ['many', 900, 0],
    ['samples that repeat each other', 900, 0.9],
  ])('%s: it lies within its interval in about 95 of 100 cases', (_, length, persistence) => {
    expect(coverage(length, persistence)).toBeGreaterThan(0.9);
    expect(coverage(length, persistence)).toBeLessThan(0.99);
  });

  it('cannot be told from three samples, nor from samples of one moment', () => {
    expect(fitSlope([1, 2, 3].map((y) => ({ x: y, y })))).toBeUndefined();
    expect(fitSlope([1, 2, 3, 4, 5].map((y) => ({ x: 1, y })))).toBeUndefined();
    expect(fitSlope([])).toBeUndefined();
  });
});
