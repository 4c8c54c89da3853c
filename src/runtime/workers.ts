/** A thread of its own, which a scope owns. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { Holdings, Owned, Scope } from './scope.js';

export interface WorkerEnds {
  /** The worker has ended by itself; the hearer releases it. */
  readonly onError: (error: unknown) => void;
  /** Called before it is ended from here. */
  readonly onEnd: () => void;
  /** What the thread has opened for as long as it lives. */
  readonly holds: Holdings;
}

export function startWorker(
  scope: Scope,
  name: string,
  file: URL,
  options: WorkerOptions,
  { onError, onEnd, holds }: WorkerEnds,
): Owned {
  const worker = new Worker(file, options);
  worker.on('error', onError);
  const end = async (): Promise<void> => {
    onEnd();
    await worker.terminate();
  };
  return scope.own('worker', name, end, () => ({ worker: 1, ...holds }));
}
