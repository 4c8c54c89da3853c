/**
 * The live tail. As a tap it sees every batch just before the journal takes it, and costs nothing while nobody listens.
 *
 * The seam between the first lines (from the journal) and the live ones (from the tap) has neither holes nor doubles:
 * - the tap is attached at one moment T; what comes after it is held back, and counted with all else that passes;
 * - `barrier()` waits until everything from before T is committed;
 * - then, at one moment X, `linesUncommitted` tells how many of the lines since T are committed: the journal commits in
 *   the order of appending, so they are the first (seen since T − uncommitted) ones;
 * - the first lines are taken from blocks below `committedLsn` as of X, so they hold exactly these, which are left out
 *   of what was held back.
 * A disk that does not take the commit in time leaves a hole, which is told as skipped.
 */
import type { Journal } from '../journal/types.js';
import type { Batch } from '../pipeline/batch.js';
import type { Tap } from '../pipeline/contract.js';
import { LANES, LIVE_LANES, type Stream } from '../pipeline/streams.js';
import type { Scope } from '../runtime/scope.js';
import { type EventOutput, EventQueue } from './event-queue.js';
import { firstLines } from './first-lines.js';
import { TailReader, type TailRequest } from './tail-reader.js';

const FIRST_LINES_RAW_BYTES = 4 * 1024 ** 2;
const BARRIER_PATIENCE_MS = 2_000;
const FLUSH_INTERVAL_MS = 50;
const HEARTBEAT_MS = 15_000;

export type TailJournal = Pick<Journal, 'stats' | 'barrier' | 'recent'>;

export class TailHub implements Tap {
  readonly #journal: TailJournal;
  readonly #readers = new Set<TailReader>();

  constructor(journal: TailJournal) {
    this.#journal = journal;
  }

  get clients(): number {
    return this.#readers.size;
  }

  onBatch(batch: Batch, streams: (id: number) => Stream | undefined): void {
    for (const reader of this.#readers) reader.onBatch(batch, streams);
  }

  /** Serves one client until its scope closes or, where it does not follow, until it has the first lines. */
  async serve(scope: Scope, request: TailRequest, output: EventOutput): Promise<void> {
    const queue = new EventQueue(output);
    const reader = new TailReader(request, queue);
    this.#readers.add(reader);
    try {
      await this.#sendFirstLines(scope, request, reader, queue);
      if (request.follow) await follow(scope, queue);
      queue.notice(`event: end\ndata: {"reason":"${request.follow ? 'stopping' : 'complete'}"}\n\n`);
      queue.finish();
    } finally {
      this.#readers.delete(reader);
    }
  }

  async #sendFirstLines(
    scope: Scope,
    request: TailRequest,
    reader: TailReader,
    queue: EventQueue,
  ): Promise<void> {
    const { stats } = this.#journal;
    await this.#barrier(scope);
    const end = stats.committedLsn;
    const committed = reader.linesSeen - stats.linesUncommitted;
    if (committed < 0) queue.skip(-committed);
    if (request.lines > 0 && !scope.isClosing) {
      const lanes = Array.from({ length: request.catchUp ? LANES : LIVE_LANES }, (_, lane) => lane);
      const blocks = await this.#journal.recent(lanes, FIRST_LINES_RAW_BYTES);
      const below = blocks.filter(({ lsn }) => lsn < end);
      for (const event of await firstLines(below, request, reader, scope.closing)) queue.line(event);
    }
    queue.flush();
    if (request.follow) reader.release(Math.max(0, committed));
  }

  /** Waits for the commit of what is there; not for a disk that does not answer. */
  async #barrier(scope: Scope): Promise<void> {
    if (scope.isClosing) return;
    await new Promise<void>((resolve) => {
      const late = scope.timeout('tail barrier', BARRIER_PATIENCE_MS, resolve);
      const closing = scope.onClosing('tail barrier', resolve);
      const go = (): void => {
        void late.release();
        void closing.release();
        resolve();
      };
      this.#journal.barrier().then(go, go);
    });
  }
}

async function follow(scope: Scope, queue: EventQueue): Promise<void> {
  if (scope.isClosing) return;
  const flushing = scope.interval('tail flush', FLUSH_INTERVAL_MS, () => queue.flush());
  const heart = scope.interval('tail heartbeat', HEARTBEAT_MS, () => {
    if (queue.isEmpty) queue.notice(': still here\n\n');
  });
  await scope.untilClosing();
  await flushing.release();
  await heart.release();
}
