/** A sink that keeps its own cursor is counted up to it before anything is delivered; the model is in ledger.test.ts. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, openOn, SMALL } from '../journal/testing/test-kit.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';
import { ModelSink, SinkStore } from './testing/model-sink.js';

const OWN = [0, 2, 0, 0, 0, 0, 0, 0];
let journal: FakeJournal;
let sink: FakeSink;
let scope: Scope;
let delivery: Delivery;

beforeEach(async () => {
  vi.useFakeTimers();
  journal = new FakeJournal();
  sink = new FakeSink();
  sink.own = OWN;
  journal.commit(1, 3);
  journal.failRead = () => Object.assign(new Error('no descriptor left'), { code: 'EMFILE' });
  scope = Scope.root('test', () => undefined);
  delivery = new Delivery({ journal, sink, log: silentLogger, health: new Health() });
  void scope.run('delivery', () => delivery.run(scope));
  await vi.advanceTimersByTimeAsync(20_000);
});

afterEach(async () => {
  await scope.close();
  vi.useRealTimers();
});

test('where the machine is short of something it is tried again, and until then nothing is delivered', async () => {
  expect([delivery.stats.state, delivery.balance.pending, sink.delivered]).toEqual([
    'opening',
    undefined,
    [],
  ]);
  expect(journal.advances).toEqual([]);
  journal.failRead = () => undefined;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(journal.advances[0].delivered).toEqual(OWN);
  expect(sink.delivered).toEqual([2]);
  expect(delivery.balance.totals).toMatchObject({ before: 2, delivered: 1, taken: 3 });
});

test('where it closes before, no cursor is stored without the totals that belong to it', async () => {
  await scope.close();
  expect(journal.advances).toEqual([]);
  expect([sink.closes, journal.closed, journal.counted.size]).toEqual([1, 1, 0]);
});

test('a sink that knows a journal which was deleted begins anew, and one gap is told, of nobody knows how many', async () => {
  vi.useRealTimers();
  const { journal, streams, scope } = await openOn(new MemoryDisk(), {}, { ...SMALL, firstLsn: 10_000 });
  const store = new SinkStore();
  store.cursor = OWN;
  const told: string[] = [];
  const log = { ...silentLogger, warn: (_: object, sentence: string) => void told.push(sentence) };
  const own = new ModelSink('own', store, { keepsCursor: true });
  const delivery = new Delivery({ journal, sink: own, log, health: new Health() });
  void scope.run('delivery', () => delivery.run(scope));
  const labels = { container: 'web', stream: 'stdout' };
  void journal.append(batchOf(streams, [{ labels, text: 'new' }]), 'k', 1, { key: 'k', from: 0, to: 1 });
  await journal.barrier();
  await vi.waitFor(() => expect(store.lines).toHaveLength(1), 20_000);
  expect(told).toEqual([expect.stringMatching(/^sink\/own has a gap: an unknown number of lines/)]);
  expect(delivery.balance).toMatchObject({
    pending: 0,
    totals: { before: 0, delivered: 1, lost: {}, taken: 1 },
  });
  await scope.close();
});
