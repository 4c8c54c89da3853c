import * as fc from 'fast-check';
import { expect, expectTypeOf, test } from 'vitest';
import type { HistoryReport } from '../../../src/telemetry/resources/history.js';
import {
  amount,
  extent,
  type History,
  overall,
  type Samples,
  spanOf,
  unownedNow,
  type Verdict,
  verdictSentence,
  withBreaks,
} from './history.js';

const verdict = (given: Partial<Verdict>): Verdict => ({
  series: 'rssBytes',
  unit: 'bytes',
  perHour: 0,
  low: 0,
  high: 0,
  verdict: 'steady',
  ...given,
});

const SAMPLES: Samples = {
  time: [],
  rssBytes: [],
  heapUsedBytes: [],
  fds: [],
  eventLoopDelayP99Ms: [],
  cpuPercent: [],
  owned: {},
  unowned: {},
};

test('a figure carries its unit, and its sign', () => {
  expect(amount(-1536, 'bytes')).toBe('−1.5 KiB');
  expect(amount(12, 'count')).toBe('12');
  expect(amount(0.25, 'ms')).toBe('0.25 ms');
  expect(amount(101, 'percent')).toBe('101 %');
});

test('a slope is said in words, with its bounds', () => {
  expect(verdictSentence(verdict({ perHour: 10, low: -2048, high: 1024 }), 'bytes')).toBe(
    'Steady (−2 KiB to +1 KiB an hour)',
  );
  expect(verdictSentence(verdict({ verdict: 'growing', perHour: 3, low: 2, high: 4 }), 'count')).toBe(
    'Growing by 3 an hour (+2 to +4 an hour)',
  );
  expect(verdictSentence(verdict({ verdict: 'falling', perHour: -3, low: -4, high: -2 }), 'ms')).toBe(
    'Falling by 3 ms an hour (−4 ms to −2 ms an hour)',
  );
  expect(verdictSentence(verdict({ verdict: 'too_short' }), 'ms')).toBe('Too short a time to say');
  expect(verdictSentence(verdict({ verdict: 'too_short', low: -9, high: 40 }), 'count')).toBe(
    'Not to be told yet (−9 to +40 an hour)',
  );
});

test('one series that grows is enough, and it is named', () => {
  const steady = verdict({});
  const growing = verdict({ series: 'owned.timer', verdict: 'growing' });
  const short = verdict({ series: 'fds', verdict: 'too_short' });
  expect(overall([steady, growing, short])).toEqual({ state: 'growing', growing: ['owned.timer'] });
  expect(overall([steady, short])).toEqual({ state: 'too_short', growing: [] });
  expect(overall([steady, verdict({ verdict: 'falling' })])).toEqual({ state: 'steady', growing: [] });
  expect(overall([])).toEqual({ state: 'too_short', growing: [] });
});

test('one too many and one too few are two that nobody owns', () => {
  expect(unownedNow(SAMPLES)).toBe(0);
  expect(unownedNow({ ...SAMPLES, unowned: { timer: [9, 0], file: [0, 1], socket: [0, -1] } })).toBe(2);
});

test('the span of a series', () => {
  expect([spanOf([]), spanOf([null])]).toEqual([undefined, undefined]);
  expect(spanOf([null, 4, null])).toEqual({ least: 4, most: 4, last: 4 });
  expect(spanOf([3, -1, 7, 2])).toEqual({ least: -1, most: 7, last: 2 });
});

test('a line is broken where there were no samples, and loses none', () => {
  const seconds = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(seconds, (steps) => {
      let ms = 0;
      const time = steps.map((step) => (ms += step * 1000));
      const [x, y] = withBreaks(time, time, 10_000);
      expect(x).toEqual(x.toSorted((a, b) => a - b));
      expect(x).toHaveLength(y.length);
      expect(y.filter((value) => value !== null)).toEqual(time);
    }),
  );
  expect(withBreaks([0, 10_000, 20_000, 200_000, 210_000], [1, 2, 3, 4, 5], 10_000)).toEqual([
    [0, 10, 20, 110, 200, 210],
    [1, 2, 3, null, 4, 5],
  ]);
});

test('samples that were thinned out are no break', () => {
  const [, y] = withBreaks([0, 300_000, 600_000, 900_000, 910_000, 920_000], [1, 2, 3, 4, 5, 6], 10_000);
  expect(y).toEqual([1, 2, 3, 4, 5, 6]);
});

test('how long samples go back', () => {
  const history: History = { everyMs: 10_000, samples: SAMPLES, verdicts: [] };
  expect(extent(history)).toBe('no sample yet');
  expect(extent({ ...history, samples: { ...SAMPLES, time: [0, 3_000_000] } })).toBe(
    'a sample every 10 s, over 50 min',
  );
});

test('what the agent serves is what is read here', () => {
  expectTypeOf<HistoryReport>().toExtend<History>();
});
