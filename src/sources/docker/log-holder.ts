/**
 * A worker that holds the logs of new containers. A container of 50 ms may be created and removed while the main thread
 * stalls; this thread does nothing else, so it opens the log within milliseconds, and a held descriptor keeps the file.
 *
 * Messages out: HeldLog, for each log that was opened. In: the id of a log that the main thread has opened for itself,
 * by /proc/self/fd/<fd>, or does not want; its descriptor is closed then. Whatever is still held ends with the worker.
 */
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type MessagePort, workerData } from 'node:worker_threads';
import { type Owned, Scope } from '../../runtime/scope.js';
import { watchPath } from '../../runtime/watch.js';
import { type ContainerFacts, isContainerId, predictedLogPath, readFactsFromFolder } from './facts.js';

export interface HolderData {
  /** `<root>/containers` */
  readonly dir: string;
  readonly port: MessagePort;
}

export interface HeldLog {
  readonly id: string;
  readonly fd: number;
  readonly facts: ContainerFacts | undefined;
}

const TRY_EVERY_MS = 5;
const TRY_FOR_MS = 10_000;
const YOUNG_MS = 10_000;

const { dir, port } = workerData as HolderData;
/** Until when each log that is not there yet is tried: milliseconds on performance.now(). */
const awaited = new Map<string, number>();
const held = new Map<string, number>();
/** Never closed: this thread ends with all that it has. A watch or a look that fails ends it, which the main thread hears. */
const scope = Scope.root('log holder', rethrow);
let looking: Owned | undefined;

watchPath(scope, dir, {
  onChange: (name) => {
    if (name) expect(name);
  },
  onError: rethrow,
});
// What came while this thread was being started.
for (const name of readdirSync(dir)) if (isYoung(name)) expect(name);

port.on('message', (id: string) => {
  const fd = held.get(id);
  held.delete(id);
  if (fd !== undefined) closeSync(fd);
});

function expect(name: string): void {
  if (!isContainerId(name) || awaited.has(name) || held.has(name)) return;
  awaited.set(name, performance.now() + TRY_FOR_MS);
  tryAll();
}

function isYoung(name: string): boolean {
  const { birthtimeMs } = statSync(join(dir, name), { throwIfNoEntry: false }) ?? { birthtimeMs: 0 };
  return Date.now() - birthtimeMs < YOUNG_MS;
}

function tryAll(): void {
  for (const [id, until] of awaited) {
    if (hold(id) || !isFolderThere(id) || performance.now() > until) awaited.delete(id);
  }
  if (awaited.size > 0) looking ??= scope.interval('logs that are not there yet', TRY_EVERY_MS, tryAll);
  else {
    void looking?.release();
    looking = undefined;
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function hold(id: string): boolean {
  try {
    const fd = openSync(predictedLogPath(dir, id), 'r');
    held.set(id, fd);
    const message: HeldLog = { id, fd, facts: readFactsFromFolder(dir, id) };
    port.postMessage(message);
    return true;
  } catch {
    return false;
  }
}

function isFolderThere(id: string): boolean {
  try {
    statSync(join(dir, id));
    return true;
  } catch {
    return false;
  }
}
