import { expect, test } from 'vitest';
import { Scope } from '../runtime/scope.js';
import { type Disk, type DiskFile, nodeDisk } from './disk.js';
import { Segment, Segments } from './segments.js';

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
