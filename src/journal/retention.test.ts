import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANES } from '../pipeline/streams.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, linesOf, type Opened, openOn, readAll } from './testing/test-kit.js';
import type { LaneRead, OnLost } from './types.js';

const LIMITS = { segmentBytes: 1_000, groupBytes: 1e6, heldBytes: 1e6 };
const STREAMS = ['web', 'db', 'cache', 'queue'].map((container) => ({ container }));

async function push({ journal, streams }: Opened, from: number, lines: number): Promise<string[]> {
  const rows = Array.from({ length: lines }, (_, i) => ({
    labels: STREAMS[(from + i) % STREAMS.length],
    text: `line ${from + i}`,
  }));
  void journal.append(batchOf(streams, rows), 'k', from, { key: 'k', from, to: from + lines });
  await journal.barrier();
  return rows.map(({ labels, text }) => `${streams.acquire(labels).text} ${text}`);
}

describe('the cap', () => {
  it.each([
    ['by the next read', false],
    ['at once', true],
  ])('holds, and every line is either read or counted as lost, exactly, %s', async (_name, listens) => {
    const step = fc.record({
      lines: fc.integer({ min: 1, max: 30 }),
      // LANES means all of them, to the end.
      read: fc.option(fc.record({ lane: fc.nat(LANES), bytes: fc.nat(3_000), advances: fc.boolean() })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const disk = new MemoryDisk();
        const maxBytes = 8_000;
        const opened = await openOn(disk, { maxBytes, syncIntervalMs: 2 ** 30 }, LIMITS);
        const pushed: string[] = [];
        const delivered: string[] = [];
        let lost = 0;
        const onLost: OnLost = (losses) => {
          for (const { lines } of losses) lost += lines;
        };
        const cursor = opened.journal.openCursor('slow', undefined, listens ? onLost : undefined);
        let from = 0;
        const inHand = new Map<number, LaneRead>();
        const deliver = (lane: number, { blocks, next }: LaneRead): void => {
          delivered.push(...blocks.flatMap(linesOf));
          cursor.advance(cursor.value.with(lane, next));
          inHand.delete(lane);
        };
        for (const { lines, read } of steps) {
          pushed.push(...(await push(opened, from, lines)));
          from += lines;
          expect(opened.journal.stats.bytes).toBeLessThanOrEqual(maxBytes);
          expect(diskBytes(disk)).toBe(opened.journal.stats.bytes);
          expect(cursor.pendingLines()).toBe(pushed.length - delivered.length - lost);
          if (!read) continue;
          for (let lane = 0; lane < LANES; lane++) {
            if (read.lane !== lane && read.lane < LANES) continue;
            let result: LaneRead;
            do {
              result = inHand.get(lane) ?? (await cursor.read(lane, cursor.value[lane], read.bytes));
              for (const { why, lines } of inHand.has(lane) ? [] : result.losses) {
                expect([why, listens]).toEqual(['cap', false]);
                lost += lines;
              }
              inHand.set(lane, result);
              if (result.blocks.length > 0 && !read.advances) break;
              deliver(lane, result);
            } while (read.lane === LANES && result.blocks.length > 0);
            expect(cursor.pendingLines()).toBe(pushed.length - delivered.length - lost);
          }
        }
        for (const [lane, result] of inHand) deliver(lane, result);
        const rest = await readAll(cursor);
        delivered.push(...rest.lines.flat());
        for (const { lines } of rest.losses) lost += lines;
        expect(new Set(delivered).size).toBe(delivered.length);
        expect(delivered.filter((line) => !pushed.includes(line))).toEqual([]);
        expect(delivered.length + lost).toBe(pushed.length);
        await opened.scope.close();
      }),
      { numRuns: 60 },
    );
  });

  it('harms only the reader that is behind, and not what it has in hand', async () => {
    const opened = await openOn(new MemoryDisk(), { maxBytes: 5_000 }, LIMITS);
    const fast = opened.journal.openCursor('fast');
    const slow = opened.journal.openCursor('slow');
    const pushed: string[] = [];
    const got: string[] = [];
    pushed.push(...(await push(opened, 0, 4)));
    const inHand = await readAll(slow);
    expect(inHand.lines.flat().sort()).toEqual(pushed.toSorted());
    for (let from = 4; from < 400; from += 4) {
      pushed.push(...(await push(opened, from, 4)));
      const { lines, next, losses } = await readAll(fast);
      expect(losses).toEqual([]);
      got.push(...lines.flat());
      fast.advance(next);
    }
    expect(got.sort()).toEqual(pushed.toSorted());
    const late = await readAll(slow, inHand.next);
    const lost = late.losses.reduce((sum, { lines }) => sum + lines, 0);
    expect(lost).toBeGreaterThan(0);
    expect(4 + lost + late.lines.flat().length).toBe(400);
    await opened.scope.close();
  });

  it('takes no block from under a read', async () => {
    const disk = new MemoryDisk();
    disk.fault = async (operation) => {
      if (operation === 'read') await new Promise(setImmediate);
    };
    const opened = await openOn(disk, { maxBytes: 5_000 }, LIMITS);
    const cursor = opened.journal.openCursor('r');
    const delivered: string[] = [];
    let lost = 0;
    const readOn = async (): Promise<void> => {
      const { lines, losses, next } = await readAll(cursor);
      delivered.push(...lines.flat());
      for (const loss of losses) lost += loss.lines;
      cursor.advance(next);
    };
    const pushed: string[] = [];
    const done = new AbortController();
    const reading = (async () => {
      while (!done.signal.aborted) {
        await readOn();
        // While it rests it holds no segment.
        for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      }
    })();
    for (let from = 0; from < 2_000; from += 4) pushed.push(...(await push(opened, from, 4)));
    done.abort();
    await reading;
    await readOn();
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(delivered.length + lost).toBe(pushed.length);
    expect(delivered.filter((line) => !pushed.includes(line))).toEqual([]);
    expect(lost).toBeGreaterThan(0);
    await opened.scope.close();
  });

  it('says that something is missing to a cursor that comes back too late, without knowing how much', async () => {
    const disk = new MemoryDisk();
    const first = await openOn(disk, { maxBytes: 5_000 }, LIMITS);
    for (let from = 0; from < 200; from += 4) await push(first, from, 4);
    const { oldestLsn } = first.journal.stats;
    expect(oldestLsn).toBeGreaterThan(0);
    await first.scope.close();
    const { journal, scope } = await openOn(disk);
    const { losses } = await readAll(journal.openCursor('late', Array(LANES).fill(0)));
    expect(losses).toEqual([{ why: 'cap', lines: 0, fromLsn: 0, toLsn: oldestLsn }]);
    await scope.close();
  });
});

describe('age', () => {
  it('lets segments go only when every open reader has passed', async () => {
    const opened = await openOn(new MemoryDisk(), { maxAgeMs: -1_000 }, LIMITS);
    const { journal } = opened;
    const cursor = journal.openCursor('r');
    for (let from = 0; from < 100; from += 4) await push(opened, from, 4);
    expect(journal.stats.oldestLsn).toBe(0);
    const read = await readAll(cursor);
    expect(read.lines.flat()).toHaveLength(100);
    cursor.advance(read.next, Array(LANES).fill(0));
    await push(opened, 100, 4);
    expect(journal.stats.oldestLsn).toBe(0);
    cursor.advance(read.next);
    await push(opened, 104, 4);
    expect(journal.stats.segments).toBeLessThanOrEqual(3);
    expect((await readAll(cursor)).losses).toEqual([]);
    await opened.scope.close();
  });

  it('knows how old a segment is after a restart', async () => {
    const disk = new MemoryDisk();
    const first = await openOn(disk, {}, LIMITS);
    for (let from = 0; from < 100; from += 4) await push(first, from, 4);
    await first.scope.close();
    const young = await openOn(disk, { maxAgeMs: 60_000 }, LIMITS);
    await push(young, 100, 4);
    expect(young.journal.stats.oldestLsn).toBe(0);
    await young.scope.close();
    const old = await openOn(disk, { maxAgeMs: -60_000 }, LIMITS);
    await push(old, 104, 4);
    expect(old.journal.stats.segments).toBeLessThanOrEqual(2);
    await old.scope.close();
  });
});

it('some of the disk stays free, but the newest segment stays', async () => {
  const disk = new MemoryDisk();
  const opened = await openOn(disk, { minFree: 0.1 }, LIMITS);
  for (let from = 0; from < 100; from += 4) await push(opened, from, 4);
  const before = opened.journal.stats.segments;
  expect(before).toBeGreaterThan(4);
  disk.free = { free: 98_500, total: 1_000_000 };
  // Asked whenever a segment is begun: that is every second or third push here.
  for (let from = 100; from < 112; from += 4) await push(opened, from, 4);
  expect(opened.journal.stats.segments).toBeLessThan(before);
  expect(opened.journal.stats.segments).toBeGreaterThan(2);
  disk.free = { free: 0, total: 1_000_000 };
  for (let from = 112; from < 124; from += 4) await push(opened, from, 4);
  expect(opened.journal.stats.segments).toBeLessThanOrEqual(2);
  expect(opened.journal.position('k')).toBe(120);
  await opened.scope.close();
});

it('memory stays bounded: few segments are kept open, however many are read', async () => {
  const disk = new MemoryDisk();
  const opened = await openOn(disk, {}, LIMITS);
  for (let from = 0; from < 400; from += 4) await push(opened, from, 4);
  expect(opened.journal.stats.segments).toBeGreaterThan(20);
  await readAll(opened.journal.openCursor('r'));
  expect(disk.openFiles).toBeLessThanOrEqual(6);
  expect(opened.scope.census().get('file')).toBe(disk.openFiles);
  await opened.scope.close();
});

function diskBytes(disk: MemoryDisk): number {
  return disk.paths().reduce((sum, path) => sum + disk.content(path).length, 0);
}
