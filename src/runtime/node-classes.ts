/** Classes of Node.js that it does not export, each from an object that is made for a moment. */
import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';

export type AnyClass = abstract new (...args: never[]) => object;

/** By name; one that cannot be had now is left out. */
export async function unexportedClasses(): Promise<Map<string, AnyClass>> {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  const immediate = setImmediate(() => {});
  clearImmediate(immediate);
  const classes = new Map([
    ['Timeout', classOf(timer)],
    ['Immediate', classOf(immediate)],
  ]);
  try {
    const watcher = watch(tmpdir());
    watcher.close();
    classes.set('FSWatcher', classOf(watcher));
  } catch {
    // The host has no watch left.
  }
  const handle = await open('/dev/null').catch(() => undefined);
  await handle?.close();
  if (handle) classes.set('FileHandle', classOf(handle));
  return classes;
}

function classOf(thing: object): AnyClass {
  return thing.constructor as AnyClass;
}
