import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { ResourceHistory } from './history.js';
import { Table } from './table.js';

describe('a table', () => {
  test('keeps the last rows, the oldest first', () => {
    const table = new Table(3, 2);
    const seen = (): number[][] => [...table.rows()].map((row) => [...row]);
    expect(seen()).toEqual([]);
    for (let i = 1; i <= 2; i++) table.add([i, 10 * i]);
    expect(seen()).toEqual([
      [1, 10],
      [2, 20],
    ]);
    for (let i = 3; i <= 7; i++) table.add([i, 10 * i]);
    expect(seen()).toEqual([
      [5, 50],
      [6, 60],
      [7, 70],
    ]);
  });
});

describe('the history', () => {
  let timers: number;
  let unowned: { file: number } | undefined;
  let looks: number;
  let late: number;
  let history: ResourceHistory;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    vi.setSystemTime(1_800_000_000_000);
    timers = 3;
    unowned = { file: 0 };
    looks = 0;
    late = 0;
    history = new ResourceHistory({
      owned: () => new Map([['timer', timers]]),
      lateMs: () => late,
      unowned: () => {
        looks++;
        return Promise.resolve(unowned);
      },
    });
  });

  afterEach(() => void vi.useRealTimers());

  async function take(samples: number, each: (i: number) => void = () => {}): Promise<void> {
    for (let i = 0; i < samples; i++) {
      vi.advanceTimersByTime(10_000);
      each(i);
      await history.sample();
    }
  }

  test('what is there is told, series by series', async () => {
    await take(2, (i) => {
      timers = 3 + i;
    });
    const { everyMs, samples } = history.report();
    expect(everyMs).toBe(10_000);
    expect(samples.time).toEqual([1_800_000_010_000, 1_800_000_020_000]);
    expect(samples.owned).toMatchObject({ timer: [3, 4], worker: [0, 0] });
    expect(samples.unowned).toMatchObject({ file: [0, 0] });
    for (const name of ['rssBytes', 'heapUsedBytes', 'fds'] as const)
      for (const value of samples[name]) expect(value).toBeGreaterThan(0);
    for (const value of samples.cpuPercent) expect(value).toBeGreaterThanOrEqual(0);
    for (const series of [...Object.values(samples.owned), ...Object.values(samples.unowned)])
      expect(series).toHaveLength(2);
  });

  test('how late timers came is told for the ten seconds in which they did', async () => {
    await take(3, (i) => {
      late = [0, 31.234, -0.5][i];
    });
    expect(history.report().samples.eventLoopDelayP99Ms).toEqual([0, 31.23, 0]);
  });

  test('what cannot be seen is null', async () => {
    unowned = undefined;
    await take(1);
    const { samples, verdicts } = JSON.parse(JSON.stringify(history.report())) as ReturnType<
      typeof history.report
    >;
    expect(samples.unowned['file']).toEqual([null]);
    expect(verdicts.find(({ series }) => series === 'unowned.file')?.verdict).toBe('too_short');
  });

  test('an hour is kept as it was, the day before it thinned, and no more', async () => {
    await take(30 * 360, (i) => {
      timers = i;
    });
    const { time, owned } = history.report().samples;
    const timer = owned['timer'];
    expect(time.slice(-360)).toEqual(
      Array.from({ length: 360 }, (_, i) => 1_800_000_000_000 + (30 * 360 - 359 + i) * 10_000),
    );
    expect(timer.slice(-360)).toEqual(Array.from({ length: 360 }, (_, i) => 30 * 360 - 360 + i));
    const thinned = time.slice(0, -360);
    expect(thinned).toHaveLength(720 - 30);
    for (const [i, ms] of thinned.entries()) {
      if (i > 0) expect(ms - thinned[i - 1]).toBe(120_000);
      // Each is the mean of twelve, at the mean of their times.
      expect(timer[i]).toBeCloseTo((ms - 1_800_000_010_000) / 10_000, 6);
    }
    expect(thinned[thinned.length - 1]).toBeLessThan(time[time.length - 360]);
  });

  test('what grows is named, and what stays is not', async () => {
    await take(360, (i) => {
      timers = Math.floor(i / 10);
    });
    const verdicts = new Map(history.report().verdicts.map(({ series, verdict }) => [series, verdict]));
    expect([verdicts.get('owned.timer'), verdicts.get('owned.socket'), verdicts.get('unowned.file')]).toEqual(
      ['growing', 'steady', 'steady'],
    );
    expect(verdicts.has('cpuPercent')).toBe(false);
  });

  test('a census that takes long is taken seldom, and the last one stands meanwhile', async () => {
    history = new ResourceHistory({
      owned: () => new Map(),
      lateMs: () => late,
      unowned: () => {
        looks++;
        vi.advanceTimersByTime(60);
        return Promise.resolve({ file: looks });
      },
    });
    await take(13);
    // 60 ms each: once a minute.
    expect(looks).toBe(3);
    expect(history.report().samples.unowned['file']).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]);
  });
});

test('sampling belongs to its scope, and ends with it', async () => {
  vi.useFakeTimers();
  const root = Scope.root('test', (error) => {
    throw error;
  });
  const history = new ResourceHistory({
    owned: () => root.census(),
    lateMs: () => root.takeLateness(),
    unowned: () => Promise.resolve({ file: 0 }),
  });
  history.run(root);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(history.report().samples.time).toHaveLength(3);
  expect(root.holdings().timer).toBe(1);
  const closed = root.close();
  await vi.advanceTimersByTimeAsync(30_000);
  await closed;
  expect(history.report().samples.time).toHaveLength(3);
  expect(root.holdings().timer).toBe(0);
  vi.useRealTimers();
});
