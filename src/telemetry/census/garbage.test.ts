import { expect, test } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { memoryWithoutGarbage } from './garbage.js';

const SIZE = 64 * 1024 * 1024;

test('what nothing refers to is not counted, what something refers to is', async () => {
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const held = { buffer: Buffer.alloc(SIZE) as Buffer | undefined };
  const before = await memoryWithoutGarbage(scope);
  expect(before.external).toBeGreaterThanOrEqual(SIZE);
  held.buffer = undefined;
  const after = await memoryWithoutGarbage(scope);
  expect(before.external - after.external).toBeGreaterThan(SIZE * 0.9);
  await scope.close();
});
