/** What memory holds when everything that nothing refers to is gone. Stops the process for tens of milliseconds a few times. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Scope } from '../../runtime/scope.js';

const LOOKS = 4;
const BETWEEN_LOOKS_MS = 50;

let collect: (() => void) | undefined;

/**
 * The least of a few collections: buffers of what is just being read are no part of it, and those that a collection
 * has found go only afterwards.
 */
export async function memoryWithoutGarbage(scope: Scope): Promise<NodeJS.MemoryUsage> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  let least: NodeJS.MemoryUsage | undefined;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await scope.sleep(BETWEEN_LOOKS_MS);
    collect();
    const memory = process.memoryUsage();
    if (!least || live(memory) < live(least)) least = memory;
  }
  return least as NodeJS.MemoryUsage;
}

function live({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external;
}
