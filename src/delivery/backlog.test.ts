/** Deliveries on a real journal with a small cap: what the two promise together. */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, linesOf, type Opened, openOn } from '../journal/testing/test-kit.js';
import type { Block } from '../pipeline/contract.js';
import { compileMatch } from '../pipeline/match.js';
import { CATCH_UP_LABEL, LANES, LIVE_LANES } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';
import { silentLogger } from '../runtime/log.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeSink } from './testing/fake-sink.js';

const CAP = 40_000;
const LIMITS = { segmentBytes: 3_000, groupBytes: 2_000, heldBytes: 4_000 };

function largeDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.free = { free: 2 ** 40, total: 2 ** 40 };
  return disk;
}

/** Text that does not compress. */
const noise = (i: number): string =>
  Array.from({ length: 6 }, (_, n) => createHash('sha256').update(`${i}.${n}`).digest('base64')).join('');
const old = (i: number) => ({
  labels: { container: `c${i % 5}`, [CATCH_UP_LABEL]: 'true' },
  text: `${i} ${noise(i)}`,
});
const live = (i: number) => ({ labels: { container: `c${i % 5}` }, text: `live ${i}` });

function append(
  { journal, streams }: Opened,
  lines: Parameters<typeof batchOf>[1],
): Promise<void> | undefined {
  return journal.append(batchOf(streams, lines), 'k', 0, { key: 'k', from: 0, to: 0 });
}

/** Delivers to `sink` until the test ends; answers what arrived. */
function deliverTo(sink: FakeSink, { journal, scope }: Opened): { delivery: Delivery; arrived: string[] } {
  const arrived: string[] = [];
  const { before } = sink;
  sink.concurrency = LANES;
  sink.maxRawBytes = 4_000;
  sink.before = async (blocks, onTaken, signal) => {
    await before(blocks, onTaken, signal);
    arrived.push(...blocks.flatMap(linesOf).map((line) => line.slice(line.indexOf('} ') + 2)));
  };
  const delivery = new Delivery({ journal, sink, log: silentLogger, health: new Health() });
  void scope.run('delivery', () => delivery.run(scope));
  return { delivery, arrived };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('a backlog of five times the cap loses nothing at a slow sink, and live lines go on meanwhile', async () => {
  const opened = await openOn(largeDisk(), { maxBytes: CAP }, LIMITS);
  const sink = new FakeSink();
  sink.before = ([{ lane }]) =>
    new Promise((resolve) => void setTimeout(resolve, lane < LIVE_LANES ? 0 : 20));
  const { delivery, arrived } = deliverTo(sink, opened);
  const expected: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < 5 * CAP; i++) {
    const lines = [old(3 * i), old(3 * i + 1), old(3 * i + 2)];
    expected.push(...lines.map(({ text }) => text));
    for (const { text } of lines) bytes += text.length;
    await append(opened, lines);
    if (i % 10 === 0) {
      void append(opened, [live(i)]);
      expected.push(live(i).text);
    }
    expect(opened.journal.stats.bytes).toBeLessThanOrEqual(CAP);
  }
  await until(() => delivery.stats.linesPending === 0 && opened.journal.stats.linesUncommitted === 0);
  expect(delivery.stats).toMatchObject({ gaps: 0, linesLost: {}, linesDelivered: expected.length });
  expect(arrived.toSorted()).toEqual(expected.toSorted());
  await opened.scope.close();
  expect(opened.failures).toEqual([]);
});

test('old lines wait while a reader is away, live ones do not, and closing ends the waiting', async () => {
  const opened = await openOn(largeDisk(), { maxBytes: CAP }, LIMITS);
  const sink = new FakeSink();
  let isAway = true;
  sink.before = ([{ lane }]: readonly Block[]) => {
    if (isAway && lane >= LIVE_LANES) throw new AgentError('SINK_LIMITED', 'Not now.', { retryable: true });
  };
  const { delivery, arrived } = deliverTo(sink, opened);
  const appendUntilHeld = async (): Promise<[wait: Promise<void>, texts: string[]]> => {
    const texts: string[] = [];
    for (let i = 0; i < 1_000; i++) {
      texts.push(old(i).text);
      const wait = append(opened, [old(i)]);
      await opened.journal.barrier();
      if (
        wait &&
        (await Promise.race([wait.then(() => false), new Promise((r) => setTimeout(r, 500, true))]))
      )
        return [wait, texts];
    }
    throw new Error('never held');
  };
  const [wait, texts] = await appendUntilHeld();
  expect(opened.journal.stats.bytes).toBeGreaterThan(CAP / 3);
  expect(opened.journal.stats.bytes).toBeLessThan(CAP * 0.7);
  expect(append(opened, [live(1)])).toBeUndefined();
  await until(() => arrived.includes(live(1).text));
  isAway = false;
  await wait;
  await until(() => delivery.stats.linesPending === 0);
  expect(arrived.toSorted()).toEqual([...texts, live(1).text].toSorted());

  isAway = true;
  const [last] = await appendUntilHeld();
  await opened.scope.close();
  await last;
  expect(opened.failures).toEqual([]);
});

test.each(['SINK_UNREACHABLE', 'SINK_LIMITED', 'INTERNAL'] as const)(
  'what a stop leaves behind at a sink that answers %s comes after it, once',
  async (code) => {
    const opened = await openOn(largeDisk(), { maxBytes: CAP }, LIMITS);
    const sink = new FakeSink();
    let attempts = 0;
    sink.before = ([{ lane }]) => {
      if (attempts++ > 2 && lane % 2 === 0) throw new AgentError(code, 'No.', { retryable: true });
    };
    const scope = opened.scope.child('before the stop');
    const first = deliverTo(sink, { ...opened, scope });
    const lines = Array.from({ length: 40 }, (_, i) => (i % 2 ? old(i) : live(i)));
    for (const line of lines) await append(opened, [line]);
    await opened.journal.barrier();
    await until(() => attempts > 4);
    await scope.close();
    expect(first.arrived.length).toBeLessThan(lines.length);
    const second = deliverTo(new FakeSink(), opened);
    await until(() => second.delivery.stats.state === 'idle' && second.delivery.stats.linesPending === 0);
    expect([...first.arrived, ...second.arrived].toSorted()).toEqual(
      lines.map(({ text }) => text).toSorted(),
    );
    await opened.scope.close();
    expect(opened.failures).toEqual([]);
  },
);

test('every line is delivered, rejected, lost, passed over or pending, at every moment', async () => {
  const match = compileMatch('{container!="c0"}');
  const step = fc.record({
    lines: fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }),
    sink: fc.constantFrom('good', 'good', 'stuck', 'limited', 'rejecting', 'failing', 'damaged'),
    waits: fc.boolean(),
  });
  /** A part of the lines is for others, and all of them are more than the cap. */
  const each = (sink: 'good' | 'damaged' | 'rejecting' | 'stuck') =>
    Array.from({ length: 10 }, () => ({ lines: [0, 1, 2, 3, 4, 5, 6, 7, 8], sink, waits: true }));
  const seen = { lost: 0, passedOver: 0, rejected: 0, damaged: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const opened = await openOn(largeDisk(), { maxBytes: 8_000, syncIntervalMs: 0 }, LIMITS);
      const mood: { now: (typeof steps)[number]['sink'] } = { now: 'good' };
      const sink = new FakeSink();
      const plain = sink.deliver.bind(sink);
      sink.concurrency = 3;
      sink.maxRawBytes = 3_000;
      sink.before = async () => {
        while (mood.now === 'stuck') await new Promise(setImmediate);
        if (mood.now === 'limited') throw new AgentError('SINK_LIMITED', 'No more.', { retryable: true });
        if (mood.now === 'failing') throw new AgentError('SINK_UNREACHABLE', 'Away.', { retryable: true });
        if (mood.now === 'damaged') throw new AgentError('JOURNAL_DAMAGED', 'Unreadable.');
      };
      sink.deliver = async (blocks, cursor, signal) => {
        const { delivered } = await plain(blocks, cursor, signal);
        const rejected = mood.now === 'rejecting' && delivered > 0 ? 1 : 0;
        return { delivered: delivered - rejected, rejected: new Map([['bad', rejected]]) };
      };
      const { journal, scope } = opened;
      const delivery = new Delivery({ journal, sink, match, log: silentLogger, health: new Health() });
      void scope.run('delivery', () => delivery.run(scope));
      const check = (): void => {
        const { linesDelivered, linesRejected, linesLost, linesPassedOver, linesPending } = delivery.stats;
        const { bad = 0 } = linesRejected;
        const { cap = 0, damaged = 0 } = linesLost;
        const sum = linesDelivered + bad + cap + damaged + linesPassedOver + linesPending;
        expect(sum).toBe(journal.stats.linesCommitted);
        Object.assign(seen, { lost: seen.lost + cap, passedOver: seen.passedOver + linesPassedOver });
        Object.assign(seen, { rejected: seen.rejected + bad, damaged: seen.damaged + damaged });
      };
      await new Promise(setImmediate);
      for (const { lines, sink, waits } of steps) {
        mood.now = sink;
        void append(
          opened,
          lines.map((i) => ({ labels: { container: `c${i % 5}` }, text: noise(i).slice(0, 150) })),
        );
        if (waits) await journal.barrier();
        await new Promise(setImmediate);
        check();
      }
      await journal.barrier();
      check();
      mood.now = 'good';
      await scope.close();
      expect(opened.failures).toEqual([]);
    }),
    {
      numRuns: 25,
      examples: [[each('damaged')], [each('rejecting')], [[...each('stuck'), ...each('good')]]],
    },
  );
  for (const lines of Object.values(seen)) expect(lines).toBeGreaterThan(0);
});
