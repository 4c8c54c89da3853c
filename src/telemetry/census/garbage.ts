/** What memory holds when everything that nothing refers to is gone. Stops the process for tens of milliseconds a few times. */
import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Scope } from '../../runtime/scope.js';

const LOOKS = 4;
const BETWEEN_LOOKS_MS = 50;

let collect: (() => void) | undefined;

/** Bytes. */
export interface LiveMemory extends NodeJS.MemoryUsage {
  /** Of `heapUsed`: what V8 made of the program, machine code and bytecode, with what belongs to it. */
  readonly code: number;
}

/**
 * The least of a few collections: buffers of what is just being read are no part of it, and those that a collection
 * has found go only afterwards.
 */
export async function memoryWithoutGarbage(scope: Scope): Promise<LiveMemory> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  let least: LiveMemory | undefined;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await scope.sleep(BETWEEN_LOOKS_MS);
    collect();
    const memory = { ...process.memoryUsage(), code: codeBytes() };
    if (!least || live(memory) < live(least)) least = memory;
  }
  return least as LiveMemory;
}

function codeBytes(): number {
  const { code_and_metadata_size: machine, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  return machine + bytecode;
}

function live({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external;
}
