/** What memory holds when everything that nothing refers to is gone. Stops the process for tens of milliseconds a few times. */
import { getHeapCodeStatistics } from 'node:v8';
import { collectAll } from '../../runtime/garbage.js';
import type { Scope } from '../../runtime/scope.js';

const LOOKS = 4;
const BETWEEN_LOOKS_MS = 50;

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
  let least: LiveMemory | undefined;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await scope.sleep(BETWEEN_LOOKS_MS);
    collectAll();
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
