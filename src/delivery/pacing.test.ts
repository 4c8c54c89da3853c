/** When lanes are served: waiting for more lines, for a sink that takes less than it is given, for one that fails. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Block } from '../pipeline/contract.js';
import { LANES, LIVE_LANES } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

const limited = (retryAfterMs?: number): AgentError =>
  new AgentError('SINK_LIMITED', 'Too many lines.', { retryable: true, retryAfterMs });
const unreachable = (): AgentError =>
  new AgentError('SINK_UNREACHABLE', 'Nobody there.', { retryable: true });

let journal: FakeJournal;
let sink: FakeSink;
let scope: Scope;
let health: Health;
let delivery: Delivery;
/** What the log says at info and above. */
let told: string[];
const failures: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  failures.length = 0;
  told = [];
  journal = new FakeJournal();
  sink = new FakeSink();
  sink.concurrency = LANES;
  health = new Health();
  scope = Scope.root('test', (error) => failures.push(error));
});

afterEach(async () => {
  await scope.close();
  vi.useRealTimers();
  expect(failures).toEqual([]);
  expect(scope.census()).toEqual(new Map());
  expect(getEventListeners(scope.closing, 'abort')).toEqual([]);
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const start = async (): Promise<void> => {
  const tell = (_: object, sentence: string): void => void told.push(sentence);
  const log = { debug: () => undefined, info: tell, warn: tell, error: tell };
  delivery = new Delivery({ journal, sink, log, health });
  void scope.run('delivery', () => delivery.run(scope));
  await pass(0);
};

describe('batch wait', () => {
  beforeEach(() => {
    sink.batchWaitMs = 1_000;
  });

  test('lines wait for others of their lane, from the first one on, and no lane waits for another', async () => {
    await start();
    const deliveries: [ms: number, lsns: number[]][] = [];
    const begin = Date.now();
    sink.before = (blocks) => void deliveries.push([Date.now() - begin, blocks.map(({ lsn }) => lsn)]);
    journal.commit(0);
    await pass(400);
    journal.commit(0);
    journal.commit(1);
    await pass(500);
    journal.commit(0);
    await pass(5_000);
    journal.commit(0);
    await pass(5_000);
    expect(deliveries).toEqual([
      [1_000, [0, 1, 3]],
      [1_400, [2]],
      [6_900, [4]],
    ]);
  });

  test('what is enough for a delivery does not wait, nor what was there before', async () => {
    journal.commit(0);
    journal.commit(1);
    await start();
    expect(sink.delivered).toEqual([0, 1]);
    sink.maxRawBytes = 3 * journal.committedRawBytes(0);
    journal.commit(0, 2);
    await pass(0);
    expect(sink.delivered).toEqual([0, 1]);
    journal.commit(0);
    await pass(0);
    expect(sink.delivered).toEqual([0, 1, 2, 3, 4]);
  });

  test('closing waits for nothing', async () => {
    await start();
    journal.commit(0);
    await pass(10);
    const closed = scope.close();
    await pass(0);
    await closed;
    expect(sink.delivered).toEqual([0]);
  });
});

describe('a sink that takes less than it is given', () => {
  test('is no failure: only that lane waits, and gets the same blocks again', async () => {
    const attempts: [ms: number, lsns: number[]][] = [];
    const begin = Date.now();
    sink.concurrency = 1;
    sink.before = (blocks) => {
      if (blocks[0].lane !== LIVE_LANES) return;
      attempts.push([Date.now() - begin, blocks.map(({ lsn }) => lsn)]);
      if (attempts.length < 3) throw limited(2_000);
    };
    journal.commit(LIVE_LANES, 2);
    await start();
    expect(delivery.stats).toMatchObject({ state: 'limited', circuit: 'closed', lastError: undefined });
    journal.commit(LIVE_LANES);
    journal.commit(0);
    await pass(0);
    expect(sink.delivered).toEqual([3]);
    expect(health.overall).toBe('healthy');
    await pass(10_000);
    expect(attempts).toEqual([
      [0, [0, 1]],
      [2_000, [0, 1]],
      [4_000, [0, 1]],
      [4_000, [2]],
    ]);
    expect(delivery.stats).toMatchObject({ state: 'idle', linesDelivered: 4, linesPending: 0 });
  });

  test('without a time to wait the pauses grow, up to ten seconds', async () => {
    const at: number[] = [];
    sink.before = () => {
      at.push(Date.now());
      throw limited();
    };
    journal.commit(0);
    await start();
    await pass(120_000);
    const pauses = at.slice(1).map((ms, i) => ms - at[i]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
    expect(pauses[0]).toBeLessThanOrEqual(200);
    expect(pauses.slice(-5).every((ms) => ms >= 5_000)).toBe(true);
  });

  test('that takes nothing for ten seconds is told once, with its reason, and when it is over', async () => {
    let isLimited = true;
    sink.before = () => {
      if (isLimited) throw limited(1_000);
    };
    journal.commit(0);
    journal.commit(1);
    await start();
    await pass(9_500);
    expect([told, delivery.stats.lastError]).toEqual([[], undefined]);
    await pass(5_500);
    expect(told).toEqual([expect.stringMatching(/^sink\/fake takes nothing .*Too many lines\./)]);
    expect(delivery.stats.lastError).toBe('Too many lines.');
    await pass(300_000);
    expect(told).toHaveLength(1);
    isLimited = false;
    await pass(10_000);
    expect(told.slice(1)).toEqual(['sink/fake works again.']);
    expect(delivery.stats.lastError).toBeUndefined();
    isLimited = true;
    journal.commit(0);
    await pass(20_000);
    expect(told).toHaveLength(3);
    isLimited = false;
    await pass(10_000);
  });

  test('that takes none of one lane for five minutes is not healthy, though it takes others', async () => {
    let isLimited = true;
    sink.before = ([{ lane }]) => {
      if (isLimited && lane === 0) throw limited();
    };
    journal.commit(0);
    await start();
    for (let second = 0; second < 280; second++) {
      journal.commit(1);
      await pass(1_000);
    }
    expect([told, health.overall]).toEqual([[], 'healthy']);
    for (let second = 0; second < 40; second++) {
      journal.commit(1);
      await pass(1_000);
    }
    expect(health.components().get('sink/fake')).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(/lane 0.*Too many lines/) as string,
    });
    expect(told).toHaveLength(1);
    isLimited = false;
    await pass(10_000);
    expect([told.length, health.overall]).toEqual([2, 'healthy']);
  });

  test('that takes none of one lane, and seldom something else, is told of once as well', async () => {
    sink.before = ([{ lane }]) => {
      if (lane === 0) throw limited();
    };
    journal.commit(0);
    await start();
    for (let i = 0; i < 18; i++) {
      journal.commit(1);
      await pass(20_000);
    }
    expect(told).toEqual([
      expect.stringContaining('takes nothing at present'),
      expect.stringContaining('does not take lane 0'),
    ]);
    expect(health.overall).toBe('degraded');
  });

  test('that takes nothing for a minute is not healthy, until it does', async () => {
    let isLimited = true;
    sink.before = () => {
      if (isLimited) throw limited();
    };
    journal.commit(0);
    await start();
    await pass(55_000);
    expect(health.overall).toBe('healthy');
    await pass(20_000);
    expect(health.components().get('sink/fake')).toMatchObject({
      state: 'degraded',
      reason: 'Too many lines.',
    });
    isLimited = false;
    await pass(10_000);
    expect(health.overall).toBe('healthy');
    expect(sink.delivered).toEqual([0]);
  });

  test('a worker that rests wakes for a lane that another one left', async () => {
    let refused = 0;
    const busy = new Promise<void>((resolve) => setTimeout(resolve, 60_000));
    sink.concurrency = 2;
    sink.before = ([{ lane }]: readonly Block[]) => {
      if (lane === 1) return busy;
      if (refused++ === 0) throw limited(3_000);
      return undefined;
    };
    await start();
    journal.commit(0);
    journal.commit(1);
    await pass(4_000);
    expect(sink.delivered).toEqual([0]);
    await pass(60_000);
  });

  test('is not waited for when closing', async () => {
    sink.before = () => {
      throw limited(60_000);
    };
    journal.commit(0);
    await start();
    const closed = scope.close();
    await pass(0);
    await closed;
    expect(sink.closes).toBe(1);
  });
});

describe('a sink with many lanes', () => {
  test('that is slow has all of them in flight', async () => {
    sink.before = () => new Promise<void>((resolve) => void setTimeout(resolve, 6_000));
    for (let lane = 0; lane < LANES; lane++) journal.commit(lane, 1);
    await start();
    expect(sink.inFlight).toBe(LANES);
    for (let lane = 0; lane < LANES; lane++) journal.commit(lane, 1);
    await pass(12_000);
    expect(sink.delivered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2 * LANES }, (_, i) => i));
  });

  test('may listen for the end with several requests of each, without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    sink.before = (_, __, signal) => {
      for (let i = 0; i < 4; i++) signal.addEventListener('abort', () => undefined);
    };
    for (let lane = 0; lane < LANES; lane++) journal.commit(lane);
    await start();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    process.off('warning', onWarning);
    expect(sink.delivered).toHaveLength(LANES);
    expect(warnings).toEqual([]);
  });

  test('that is dead is asked by one of them at a time', async () => {
    const at: number[] = [];
    let most = 0;
    sink.before = async () => {
      at.push(Date.now());
      most = Math.max(most, sink.inFlight);
      await new Promise<void>((resolve) => void setTimeout(resolve, 50));
      throw unreachable();
    };
    for (let lane = 0; lane < LANES; lane++) journal.commit(lane);
    await start();
    await pass(50);
    expect([at.length, most]).toEqual([LANES, LANES]);
    most = 0;
    await pass(600_000);
    expect(most).toBe(1);
    // After the first few one every 5 to 10 s: its 50 ms, the pause, and until a worker looks.
    const pauses = at.slice(LANES + 10).map((ms, i) => ms - at[LANES + 9 + i]);
    expect(pauses.length).toBeGreaterThan(40);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_300);
    expect(delivery.stats).toMatchObject({
      state: 'retrying',
      circuit: expect.stringMatching('open') as string,
    });
    sink.before = () => undefined;
    await pass(10_300);
    expect(sink.delivered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LANES }, (_, i) => i));
  });

  test('that took a part of the probe is back for all of them', async () => {
    sink.before = () => {
      throw unreachable();
    };
    for (let lane = 0; lane < LANES; lane++) journal.commit(lane);
    await start();
    await pass(60_000);
    expect(delivery.stats).toMatchObject({ state: 'retrying', circuit: 'open' });
    let failProbe = (): void => undefined;
    const answers: (() => void)[] = [];
    sink.before = ([{ lsn }], onTaken) => {
      if (answers.length > 0) return undefined;
      answers.push(onTaken);
      probe = lsn;
      return new Promise<void>((_, reject) => {
        failProbe = () => reject(unreachable());
      });
    };
    let probe = -1;
    await pass(60_000);
    expect(sink.delivered).toEqual([]);
    expect(delivery.stats.circuit).toBe('half-open');
    answers[0]();
    expect(delivery.stats).toMatchObject({ state: 'delivering', circuit: 'closed', lastError: undefined });
    expect(health.overall).toBe('healthy');
    await pass(250);
    const all = Array.from({ length: LANES }, (_, i) => i);
    expect(sink.delivered.toSorted((a, b) => a - b)).toEqual(all.filter((lsn) => lsn !== probe));
    // The sink took others since: its failure is its own, and soon tried again.
    failProbe();
    await pass(0);
    expect(delivery.stats).toMatchObject({ state: 'limited', circuit: 'closed' });
    await pass(200);
    expect(health.overall).toBe('healthy');
    expect(sink.delivered.toSorted((a, b) => a - b)).toEqual(all);
  });
});
