/**
 * Jobs take turns of SLICE_MS in the worker, one after the other, as long as somebody takes what they answer. Between two
 * slices the event loop turns, so that messages are heard.
 */
import { setImmediate } from 'node:timers/promises';
import { describeError } from '../runtime/errors.js';
import type { Job } from './job-context.js';
import { BUFFERED_BYTES, type FromWorker } from './protocol.js';

const SLICE_MS = 8;

interface Running {
  readonly id: number;
  readonly job: Job;
  isStopping: boolean;
  /** Bytes that were sent and not taken. */
  ahead: number;
}

export type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void;

export class Scheduler {
  readonly #jobs = new Map<number, Running>();
  readonly #post: Post;
  readonly #onRest: () => void;
  #isTurning = false;

  /** `onRest`: none has anything to do. */
  constructor(post: Post, onRest: () => void) {
    this.#post = post;
    this.#onRest = onRest;
  }

  /** `make` gets what tells the job to come to its end. */
  start(id: number, make: (isStopping: () => boolean) => Job): void {
    const running: Running = { id, job: make(() => running.isStopping), isStopping: false, ahead: 0 };
    this.#jobs.set(id, running);
    this.#turn();
  }

  taken(id: number, bytes: number): void {
    const running = this.#jobs.get(id);
    if (!running) return;
    running.ahead -= bytes;
    this.#turn();
  }

  stop(id: number): void {
    const running = this.#jobs.get(id);
    if (!running) return;
    running.isStopping = true;
    this.#turn();
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    void this.#turnWhileDue();
  }

  async #turnWhileDue(): Promise<void> {
    for (;;) {
      const due = [...this.#jobs.values()].find(isDue);
      if (!due) break;
      // To the end of the queue.
      this.#jobs.delete(due.id);
      this.#jobs.set(due.id, due);
      await this.#slice(due);
      await setImmediate();
    }
    this.#isTurning = false;
    this.#onRest();
  }

  async #slice(running: Running): Promise<void> {
    const until = performance.now() + SLICE_MS;
    const { id, job } = running;
    try {
      do {
        const { done, value } = await job.next();
        if (done) return this.#end(id);
        if (value !== undefined && value.length > 0) this.#send(running, value);
      } while (isDue(running) && performance.now() < until);
    } catch (error) {
      this.#end(id, describeError(error));
    }
  }

  #send(running: Running, text: string | Buffer): void {
    // A buffer of its own, which can be handed over.
    const bytes = new Uint8Array(typeof text === 'string' ? Buffer.from(text) : text);
    running.ahead += bytes.length;
    this.#post({ type: 'text', id: running.id, bytes }, [bytes.buffer]);
  }

  #end(id: number, error?: string): void {
    this.#jobs.delete(id);
    this.#post({ type: 'done', id, ...(error !== undefined && { error }) });
  }
}

function isDue({ ahead, isStopping }: Running): boolean {
  return ahead < BUFFERED_BYTES || isStopping;
}
