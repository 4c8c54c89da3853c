/** Answers that only a person can change: everything is kept, it is said loudly with what to do, and tried again slowly. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.js';
import { FakeJournal } from '../../src/delivery/testing/fake-journal.js';
import { FakeSink } from '../../src/delivery/testing/fake-sink.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { judge } from '../../src/sinks/loki/answer.js';
import { Health } from '../../src/telemetry/health.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  [
    401,
    'no org id',
    /answered 401: no org id\. Check tenant, username, password and bearer_token of the sink\./,
  ],
  [403, '', /answered 403\. Check tenant, username, password and bearer_token of the sink\./],
  [404, '404 page not found', /answered 404: 404 page not found\. Check that url is the address of Loki\./],
])('%i', async (status, body, sentence) => {
  const journal = new FakeJournal();
  const sink = new FakeSink();
  const health = new Health();
  const errors: string[] = [];
  const log = { ...silentLogger, error: (_: object, text: string) => void errors.push(text) };
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const answer = judge({ status, body, retryAfter: undefined }, 'http://loki:3100/loki/api/v1/push', 0);
  let attempts = 0;
  sink.before = () => {
    attempts++;
    if (answer.kind === 'failed') throw answer.error;
  };
  const kept: unknown[] = [];
  const keep = async (): Promise<boolean> => kept.push('a line') > 0;
  const delivery = new Delivery({ journal, sink, log, health, deadLetters: { keep } });
  journal.commit(0, 5);
  void scope.run('delivery', () => delivery.run(scope));
  await vi.advanceTimersByTimeAsync(600_000);
  expect(attempts).toBeGreaterThan(8);
  expect(attempts).toBeLessThan(15);
  expect(errors).toEqual([expect.stringMatching(sentence)]);
  expect(health.components().get('sink/fake')).toMatchObject({
    state: 'degraded',
    reason: expect.stringMatching(sentence) as string,
  });
  expect([sink.delivered, kept, journal.advances.at(-1)?.delivered[0] ?? 0]).toEqual([[], [], 0]);
  expect(delivery.stats).toMatchObject({
    linesDelivered: 0,
    linesRejected: {},
    linesLost: {},
    linesPending: 5,
  });
  sink.before = () => undefined;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(sink.delivered).toEqual([0, 1, 2, 3, 4]);
  expect(health.components().get('sink/fake')?.state).toBe('healthy');
  await scope.close();
});
