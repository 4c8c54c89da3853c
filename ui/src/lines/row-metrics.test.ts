import { expect, it } from 'vitest';
import type { Line } from './line.js';
import { LineStore, type Row } from './line-store.js';
import { estimateHeight } from './row-metrics.js';

const METRICS = { line: 18, around: 4, columns: 80 };

function rowOf(...texts: string[]): Row {
  const store = new LineStore('oldest');
  const time = '2026-11-22T10:00:00.000000000Z';
  store.addNewer(texts.map((line): Line => ({ time, container: 'a', stream: '', level: '', line })));
  return store.rows[0];
}

it('heights are those of the lines that are shown', () => {
  const heightOf = (row: Row): number => (estimateHeight(row, METRICS) - METRICS.around) / METRICS.line;
  expect(
    ['', 'x', 'x'.repeat(80), 'x'.repeat(81), 'x'.repeat(1_000_000)].map((text) => heightOf(rowOf(text))),
  ).toEqual([1, 1, 1, 2, 10]);
  const trace = ['Error: no', ...Array.from({ length: 30 }, (_none, at) => `    at f${at} (/a.js:1:1)`)];
  expect(heightOf(rowOf(...trace))).toBe(1);
  expect(heightOf({ ...rowOf(...trace), isUnfolded: true })).toBe(31);
  expect(heightOf(rowOf(...trace.slice(0, 3)))).toBe(3);
  // Joined by a processor.
  expect(heightOf(rowOf(trace.join('\n')))).toBe(12);
  expect(heightOf(rowOf(`${'x'.repeat(81)}\n\ny`))).toBe(4);
  expect(estimateHeight(rowOf('x'.repeat(500)), { ...METRICS, columns: Infinity })).toBe(22);
  expect(estimateHeight({ ...rowOf('x'), isExpanded: true }, METRICS)).toBeGreaterThan(100);
});
