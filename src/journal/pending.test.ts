import { describe, expect, it } from 'vitest';
import { LANES } from '../pipeline/streams.js';
import { segmentName } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, DIRECTORY, type Opened, openOn, readAll } from './testing/test-kit.js';

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

describe('damage in the segment where a cursor stands', () => {
  const LINES = 6;
  /** The cursor is behind so many lines. */
  const DONE = 4;

  async function append(opened: Opened, n: number): Promise<void> {
    const batch = batchOf(opened.streams, [{ labels: web, text: `line ${n}` }]);
    void opened.journal.append(batch, 'k', n, { key: 'k', from: n, to: n + 1 });
    await opened.journal.barrier();
  }

  /** What is pending, told as lost, and read, where the first segment is damaged; a line is in another one. */
  async function look(damage: (content: Buffer, begins: number[]) => Buffer, taken?: () => number) {
    const disk = new MemoryDisk();
    const first = await openOn(disk, {}, LARGE);
    const begins: number[] = [];
    for (let n = 0; n < LINES; n++) {
      begins.push(first.journal.stats.committedLsn);
      await append(first, n);
    }
    await first.scope.close();
    // The first group is behind the snapshot.
    begins[0] = disk.content(FIRST).indexOf('LCJ1', 1);
    const second = await openOn(disk, {}, LARGE);
    await append(second, LINES);
    await second.scope.close();
    disk.replace(FIRST, damage(Buffer.from(disk.content(FIRST)), begins));
    const third = await openOn(disk, {}, LARGE);
    const cursor = third.journal.openCursor('c', Array<number>(LANES).fill(begins[DONE]));
    await cursor.locate(taken);
    const pending = cursor.pendingLines();
    const { lines, losses } = await readAll(cursor);
    const lost = losses.reduce((sum, { lines }) => sum + lines, 0);
    await third.scope.close();
    return { pending, lost, read: lines.flat().map((line) => line.slice(-1)) };
  }

  /** In the heads of these blocks. */
  const flips =
    (...blocks: number[]) =>
    (content: Buffer, begins: number[]): Buffer => {
      for (const n of blocks) content[begins[n] + 10] ^= 1;
      return content;
    };

  it.each([
    ['before it', flips(1), { pending: 3, lost: 0, read: ['4', '5', '6'] }],
    ['before it, all of it', flips(0, 1, 2, 3), { pending: 3, lost: 0, read: ['4', '5', '6'] }],
    ['behind it', flips(4), { pending: 3, lost: 1, read: ['5', '6'] }],
    [
      'behind it, where a record begins and nothing shows it',
      (content: Buffer, begins: number[]) => content.subarray(0, begins[5]),
      { pending: 3, lost: 1, read: ['4', '6'] },
    ],
  ])('%s', async (_, damage, expected) => {
    expect(await look(damage)).toEqual(expected);
  });

  it('on both sides: the reader knows how much was before, or all of it is taken for lost', async () => {
    const known = { pending: 3, lost: 1, read: ['5', '6'] };
    expect(await look(flips(0, 3, 4), () => DONE)).toEqual(known);
    expect(await look(flips(0, 3, 4))).toEqual({ pending: 5, lost: 3, read: ['5', '6'] });
  });
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
