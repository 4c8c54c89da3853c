import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeRange,
  EVERYTHING,
  moved,
  rangeAround,
  rangeBetween,
  rangeInWords,
  rangeOf,
  spanOf,
  withinHistory,
  zoomedOut,
} from './range.js';

const NOW = Date.parse('2026-11-22T13:00:00Z');

it('an address without a range, or with one that makes no sense, is the last hour', () => {
  const hour = { from: '1h', to: 'now' };
  expect(rangeOf(null, null)).toEqual(hour);
  expect(rangeOf('15m', null)).toEqual({ from: '15m', to: 'now' });
  expect(rangeOf('soon', 'now')).toEqual(hour);
  expect(rangeOf('now', '1h')).toEqual(hour);
});

it('a span is its two moments, and an empty one is none', () => {
  expect(spanOf({ from: '1h', to: '30m' }, NOW)).toEqual({ from: NOW - 3_600_000, to: NOW - 1_800_000 });
  expect(spanOf({ from: '30m', to: '30m' }, NOW)).toBeNull();
  expect(spanOf({ from: '30m', to: 'x' }, NOW)).toBeNull();
});

it('all of the history begins with its first line', () => {
  const oldest = '2026-11-20T11:00:00.987654321Z';
  expect(withinHistory(EVERYTHING, oldest, NOW)).toEqual({ from: '2026-11-20T11:00:00.000Z', to: 'now' });
  expect(withinHistory(EVERYTHING, null, NOW)).toEqual(EVERYTHING);
  expect(withinHistory({ from: '1h', to: 'now' }, oldest, NOW)).toEqual({ from: '1h', to: 'now' });
});

describe('zoom and move', () => {
  const moments = fc.integer({ min: 0, max: NOW });
  const spans = fc
    .tuple(moments, moments)
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => ({ from: Math.min(one, other), to: Math.max(one, other) }));

  it('a drag makes the same range in either direction, and never an empty one', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: NOW, noNaN: true }),
        fc.double({ min: 0, max: NOW, noNaN: true }),
        (a, b) => {
          const range = rangeBetween(a, b);
          expect(rangeBetween(b, a)).toEqual(range);
          const span = spanOf(range, NOW);
          expect(span).not.toBeNull();
          expect(span?.from).toBeLessThanOrEqual(Math.min(a, b));
          expect(span?.to).toBeGreaterThanOrEqual(Math.max(a, b));
        },
      ),
    );
  });

  it('moving keeps the length and half of the lines in sight; it stops at now', () => {
    fc.assert(
      fc.property(spans, (span) => {
        const length = span.to - span.from;
        const earlier = spanOf(moved(span, -1, NOW), NOW);
        const later = spanOf(moved(span, 1, NOW), NOW);
        expect(later?.to).toBeLessThanOrEqual(NOW);
        expect(later?.to).toBeGreaterThanOrEqual(span.to);
        if (span.from > length) {
          expect(Math.abs((earlier?.to ?? 0) - (span.to - length / 2))).toBeLessThanOrEqual(1);
          expect(Math.abs((earlier?.to ?? 0) - (earlier?.from ?? 0) - length)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('zooming out shows all that was shown, and at most twice as much', () => {
    fc.assert(
      fc.property(spans, (span) => {
        const out = spanOf(zoomedOut(span, NOW), NOW);
        expect(out?.from).toBeLessThanOrEqual(span.from);
        expect(out?.to).toBeGreaterThanOrEqual(span.to);
        expect(out?.to).toBeLessThanOrEqual(NOW + 1);
        expect((out?.to ?? 0) - (out?.from ?? 0)).toBeLessThanOrEqual(2 * (span.to - span.from) + 2);
      }),
    );
  });

  it('around a moment', () => {
    expect(rangeAround(NOW, 300_000)).toEqual({
      from: '2026-11-22T12:55:00.000Z',
      to: '2026-11-22T13:05:00.000Z',
    });
  });
});

describe('in words', () => {
  const said = (from: string, to: string): string => describeRange({ from, to }, 'utc', NOW);
  it.each([
    ['1h', 'now', 'Last hour'],
    ['15m', 'now', 'Last 15 minutes'],
    ['1d', 'now', 'Last day'],
    ['2h', '1h', '2 hours ago – 1 hour ago'],
    ['2026-11-22T11:00:00.000Z', 'now', 'Since 11:00'],
    ['2026-11-20T11:00:00.000Z', 'now', 'Since 20 Nov 11:00'],
    ['2026-11-22T11:00:00.000Z', '2026-11-22T12:00:00.000Z', '11:00 – 12:00'],
    ['2026-11-21T11:00:00.000Z', '2026-11-21T12:00:05.000Z', '21 Nov 11:00:00 – 12:00:05'],
    ['2026-11-21T11:00:00.000Z', '2026-11-22T12:00:00.000Z', '21 Nov 11:00 – today 12:00'],
    ['2025-12-31T23:00:00.000Z', '2026-01-01T01:00:00.000Z', '31 Dec 2025 23:00 – 1 Jan 01:00'],
    ['2026-11-22T12:59:59.250Z', '2026-11-22T12:59:59.750Z', '12:59:59.250 – 12:59:59.750'],
    ['2026-11-22T12:59:50.250Z', '2026-11-22T12:59:59.750Z', '12:59:50 – 12:59:59'],
    [EVERYTHING.from, 'now', 'Everything kept'],
  ])('%s to %s is %s', (from, to, words) => {
    expect(said(from, to)).toBe(words);
  });

  it('as part of a sentence', () => {
    expect(rangeInWords({ from: '1h', to: 'now' })).toBe('in the last hour');
    expect(rangeInWords({ from: '15m', to: 'now' })).toBe('in the last 15 minutes');
    expect(rangeInWords(EVERYTHING)).toBe('in all of the history');
    expect(rangeInWords({ from: '2h', to: '1h' })).toBe('in this time');
  });
});
