import { expect, it } from 'vitest';
import { LANES } from '../pipeline/streams.js';
import { segmentName } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, DIRECTORY, openOn } from './testing/test-kit.js';

const LARGE = { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1e6 };
const FIRST = `${DIRECTORY}/${segmentName(0)}`;
const web = { container: 'web', stream: 'stdout' };

it('pending lines are never fewer than none, where something of the segment is damaged', async () => {
  const disk = new MemoryDisk();
  const first = await openOn(disk, {}, LARGE);
  const ends: number[] = [];
  for (let n = 1; n <= 6; n++) {
    void first.journal.append(batchOf(first.streams, [{ labels: web, text: `line ${n}` }]), 'k', n, {
      key: 'k',
      from: n,
      to: n + 1,
    });
    ends.push(await first.journal.barrier());
  }
  await first.scope.close();
  // The second block is damaged.
  const content = disk.content(FIRST);
  content[ends[0] + 20] ^= 0xff;
  const opened = await openOn(disk, {}, LARGE);
  const cursor = opened.journal.openCursor('c');
  await cursor.locate();
  const seen: number[] = [cursor.pendingLines()];
  const next = [...cursor.value];
  for (let lane = 0; lane < LANES; lane++) {
    for (;;) {
      const read = await cursor.read(lane, next[lane], 1);
      seen.push(cursor.pendingLines());
      next[lane] = read.next;
      cursor.advance([...next]);
      seen.push(cursor.pendingLines());
      if (read.blocks.length === 0 && read.losses.length === 0) break;
    }
  }
  await opened.scope.close();
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
  expect(seen.at(-1)).toBe(0);
});

it('pending bytes begin at the first pending line, however far behind it the cursor stands', async () => {
  const { journal, streams, scope } = await openOn(new MemoryDisk(), {}, LARGE);
  const cursor = journal.openCursor('c');
  const push = (text: string): Promise<number> => {
    void journal.append(batchOf(streams, [{ labels: web, text }]), 'k', 0, { key: 'k', from: 0, to: 1 });
    return journal.barrier();
  };
  for (let i = 0; i < 20; i++) {
    journal.setPosition('k', i);
    await journal.barrier();
  }
  expect(cursor.pendingBytes()).toBe(0);
  const before = journal.stats.committedLsn;
  const end = await push('line');
  expect(cursor.pendingBytes()).toBe(end);
  const lane =
    journal.committedRawBytes(0) > 0 ? 0 : [1, 2, 3].find((lane) => journal.committedRawBytes(lane) > 0);
  const first = await cursor.read(lane ?? 0, 0, 1e6);
  // In hand, so still needed.
  expect(cursor.pendingBytes()).toBeGreaterThan(0);
  expect(cursor.pendingBytes()).toBeLessThanOrEqual(end - before);
  cursor.advance(cursor.value.with(lane ?? 0, first.next));
  expect(cursor.pendingBytes()).toBe(0);
  await scope.close();
});

it('whoever sees the new end sees what was committed with it', async () => {
  const { journal, streams, scope } = await openOn(new MemoryDisk(), {}, LARGE);
  const raw = (): number =>
    Array.from({ length: LANES }, (_, lane) => journal.committedRawBytes(lane)).reduce((a, b) => a + b);
  const seen = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const before = { end: journal.stats.committedLsn, raw: raw() };
    const progress = { isDone: false };
    void journal.append(batchOf(streams, [{ labels: web, text: 'line' }]), 'k', n, {
      key: 'k',
      from: n,
      to: n + 1,
    });
    const done = journal.barrier().then(() => {
      progress.isDone = true;
    });
    while (!progress.isDone) {
      for (let i = 0; i < 100; i++) {
        await Promise.resolve();
        seen.add(`${journal.stats.committedLsn > before.end} ${raw() > before.raw}`);
      }
      await new Promise(setImmediate);
    }
    await done;
  }
  expect(seen).toEqual(new Set(['false false', 'true true']));
  await scope.close();
});
