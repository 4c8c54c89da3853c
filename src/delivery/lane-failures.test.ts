/** A lane in trouble is its own trouble: the sink's other lanes go on, and people hear of it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIVE_LANES } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

let journal: FakeJournal;
let sink: FakeSink;
let scope: Scope;
let health: Health;
let delivery: Delivery;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  journal = new FakeJournal();
  sink = new FakeSink();
  health = new Health();
  told = [];
  scope = Scope.root('test', () => undefined);
  const tell = (_: object, sentence: string): void => void told.push(sentence);
  const log = { debug: () => undefined, info: tell, warn: tell, error: tell };
  delivery = new Delivery({ journal, sink, log, health });
});

afterEach(async () => {
  const closed = scope.close();
  await vi.advanceTimersByTimeAsync(10_000);
  await closed;
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const start = async (): Promise<void> => {
  void scope.run('delivery', () => delivery.run(scope));
  await pass(10);
};

const cases = [
  ['SINK_REFUSED', false, 8, 1],
  ['SINK_TROUBLE', true, 8, 1],
  ['SINK_REFUSED', false, 1, 1],
  ['SINK_TROUBLE', true, 1, 1],
  ['SINK_TROUBLE', true, 1, LIVE_LANES],
] as const;

test.each(cases)(
  'a lane that is refused for ever (%s, retryable: %s) does not stop the others: %d at once, lane %d',
  async (code, retryable, concurrency, other) => {
    let isRefused = true;
    sink.concurrency = concurrency;
    sink.before = async ([{ lane }]) => {
      // An answer takes its time.
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (isRefused && lane === 0) throw new AgentError(code, 'Loki answered 401: no org id.', { retryable });
    };
    await start();
    journal.commit(0);
    // It has failed before the others have anything.
    await pass(50);
    let mostWaiting = 0;
    for (let second = 0; second < 900; second++) {
      journal.commit(other);
      await pass(1_000);
      mostWaiting = Math.max(mostWaiting, second + 1 - sink.delivered.length);
    }
    // No longer than the first pause of the sink as a whole; where one lane is tried at a time, the second.
    expect(mostWaiting).toBeLessThanOrEqual(concurrency > 1 ? 61 : 121);
    expect(sink.delivered.at(-1)).toBe(900);
    expect(delivery.stats).toMatchObject({
      circuit: 'closed',
      lastError: expect.stringMatching(/lane 0.*401/) as string,
    });
    expect(health.components().get('sink/fake')).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(/lane 0.*401/) as string,
    });
    expect(told.filter((sentence) => sentence.includes('lane 0'))).toHaveLength(1);
    isRefused = false;
    await pass(61_000);
    expect(sink.delivered).toContain(0);
    expect([health.overall, delivery.stats.lastError]).toEqual(['healthy', undefined]);
  },
);

test('its attempts while the whole sink is away keep nobody from trying', async () => {
  sink.concurrency = 8;
  let isAway = false;
  sink.before = async ([{ lane }]) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (isAway || lane === 0) throw new AgentError('SINK_TROUBLE', 'Loki answered 500.', { retryable: true });
  };
  await start();
  journal.commit(0);
  for (let second = 0; second < 10; second++) {
    journal.commit(1);
    await pass(1_000);
  }
  expect(sink.delivered).toHaveLength(10);
  isAway = true;
  journal.commit(1);
  await pass(120_000);
  expect(delivery.stats).toMatchObject({ state: 'retrying', lastError: 'Loki answered 500.' });
  isAway = false;
  await pass(15_000);
  expect(sink.delivered).toHaveLength(11);
});

test('one that cannot be read waits, the others go on', async () => {
  sink.concurrency = 2;
  const tooMany = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  await start();
  let isShort = true;
  journal.failRead = (lane) => (isShort && lane === 0 ? tooMany : undefined);
  journal.commit(0);
  await pass(100);
  journal.commit(1, 3);
  await pass(100);
  expect(sink.delivered).toEqual([1, 2, 3]);
  expect(delivery.stats).toMatchObject({ circuit: 'closed' });
  expect(health.components().get('sink/fake')).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('EMFILE') as string,
  });
  await pass(60_000);
  expect(told).toHaveLength(1);
  isShort = false;
  await pass(10_000);
  expect(sink.delivered).toEqual([1, 2, 3, 0]);
  expect(health.overall).toBe('healthy');
});
