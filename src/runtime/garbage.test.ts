import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { bufferMade, collectAll } from './garbage.js';

const MIB = 1024 * 1024;
const { NODE_PERFORMANCE_GC_FLAGS_FORCED, NODE_PERFORMANCE_GC_MINOR } = constants;

/** As Node.js tells of one. */
type Collection = PerformanceEntry & { readonly detail: { readonly kind: number; readonly flags: number } };

test('the young generation is collected after each 4 MiB of buffers', async () => {
  const asked: string[] = [];
  let allTold = (): void => {};
  const areAllTold = new Promise<void>((resolve) => {
    allTold = resolve;
  });
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as Collection[]) {
      const { kind, flags } = detail;
      // V8 collects by itself, too.
      if ((flags & NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) continue;
      asked.push(kind === NODE_PERFORMANCE_GC_MINOR ? 'young' : 'all');
    }
    if (asked.filter((generations) => generations === 'all').length === 3) allTold();
  });
  observer.observe({ entryTypes: ['gc'] });
  bufferMade(4 * MIB - 1);
  collectAll();
  bufferMade(1);
  collectAll();
  bufferMade(3 * MIB);
  bufferMade(3 * MIB);
  collectAll();
  await areAllTold;
  observer.disconnect();
  expect(asked).toEqual(['all', 'young', 'all', 'young', 'all']);
});
