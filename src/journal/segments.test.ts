import { expect, test } from 'vitest';
import { Scope } from '../runtime/scope.js';
import { type Disk, type DiskFile, nodeDisk } from './disk.js';
import { Segment, Segments } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, openOn, readAll, SMALL } from './testing/test-kit.js';

test('a file that was opened too late is closed once', async () => {
  const scope = Scope.root('journal', (error) => {
    throw error;
  });
  let closed = 0;
  const file = { close: () => Promise.resolve(closed++) } as unknown as DiskFile;
  const disk: Disk = { ...nodeDisk, create: () => Promise.resolve(file) };
  const segments = new Segments('/journal', disk, scope, []);
  await scope.close();
  await expect(segments.create(new Segment(0, 0, 0))).rejects.toThrow('is closing');
  expect(closed).toBe(1);
});

test('only the segment that is written stays open, however many were read', async () => {
  const disk = new MemoryDisk();
  const { journal, streams, scope } = await openOn(disk, {}, SMALL);
  const cursor = journal.openCursor('reader');
  for (let n = 0; n < 40; n++) {
    const text = `${n} `.padEnd(1_000, 'x');
    const origin = { key: 'k', from: n, to: n + 1 };
    void journal.append(batchOf(streams, [{ labels: { container: 'web' }, text }]), 'k', n, origin);
    await journal.barrier();
  }
  const { lines } = await readAll(cursor);
  expect(lines.flat()).toHaveLength(40);
  expect(journal.stats.segments).toBeGreaterThan(3);
  expect(disk.openFiles).toBe(1);
  await scope.close();
});
