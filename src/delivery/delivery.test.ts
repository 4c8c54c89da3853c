import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIVE_LANES } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';
import { type Logger, silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

const retryable = (): AgentError => new AgentError('SINK_WRITE', 'No space.', { retryable: true });

const failToOpen = (): never => {
  throw retryable();
};

let journal: FakeJournal;
let sink: FakeSink;
let scope: Scope;
let health: Health;
let delivery: Delivery;
let warnings: string[];
const failures: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  failures.length = 0;
  warnings = [];
  journal = new FakeJournal();
  sink = new FakeSink();
  health = new Health();
  scope = Scope.root('test', (error) => failures.push(error));
  const warn = (_: object, message: string): void => void warnings.push(message);
  const log: Logger = { ...silentLogger, warn, error: warn };
  delivery = new Delivery({ journal, sink, log, health });
});

afterEach(async () => {
  await scope.close();
  vi.useRealTimers();
  expect(failures).toEqual([]);
  expect(scope.census()).toEqual(new Map());
  expect(getEventListeners(scope.closing, 'abort')).toEqual([]);
});

/** Lets everything happen that happens without time passing. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const start = async (): Promise<void> => {
  void scope.run('delivery', () => delivery.run(scope));
  await settle();
};

describe('delivery', () => {
  test('brings everything committed, in order within each lane, and then waits', async () => {
    journal.commit(2, 3);
    await start();
    journal.commit(0, 2);
    await settle();
    journal.commit(2);
    await settle();
    expect(sink.delivered).toEqual([0, 1, 2, 3, 4, 5]);
    expect(delivery.stats).toMatchObject({
      state: 'idle',
      linesDelivered: 6,
      circuit: 'closed',
      lagSeconds: 0,
    });
    expect(journal.waiting).toBe(1);
    expect(journal.advances.at(-1)?.delivered[2]).toBe(6);
    expect(sink.cursors.at(-1)?.[2]).toBe(6);
    expect(health.components().get('sink/fake')?.state).toBe('healthy');

    const { reads } = journal;
    const advances = journal.advances.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(journal.reads).toBe(reads);
    expect(journal.advances).toHaveLength(advances);
  });

  test('goes on from the sink’s own cursor, and keeps what it retains', async () => {
    journal.commit(1, 4);
    sink.own = [0, 3, 0, 0, 0, 0, 0, 0];
    sink.retained = [0, 2, 0, 0, 0, 0, 0, 0];
    await start();
    expect(journal.opened).toEqual({ name: 'fake', own: sink.own });
    expect(sink.delivered).toEqual([3]);
    expect(journal.advances.at(-1)?.retained).toEqual(sink.retained);
    sink.retained = [4, 4, 4, 4, 4, 4, 4, 4];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(journal.advances.at(-1)?.retained).toEqual(sink.retained);
  });

  test('live lines before a backlog, which has its share', async () => {
    journal.commit(LIVE_LANES, 10);
    const turns: number[] = [];
    sink.before = ([{ lane }]) => {
      turns.push(lane);
      if (turns.length < 12) {
        journal.commit(1);
        journal.commit(LIVE_LANES);
      }
    };
    await start();
    expect(turns.slice(0, 8)).toEqual([4, 1, 1, 1, 4, 1, 1, 1]);
  });

  test('several lanes at once, never more than the sink takes, each lane in order', async () => {
    sink.concurrency = 3;
    const release: (() => void)[] = [];
    sink.before = () => new Promise<void>((resolve) => release.push(resolve));
    for (let i = 0; i < 5; i++) for (let lane = 0; lane < LIVE_LANES; lane++) journal.commit(lane);
    await start();
    expect(sink.inFlight).toBe(3);
    for (let i = 0; i < 10; i++) {
      release.shift()?.();
      await settle();
    }
    expect(sink.mostInFlight).toBe(3);
    for (let lane = 0; lane < LIVE_LANES; lane++) {
      const own = sink.delivered.filter((lsn) => lsn % LIVE_LANES === lane);
      expect(own).toEqual([0, 1, 2, 3, 4].map((i) => i * LIVE_LANES + lane));
    }
  });
});

describe('failures', () => {
  test('the same blocks again, with growing pauses, until they are there', async () => {
    let failing = true;
    let attempts = 0;
    sink.before = () => {
      attempts++;
      if (failing) throw retryable();
    };
    journal.commit(0, 2);
    await start();
    expect(delivery.stats).toMatchObject({ state: 'retrying', lastError: 'No space.' });
    expect(health.components().get('sink/fake')).toMatchObject({ state: 'degraded', reason: 'No space.' });
    await vi.advanceTimersByTimeAsync(3_200);
    expect(delivery.stats.circuit).toBe('open');
    const before = attempts;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(attempts - before).toBeGreaterThanOrEqual(30);
    expect(attempts - before).toBeLessThanOrEqual(63);
    expect(warnings).toEqual(['No space.']);
    failing = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sink.delivered).toEqual([0, 1]);
    expect(delivery.stats).toMatchObject({ circuit: 'closed', linesDelivered: 2, lastError: undefined });
    expect(health.overall).toBe('healthy');
  });

  test('what needs a person is tried slowly and never dropped', async () => {
    let failing = true;
    sink.before = () => {
      if (failing) throw new TypeError('a bug');
    };
    journal.commit(0);
    await start();
    expect(health.components().get('sink/fake')?.state).toBe('degraded');
    failing = false;
    await vi.advanceTimersByTimeAsync(59_000);
    expect(sink.delivered).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.delivered).toEqual([0]);
  });

  test('a sink that cannot be opened is not fatal', async () => {
    sink.openings = [failToOpen, failToOpen, failToOpen];
    journal.commit(0);
    await start();
    expect(delivery.stats.state).toBe('opening');
    expect(health.overall).toBe('degraded');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.delivered).toEqual([0]);
    expect(health.overall).toBe('healthy');
  });

  test('a block that cannot be decoded is a gap, and only that block', async () => {
    sink.before = (blocks) => {
      if (blocks.some(({ lsn }) => lsn === 1)) throw new AgentError('JOURNAL_DAMAGED', 'A block is damaged.');
    };
    journal.commit(0, 4);
    await start();
    expect(sink.delivered).toEqual([0, 2, 3]);
    expect(delivery.stats).toMatchObject({ linesDelivered: 3, gaps: 1, circuit: 'closed' });
    expect(delivery.stats.linesLost).toEqual({ damaged: 1 });
    expect(warnings).toEqual([expect.stringContaining('1 lines are lost')]);
    expect(journal.advances.at(-1)?.delivered[0]).toBe(4);
  });

  test('what the journal lost is counted, told once, and passed', async () => {
    journal.commit(0);
    journal.lose(17);
    journal.commit(0);
    await start();
    expect(sink.delivered).toEqual([0, 2]);
    expect(delivery.stats.linesLost).toEqual({ cap: 17 });
    expect(warnings).toEqual([expect.stringContaining('17 lines are lost')]);
  });

  test('a journal that cannot be read now is read again', async () => {
    journal.failNextRead = new AgentError('JOURNAL_DAMAGED', 'Input/output error.', { retryable: true });
    journal.commit(0);
    await start();
    await vi.advanceTimersByTimeAsync(200);
    expect(sink.delivered).toEqual([0]);
  });
});

describe('closing', () => {
  test('drains what is committed, then closes the sink whose scope is still open', async () => {
    let scopeWasOpen = false;
    sink.close = async () => {
      sink.closes++;
      scopeWasOpen = sink.openScope?.isClosing === false;
      sink.retained = [9, 9, 9, 9, 9, 9, 9, 9];
    };
    sink.before = () => new Promise<void>((resolve) => void setTimeout(resolve, 10));
    await start();
    journal.commit(0, 2);
    journal.commit(3, 2);
    const closed = scope.close();
    await vi.advanceTimersByTimeAsync(100);
    await closed;
    expect(sink.delivered.toSorted()).toEqual([0, 1, 2, 3]);
    expect([sink.closes, journal.closed, scopeWasOpen]).toEqual([1, 1, true]);
    expect(journal.advances.at(-1)?.retained).toEqual(sink.retained);
    expect(delivery.stats.state).toBe('closed');
  });

  test('does not wait for a sink that fails', async () => {
    sink.before = () => {
      throw retryable();
    };
    journal.commit(0, 2);
    await start();
    await vi.advanceTimersByTimeAsync(10_000);
    await scope.close();
    expect([sink.closes, journal.closed]).toEqual([1, 1]);
    expect(sink.delivered).toEqual([]);
    expect(journal.advances.at(-1)?.delivered[0]).toBe(0);
  });

  test('stops draining after three seconds', async () => {
    sink.before = () => {
      journal.commit(0);
      return new Promise<void>((resolve) => void setTimeout(resolve, 100));
    };
    journal.commit(0);
    await start();
    const closed = scope.close();
    await vi.advanceTimersByTimeAsync(3_200);
    await closed;
    expect(sink.delivered.length).toBeGreaterThan(20);
    expect(sink.delivered.length).toBeLessThan(40);
    expect(sink.closes).toBe(1);
  });

  test('passes nothing that is under way when time is over', async () => {
    sink.concurrency = 3;
    sink.before = ([{ lane }], _, signal) =>
      lane === 1
        ? undefined
        : new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(retryable()));
          });
    for (const lane of [0, 1, LIVE_LANES]) journal.commit(lane);
    await start();
    const closed = scope.close();
    await vi.advanceTimersByTimeAsync(3_200);
    await closed;
    expect(sink.delivered).toEqual([1]);
    expect(journal.advances.at(-1)?.delivered).toEqual([0, 3, 3, 3, 0, 3, 3, 3]);
  });

  test('aborting leaves the sink as it is', async () => {
    await start();
    await scope.abort();
    expect([sink.closes, journal.closed]).toEqual([0, 1]);
  });

  test('while the sink is still being opened', async () => {
    sink.openings = Array.from({ length: 99 }, () => failToOpen);
    await start();
    await scope.close();
    expect(journal.opened).toBeUndefined();
  });
});
