/**
 * Readable files, one output per container, each line in them exactly once whatever happens to the process.
 *
 * One delivery is one commit (output-store.ts). Beside deliveries one task keeps the directory in order and makes it durable
 * every few seconds; `retained` is the cursor of the last time, from which the journal can repeat what a power failure takes.
 */

import type { FileSinkConfig } from '../../config/types.js';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import { AgentError, describeError, systemCode } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { Drafts } from './drafts.js';
import type { Files } from './files.js';
import { STATE_DIRECTORY } from './names.js';
import { OutputStore } from './output-store.js';
import { Tidy } from './tidy.js';

const CHECKPOINT_MS = 5_000;
/** More than this is not left to a power failure, nor to one long sync. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
const NOTHING_REJECTED: ReadonlyMap<string, number> = new Map();

export interface FileSinkParts {
  readonly config: FileSinkConfig;
  readonly log: Logger;
  readonly files: Files;
  /** Changes when the machine starts. */
  readonly bootId: string;
  readonly now: () => number;
  /** Keeps other agents out of the directory until the scope closes. */
  readonly lock: (directory: string, scope: Scope) => Promise<void>;
}

export class FileSink implements Sink {
  readonly name: string;
  // Outputs share one commit log, and the work between two writes is what takes the time.
  readonly concurrency = 1;
  readonly maxRawBytes = 1024 * 1024;
  readonly batchWaitMs = 0;
  readonly #parts: FileSinkParts;
  readonly #drafts: Drafts;
  #store: OutputStore | undefined;
  #tidying: Scope | undefined;
  #isDue = false;
  #endPause: () => void = () => undefined;
  readonly #complaints = new Map<string, string>();

  constructor(name: string, parts: FileSinkParts) {
    this.name = name;
    this.#parts = parts;
    this.#drafts = new Drafts(parts.config.format);
  }

  get retained(): Cursor | undefined {
    return this.#store?.durable;
  }

  /** Throws SINK_WRITE, retryable, where the directory cannot be used now, DATA_DIR_IN_USE where another agent does. */
  async open(scope: Scope): Promise<Cursor | undefined> {
    const { config, files, lock, now } = this.#parts;
    const store = new OutputStore(this.#parts, scope);
    try {
      await lock(`${config.directory}/${STATE_DIRECTORY}`, scope);
      const cursor = await store.open();
      this.#store = store;
      const tidy = new Tidy(store, config, files, now);
      const tidying = scope.child('tidy');
      this.#tidying = tidying;
      // They are closed by whoever opens them for a moment; here they are only counted.
      scope.own(
        'task',
        'files being synced or compressed',
        () => {},
        () => files.holds(),
      );
      void tidying.run('tidy', () => this.#tidy(tidying, store, tidy));
      return cursor;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Throws SINK_WRITE, retryable, where the files cannot be written, JOURNAL_DAMAGED where a block cannot be read. */
  async deliver(blocks: readonly Block[], cursor: Cursor): Promise<Delivered> {
    const store = this.#opened();
    const { drafts, lines } = this.#drafts.format(blocks);
    const appends = drafts.map((draft) => ({
      output: draft.output,
      length: draft.bytes,
      bytes: () => this.#drafts.bytesOf(draft),
    }));
    try {
      await store.commit(appends, cursor, lines);
    } catch (error) {
      throw this.#explain(error);
    }
    if (store.unlinked.size > 0 || store.unsyncedBytes > CHECKPOINT_BYTES) this.#wake();
    return { delivered: lines, rejected: NOTHING_REJECTED };
  }

  async close(): Promise<void> {
    try {
      await this.#tidying?.close();
    } finally {
      await this.#store?.close().catch((error: unknown) => {
        throw this.#explain(error);
      });
    }
  }

  async #tidy(scope: Scope, store: OutputStore, tidy: Tidy): Promise<void> {
    // Not the clock on the wall: somebody may set that back.
    let checkpointMs = performance.now();
    while (!scope.isClosing) {
      this.#isDue = false;
      await this.#attempt('links', () => tidy.link());
      await this.#attempt('closing by age', () => tidy.rollAged());
      const now = performance.now();
      if (now - checkpointMs >= CHECKPOINT_MS || store.unsyncedBytes > CHECKPOINT_BYTES) {
        checkpointMs = now;
        await this.#attempt('sync', () => store.checkpoint());
        await this.#attempt('limits', () => tidy.limit());
      }
      let compressed = false;
      await this.#attempt('compression', async () => {
        compressed = await tidy.compressOne(scope.closing);
      });
      if (!compressed) await this.#pause(scope);
    }
  }

  #wake(): void {
    this.#isDue = true;
    this.#endPause();
  }

  /** Until something is to be done, at most until the next checkpoint. */
  async #pause(scope: Scope): Promise<void> {
    if (this.#isDue || scope.isClosing) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        void closing.release();
        void timer.release();
        resolve();
      };
      const timer = scope.timeout('pause', CHECKPOINT_MS, finish);
      const closing = scope.onClosing('pause', finish);
      this.#endPause = finish;
    });
  }

  /** Deliveries do not depend on any of this: a step that fails is told once and tried again. */
  async #attempt(step: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#complaints.delete(step);
    } catch (error) {
      if (this.#tidying?.isClosing) return;
      const complaint = describeError(this.#explain(error));
      if (this.#complaints.get(step) === complaint) return;
      this.#complaints.set(step, complaint);
      this.#parts.log.warn({ step, code: systemCode(error) }, complaint);
    }
  }

  #opened(): OutputStore {
    if (!this.#store) throw new TypeError(`sink ${this.name} is not open`);
    return this.#store;
  }

  /** Errors of the filesystem as what they mean for the operator; all others are left as they are. */
  #explain(error: unknown): unknown {
    const code = systemCode(error);
    if (error instanceof AgentError || code === undefined || code.startsWith('ERR_')) return error;
    const { directory } = this.#parts.config;
    const [happened, remedy] = EXPLANATIONS[code] ?? [`cannot be written (${code})`, 'See the cause.'];
    return new AgentError('SINK_WRITE', `The output directory ${directory} ${happened}.`, {
      remedy: `${remedy} Delivery goes on by itself then; nothing is lost while the journal has room.`,
      retryable: true,
      cause: error,
    });
  }
}

const NOT_ALLOWED: [string, string] = [
  'may not be written by this user',
  `Give user ${process.getuid?.() ?? ''} write permission to it, or choose another one.`,
];
const EXPLANATIONS: Readonly<Record<string, [happened: string, remedy: string]>> = {
  ENOSPC: ['has no space left', 'Free some space, or lower max_total_bytes.'],
  EDQUOT: ['has reached its quota', 'Free some space, or lower max_total_bytes.'],
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EROFS: ['is on a read-only filesystem', 'Mount it writable, or choose another directory.'],
  ENOTDIR: ['has a file in the place of a directory', 'Move that file away.'],
  ENOENT: ['was removed while it was written', 'It is made again.'],
  EIO: ['cannot be written: input/output error', 'Check the disk.'],
  EMFILE: ['cannot be written: too many open files', "Raise the process's limit of open files."],
};
