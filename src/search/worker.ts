/**
 * The thread that searches. It is told what to do over its port (protocol.ts), opens segment files itself, and is ended
 * from outside. It takes less of the processor than the thread that captures, where both want it.
 */
import { getPriority, setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import type { Span } from '../journal/span.js';
import { Archive } from './archive.js';
import { startJob } from './jobs/index.js';
import type { FromWorker, ToWorker, WorkerInit } from './protocol.js';
import { Scheduler } from './scheduler.js';

/** How much nicer than the rest of the process. */
const NICER = 5;
const LEAST_PRIORITY = 19;
const ROOM = { lines: 50_000, bytes: 8 * 1024 ** 2 };

const { port, openFiles } = workerData as WorkerInit;
const open = new Int32Array(openFiles);
const archive = new Archive({ add: (difference) => void Atomics.add(open, 0, difference) });
const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const onSpan = (base: number, span: Span): void => post({ type: 'span', base, span });
const scheduler = new Scheduler(post, () => archive.rest());

// Only Linux has it by thread.
if (process.platform === 'linux') {
  try {
    setPriority(0, Math.min(LEAST_PRIORITY, getPriority(0) + NICER));
  } catch {
    // Where that is forbidden, a search takes as much as capture does.
  }
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start':
      scheduler.start(message.id, (isStopping) =>
        startJob({ archive, room: ROOM, onSpan, isStopping }, message.request),
      );
      break;
    case 'taken':
      scheduler.taken(message.id, message.bytes);
      break;
    case 'stop':
      scheduler.stop(message.id);
      break;
    case 'ping':
      post({ type: 'alive' });
      break;
  }
});
