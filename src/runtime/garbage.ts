/**
 * V8's garbage collector, where somebody must ask for it.
 *
 * Bytes of buffers lie outside V8's heap. Where few objects are made beside them, hardly anything ever fills the young
 * generation, and buffers that are needed no more wait for a collection of the old one: V8 begins that after each few MiB of
 * buffers, and marks the whole heap, on other threads too. So whoever makes many says so, and they go in collections of
 * the young generation, which cost a millisecond (docs/performance.md has the measurement).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

const YOUNG_BYTES = 4 * 1024 * 1024;

let collect: Collect | undefined;
let youngBytes = 0;

/** Collects all that nothing refers to. Stops the thread for tens of milliseconds. */
export function collectAll(): void {
  collector()();
}

/** A buffer of so many bytes was made, which is not needed for long. */
export function bufferMade(bytes: number): void {
  youngBytes += bytes;
  if (youngBytes < YOUNG_BYTES) return;
  youngBytes = 0;
  collector()({ type: 'minor' });
}

function collector(): Collect {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  return collect;
}
