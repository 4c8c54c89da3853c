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
