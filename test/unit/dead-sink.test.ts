/**
 * A dead sink beside a healthy one, far past the journal's cap: the healthy one has every line as if it were alone, and the
 * dead one's loss is known to the line, by container. What both do to each other's speed: bench/dead-sink.ts.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.js';
import { MemoryDisk } from '../../src/journal/testing/memory-disk.js';
import { batchOf, linesOf, openOn } from '../../src/journal/testing/test-kit.js';
import type { Block, Cursor, Delivered, Sink } from '../../src/pipeline/contract.js';
import { LANES } from '../../src/pipeline/streams.js';
import { AgentError } from '../../src/runtime/errors.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Health } from '../../src/telemetry/health.js';

const CAP = 40_000;
const LIMITS = { segmentBytes: 3_000, groupBytes: 2_000, heldBytes: 4_000 };
const CONTAINERS = 5;

class TestSink implements Sink {
  readonly name: string;
  readonly concurrency = LANES;
  readonly maxRawBytes = 4_000;
  readonly batchWaitMs = 0;
  readonly retained = undefined;
  readonly lines: string[] = [];
  isDead: boolean;

  constructor(name: string, isDead: boolean) {
    this.name = name;
    this.isDead = isDead;
  }

  async open(): Promise<Cursor | undefined> {
    return undefined;
  }

  async deliver(blocks: readonly Block[]): Promise<Delivered> {
    if (this.isDead) throw new AgentError('SINK_UNREACHABLE', 'Nobody there.', { retryable: true });
    const lines = blocks.flatMap(linesOf).map((line) => line.slice(line.indexOf('} ') + 2));
    this.lines.push(...lines);
    return { delivered: lines.length, rejected: new Map() };
  }

  async close(): Promise<void> {}
}

/** Text that does not compress. */
const noise = (i: number): string =>
  Array.from({ length: 12 }, (_, n) => createHash('sha256').update(`${i}.${n}`).digest('base64')).join('');

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await vi.advanceTimersByTimeAsync(1);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('the healthy one misses nothing, and what the dead one loses is known to the line', async () => {
  const disk = new MemoryDisk();
  disk.free = { free: 2 ** 40, total: 2 ** 40 };
  const opened = await openOn(disk, { maxBytes: CAP, syncIntervalMs: 0 }, LIMITS);
  const { journal, streams, scope, failures } = opened;
  const told: string[] = [];
  const log = { ...silentLogger, warn: (_: object, sentence: string): void => void told.push(sentence) };
  const start = (sink: Sink): Delivery => {
    const delivery = new Delivery({ journal, sink, log, health: new Health() });
    void scope.run(sink.name, () => delivery.run(scope));
    return delivery;
  };
  const healthySink = new TestSink('healthy', false);
  const deadSink = new TestSink('dead', true);
  const healthy = start(healthySink);
  const dead = start(deadSink);
  await until(() => healthy.stats.state === 'idle' && dead.stats.state !== 'opening');

  const written: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < 6 * CAP; i++) {
    const text = `${i} ${noise(i)}`;
    const line = { labels: { container: `c${i % CONTAINERS}`, stream: 'stdout' }, text };
    bytes += text.length;
    written.push(text);
    await journal.append(batchOf(streams, [line]), 'k', i, { key: 'k', from: i, to: i + 1 });
    // No time passes for the dead one.
    await journal.barrier();
    const { linesLost, linesPending, linesDelivered } = dead.stats;
    expect([linesDelivered, (linesLost.cap ?? 0) + linesPending]).toEqual([0, i + 1]);
    await until(() => healthySink.lines.length === i + 1);
  }
  expect(healthySink.lines).toEqual(written);
  expect(healthy.stats).toMatchObject({ linesLost: {}, gaps: 0, linesPending: 0 });
  expect(journal.stats.bytes).toBeLessThanOrEqual(CAP);

  const { linesLost, gaps } = dead.stats;
  const lost = linesLost.cap ?? 0;
  expect(lost).toBeGreaterThan(written.length / 2);
  expect(gaps).toBeGreaterThan(10);
  const tellings = told.filter((sentence) => sentence.startsWith('sink/dead has a gap'));
  expect(tellings).toHaveLength(gaps);

  // It comes back, and has what was not lost, each line once, those of a container in order.
  deadSink.isDead = false;
  await until(() => dead.stats.linesPending === 0);
  const all = new Set(deadSink.lines);
  expect(all.size).toBe(deadSink.lines.length);
  expect(all.size + (dead.stats.linesLost.cap ?? 0)).toBe(written.length);
  for (let container = 0; container < CONTAINERS; container++) {
    const isOf = (text: string): boolean => Number.parseInt(text, 10) % CONTAINERS === container;
    expect(deadSink.lines.filter(isOf)).toEqual(written.filter((text) => isOf(text) && all.has(text)));
  }
  const closed = scope.close();
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  await until(() => isClosed);
  expect(failures).toEqual([]);
});
