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
 *
 * What many clients cost: each line is looked at once for all with the same wish (view.ts), and made an event once for all
 * (line.ts); first lines are looked for one client after the other; and of each client there are at most MAX_QUEUED_CHARS
 * held back, and as many, or its first lines, on their way (event-queue.ts).
 */
import type { Journal } from '../../journal/types.js';
import type { Batch } from '../../pipeline/batch.js';
import type { Tap } from '../../pipeline/contract.js';
import { LANES, LIVE_LANES, type Stream } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import { TailClient } from './client.js';
import { type EventOutput, EventQueue } from './event-queue.js';
import { firstLines } from './first-lines.js';
import { BatchEvents } from './line.js';
import type { TailRequest } from './request.js';
import { Selection } from './selection.js';
import { TailView } from './view.js';

const FIRST_LINES_RAW_BYTES = 4 * 1024 ** 2;
const BARRIER_PATIENCE_MS = 2_000;
const FLUSH_INTERVAL_MS = 50;
const HEARTBEAT_MS = 15_000;

export type TailJournal = Pick<Journal, 'stats' | 'barrier' | 'recent'>;

export class TailHub implements Tap {
  readonly #journal: TailJournal;
  readonly #views = new Map<string, TailView>();
  /** Lines that passed while there were clients. */
  #seen = 0;
  /** Resolves when nobody looks for first lines. */
  #turn: Promise<void> = Promise.resolve();

  constructor(journal: TailJournal) {
    this.#journal = journal;
  }

  get clients(): number {
    let count = 0;
    for (const { clients } of this.#views.values()) count += clients.size;
    return count;
  }

  onBatch(batch: Batch, streams: (id: number) => Stream | undefined): void {
    if (this.#views.size === 0) return;
    const events = new BatchEvents(batch, streams);
    for (const view of this.#views.values()) view.onBatch(batch, streams, events, this.#seen);
    this.#seen += batch.length;
  }

  /** Serves one client until its scope closes or, where it does not follow, until it has the first lines. */
  async serve(scope: Scope, request: TailRequest, output: EventOutput): Promise<void> {
    const queue = new EventQueue(output);
    let onRefused = (): void => {};
    const refused = new Promise<void>((resolve) => {
      onRefused = resolve;
    });
    const client = new TailClient(queue, this.#seen, onRefused);
    const leave = this.#enter(client, request);
    try {
      await this.#sendFirstLines(scope, request, client);
      if (request.follow) await follow(scope, queue, refused);
      const reason = client.isRefused ? 'too_expensive' : request.follow ? 'stopping' : 'complete';
      queue.notice(`event: end\ndata: {"reason":"${reason}"}\n\n`);
      queue.finish();
    } finally {
      leave();
    }
  }

  /** Lets the client see what passes from now on; answers how to end that. */
  #enter(client: TailClient, request: TailRequest): () => void {
    const selection = new Selection(request);
    const view = this.#views.get(selection.key) ?? new TailView(selection);
    this.#views.set(selection.key, view);
    view.clients.add(client);
    return () => {
      view.clients.delete(client);
      if (view.clients.size === 0) this.#views.delete(selection.key);
    };
  }

  async #sendFirstLines(scope: Scope, request: TailRequest, client: TailClient): Promise<void> {
    const { queue } = client;
    await this.#barrier(scope);
    const before = this.#turn;
    let done = (): void => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      const { stats } = this.#journal;
      const end = stats.committedLsn;
      const committed = this.#seen - client.attachedAt - stats.linesUncommitted;
      if (committed < 0) queue.skip(-committed);
      if (request.lines > 0 && !scope.isClosing) {
        const lanes = Array.from({ length: request.catchUp ? LANES : LIVE_LANES }, (_, lane) => lane);
        const blocks = await this.#journal.recent(lanes, FIRST_LINES_RAW_BYTES);
        const below = blocks.filter(({ lsn }) => lsn < end);
        queue.begin(await firstLines(below, request.lines, new Selection(request), scope.closing));
      }
      queue.flush();
      if (request.follow) client.release(Math.max(0, committed));
    } finally {
      done();
    }
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

async function follow(scope: Scope, queue: EventQueue, refused: Promise<void>): Promise<void> {
  if (scope.isClosing) return;
  const flushing = scope.interval('tail flush', FLUSH_INTERVAL_MS, () => queue.flush());
  const heart = scope.interval('tail heartbeat', HEARTBEAT_MS, () => {
    if (queue.isEmpty) queue.notice(': still here\n\n');
  });
  await Promise.race([scope.untilClosing(), refused]);
  await flushing.release();
  await heart.release();
}
