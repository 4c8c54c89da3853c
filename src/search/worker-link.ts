/** One worker that searches, from its start to its end, as the main thread has it. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Owned, Scope } from '../runtime/scope.js';
import { startWorker } from '../runtime/workers.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** Of its heap; what it finds is bounded, so only a mistake needs more. */
const HEAP_MIB = 256;

export interface WorkerEars {
  readonly onMessage: (message: FromWorker) => void;
  /** It has ended, or was given up. Called once, and not after `end`. */
  readonly onLost: (error: AgentError) => void;
}

export class WorkerLink {
  readonly #port: MessagePort;
  readonly #owned: Owned;
  readonly #watch: Owned;
  readonly #ears: WorkerEars;
  readonly #silenceMs: number;
  #heardMs = performance.now();
  #isOver = false;

  /** One that does not answer for `silenceMs` is given up. */
  constructor(scope: Scope, file: URL, silenceMs: number, ears: WorkerEars) {
    this.#ears = ears;
    this.#silenceMs = silenceMs;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const openFiles = new SharedArrayBuffer(4);
    const open = new Int32Array(openFiles);
    const options = {
      workerData: { port: port2, openFiles },
      transferList: [port2],
      // Nothing that was preloaded into the main thread may slow this one down.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    };
    this.#owned = startWorker(scope, 'search of the history', file, options, {
      onEnd: () => {
        this.#isOver = true;
        port1.close();
      },
      onError: (error) => this.#lose(`The worker that searches has ended: ${describeError(error)}.`),
      holds: {
        get file() {
          return Atomics.load(open, 0);
        },
      },
    });
    port1.on('message', (message: FromWorker) => {
      this.#heardMs = performance.now();
      if (message.type !== 'alive' && !this.#isOver) ears.onMessage(message);
    });
    port1.on('close', () => this.#lose('The worker that searches has ended.'));
    this.#watch = scope.interval('watch of the search', silenceMs / 5, () => this.#ping());
  }

  post(message: ToWorker): void {
    if (!this.#isOver) this.#port.postMessage(message);
  }

  /** Ends the worker. Idempotent. */
  end(): void {
    this.#isOver = true;
    void this.#watch.release();
    // Whoever waits for it would wait for a disk that does not answer.
    void this.#owned.release();
  }

  #ping(): void {
    if (performance.now() - this.#heardMs > this.#silenceMs)
      this.#lose(`The worker that searches has not answered for ${this.#silenceMs / 1000} s.`);
    else this.post({ type: 'ping' });
  }

  #lose(message: string): void {
    if (this.#isOver) return;
    this.end();
    const remedy = 'Search again: a new one is started.';
    this.#ears.onLost(new AgentError('SEARCH_FAILED', message, { remedy, retryable: true }));
  }
}
