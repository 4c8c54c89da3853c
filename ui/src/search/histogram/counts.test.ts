import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spanOf } from '../../time-range/range.js';
import { type Bar, barsOf, type Counts, totalsOf } from './counts.js';
import { barAt, barsBetween, isClick, placeOf, rangeOfBars } from './selection.js';

const START = Date.parse('2026-11-22T12:00:00Z');
const counts: Counts = {
  from: '2026-11-22T12:00:00Z',
  to: '2026-11-22T12:02:30Z',
  stepMs: 60_000,
  levels: { info: [5, 0, 2], error: [1, 0, 0], notice: [0, 0, 4], debug: [0, 0, 0] },
  complete: true,
};

it('a bar is its levels, the worst at the bottom; the last bar ends with the range', () => {
  expect(barsOf(counts)).toEqual([
    {
      from: START,
      to: START + 60_000,
      total: 6,
      segments: [
        { level: 'error', count: 1, below: 0 },
        { level: 'info', count: 5, below: 1 },
      ],
    },
    { from: START + 60_000, to: START + 120_000, total: 0, segments: [] },
    {
      from: START + 120_000,
      to: START + 150_000,
      total: 6,
      segments: [
        { level: 'info', count: 2, below: 0 },
        { level: 'notice', count: 4, below: 2 },
      ],
    },
  ]);
});

it('a bar that would begin behind the range is none', () => {
  const bars = barsOf({ ...counts, stepMs: 100_000, levels: { info: [1, 1, 0, 0] } });
  expect(bars.map(({ from, to }) => [from - START, to - START])).toEqual([
    [0, 100_000],
    [100_000, 150_000],
  ]);
});

it('totals by level leave out those without lines', () => {
  expect(totalsOf(barsOf(counts))).toEqual([
    { level: 'error', count: 1 },
    { level: 'info', count: 7 },
    { level: 'notice', count: 4 },
  ]);
  expect(totalsOf(barsOf({ ...counts, levels: {} }))).toEqual([]);
  expect(totalsOf(barsOf(counts).slice(1))).toEqual([
    { level: 'info', count: 2 },
    { level: 'notice', count: 4 },
  ]);
});

it('no line is drawn twice or left out', () => {
  const levels = fc.dictionary(
    fc.constantFrom('error', 'warn', 'info', 'odd'),
    fc.array(fc.nat(1000), { minLength: 3, maxLength: 3 }),
  );
  fc.assert(
    fc.property(levels, (levels) => {
      const bars = barsOf({ ...counts, levels });
      const drawn = bars.flatMap(({ segments }) => segments);
      for (const [level, buckets] of Object.entries(levels)) {
        const own = drawn.filter((segment) => segment.level === level);
        expect(own.reduce((sum, { count }) => sum + count, 0)).toBe(
          buckets.reduce((sum, count) => sum + count, 0),
        );
      }
      for (const { segments, total } of bars) {
        const tops = [0, ...segments.map(({ below, count }) => below + count)];
        expect(segments.map(({ below }) => below)).toEqual(tops.slice(0, -1));
        expect(tops.at(-1)).toBe(total);
      }
    }),
  );
});

const selected = (bars: Bar[], start: number, end: number) => rangeOfBars(barsBetween(bars, start, end));

it('a drag takes every bar it touched, a click one', () => {
  const bars = barsOf(counts);
  const range = (from: number, to: number) => ({
    from: new Date(START + from * 1000).toISOString(),
    to: new Date(START + to * 1000).toISOString(),
  });
  expect(selected(bars, 0.1, 0.5)).toEqual(range(0, 120));
  expect(selected(bars, 0.5, 0.1)).toEqual(range(0, 120));
  expect(selected(bars, 0.5, 0.5)).toEqual(range(60, 120));
  expect(selected(bars, 0.5, 7)).toEqual(range(60, 150));
  expect(selected(bars, -7, 7)).toEqual(range(0, 150));
  expect(selected([], 0, 1)).toBeNull();
  // A click that trembles over an edge is still a click.
  expect(isClick(0.399, 0.401)).toBe(true);
  expect(selected(bars, 0.399, 0.401)).toEqual(range(0, 60));
});

it('a drag holds both its ends; the bar at a place is the one drawn there', () => {
  const bars = barsOf(counts);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (a, b) => {
        const span = spanOf(selected(bars, a, b) ?? { from: '', to: '' }, 0);
        expect(placeOf(bars, span?.from ?? NaN)).toBeLessThanOrEqual(Math.min(a, b));
        if (!isClick(a, b)) expect(placeOf(bars, span?.to ?? NaN)).toBeGreaterThanOrEqual(Math.max(a, b));
        const bar = bars[barAt(bars, a)];
        expect(placeOf(bars, bar.from)).toBeLessThanOrEqual(a);
        expect(placeOf(bars, bar.to)).toBeGreaterThanOrEqual(a);
      },
    ),
  );
});
