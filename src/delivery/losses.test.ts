/** What a sink loses at the journal's cap is counted and told when it happens, and before it happens. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, openOn } from '../journal/testing/test-kit.js';
import { AgentError } from '../runtime/errors.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

let sink: FakeSink;
let health: Health;
let told: string[];
let log: ConstructorParameters<typeof Delivery>[0]['log'];

beforeEach(() => {
  sink = new FakeSink();
  health = new Health();
  told = [];
  const tell = (_: object, sentence: string): void => void told.push(sentence);
  log = { debug: () => undefined, info: tell, warn: tell, error: tell };
});

afterEach(() => void vi.useRealTimers());

const reason = (): string | undefined => health.components().get('sink/fake')?.reason;

test('during an outage: at once, with each segment that goes, and not again when the sink is back', async () => {
  const disk = new MemoryDisk();
  disk.free = { free: 2 ** 40, total: 2 ** 40 };
  const limits = { segmentBytes: 2_000, groupBytes: 1_000, heldBytes: 4_000 };
  const { journal, streams, scope } = await openOn(disk, { maxBytes: 8_000, syncIntervalMs: 0 }, limits);
  let isAway = true;
  sink.before = () => {
    if (isAway) throw new AgentError('SINK_UNREACHABLE', 'Nobody there.', { retryable: true });
  };
  const delivery = new Delivery({ journal, sink, log, health });
  void scope.run('delivery', () => delivery.run(scope));
  const check = (): number => {
    const { linesDelivered, linesLost, linesPending } = delivery.stats;
    const { cap = 0 } = linesLost;
    expect(linesDelivered + cap + linesPending).toBe(journal.stats.linesCommitted);
    return cap;
  };
  await new Promise(setImmediate);
  for (let i = 0; i < 60; i++) {
    const before = { segment: journal.stats.oldestLsn, lost: check() };
    const rows = Array.from({ length: 4 }, (_, row) => ({
      labels: { container: `c${row}` },
      text: `${i} ${Math.random()} ${Math.random()} ${Math.random()}`,
    }));
    void journal.append(batchOf(streams, rows), 'k', i, { key: 'k', from: i, to: i + 1 });
    await journal.barrier();
    if (journal.stats.oldestLsn > before.segment) expect(check()).toBeGreaterThan(before.lost);
  }
  const lost = check();
  expect(lost).toBeGreaterThan(0);
  const { gaps, linesPending } = delivery.stats;
  expect(told.filter((sentence) => sentence.includes('has a gap'))).toHaveLength(gaps);
  expect(reason()).toMatch(/^Lines are being lost: the journal is full and sink\/fake .*; Nobody there\.$/);
  isAway = false;
  while (delivery.stats.linesPending > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(check()).toBe(lost);
  expect(delivery.stats).toMatchObject({ gaps, linesDelivered: linesPending });
  // For a minute, so that somebody sees it.
  expect(reason()).toMatch(/^Lines are being lost/);
  await scope.close();
});

test('a sink that is far behind is told of once, before it loses lines, until it has caught up', async () => {
  vi.useFakeTimers();
  const journal = new FakeJournal();
  const scope = Scope.root('test', () => undefined);
  const delivery = new Delivery({ journal, sink, log, health });
  void scope.run('delivery', () => delivery.run(scope));
  const observe = async (pendingBytes: number): Promise<void> => {
    journal.pendingBytes = pendingBytes;
    await vi.advanceTimersByTimeAsync(5_000);
  };
  await observe(800);
  expect([told, health.overall]).toEqual([[], 'healthy']);
  await observe(801);
  const sentence = /^sink\/fake is behind by 801 B of 1000 B; .*raise journal\.max_bytes or mend it\.$/;
  expect(told).toEqual([expect.stringMatching(sentence)]);
  expect(reason()).toMatch(sentence);
  for (const bytes of [900, 700, 990, 501]) await observe(bytes);
  expect(told).toHaveLength(1);
  expect(health.overall).toBe('degraded');
  await observe(500);
  expect(health.overall).toBe('healthy');
  await observe(900);
  expect(told).toHaveLength(2);

  journal.onLost?.([{ why: 'cap', lines: 3, fromLsn: 0, toLsn: 9, lane: 2 }]);
  expect(delivery.stats).toMatchObject({ linesLost: { cap: 3 }, gaps: 1 });
  expect(reason()).toMatch(/^Lines are being lost/);
  await observe(0);
  expect(reason()).toMatch(/^Lines are being lost/);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(health.overall).toBe('healthy');
  await scope.close();
});
