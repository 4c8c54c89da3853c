import type { Scope } from '../../runtime/scope.js';

const AT_ONCE = 8;
const SLICE_MS = 5;

/** Works on all items, as long as the scope is not closing, eight at a time, without holding the event loop for more than 5 ms where `work` does not wait. */
export async function eachLimited<T>(
  items: readonly T[],
  scope: Scope,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let sliceEnd = performance.now() + SLICE_MS;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (scope.isClosing) return;
      await work(item);
      if (performance.now() < sliceEnd) continue;
      await scope.sleep(0);
      sliceEnd = performance.now() + SLICE_MS;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
