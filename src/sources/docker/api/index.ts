/**
 * Reads the logs of any number of containers through the engine's API into a pipeline.
 *
 * - One stream a container, over a connection of its own; its lines are pushed a few milliseconds after they came, so that
 *   a busy log makes few batches.
 * - At most `maxStreams` streams at once, each for `streamMaxAgeMs` at most: pool.ts states how turns are taken.
 * - While the pipeline asks to wait nothing more is read; a stream that waits too long is ended, as the engine keeps the log.
 * - Without an engine nothing is open, and everything known is kept.
 */
import type { Labels } from '../../../pipeline/streams.js';
import type { Owned, Scope } from '../../../runtime/scope.js';
import { Gate } from '../json-file/gate.js';
import type { ContainerLog, ReaderCounts } from '../json-file/types.js';
import type { ApiLogReaders, LogEngine, OpenLog } from '../readers.js';
import { LineWriter } from './lines.js';
import { StreamPool } from './pool.js';
import { ApiReader, type ReaderHost } from './reader.js';
import { ENOUGH_BYTES, type LogStream } from './stream.js';
import type { ApiOptions, ApiReaderStats } from './types.js';

export type { ApiOptions, ApiReaderStats } from './types.js';

const DEFAULT_MAX_LINE = 512 * 1024;
/** Chunks of so long are decoded together. */
const TICK_MS = 5;
const TURN_MS = 5;
const LOOK_AFTER_MS = 250;
/** A chunk has at most as much as is enough. */
const ARENA_BYTES = 4 * ENOUGH_BYTES;

export class ApiReaders implements ApiLogReaders {
  readonly #options: ApiOptions;
  readonly #readers = new Map<string, ApiReader>();
  readonly #gate = new Gate();
  readonly #scheduled = new Set<LogStream>();
  readonly #closing = new Set<Promise<void>>();
  /** Added before `run`. */
  readonly #waiting = new Map<string, ContainerLog>();
  #host: ReaderHost | undefined;
  #engine: LogEngine | undefined;
  #isTicking = false;
  /** While there are containers: without any nothing is woken. */
  #lookingAfter: Owned | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Reads until the scope is closing. Called once. */
  async run(scope: Scope): Promise<void> {
    this.#host = this.#createHost(scope);
    for (const container of this.#waiting.values()) this.add(container);
    this.#waiting.clear();
    await scope.untilClosing();
    this.#gate.close();
    this.#host?.pool.close();
    for (const reader of this.#readers.values()) this.#close(reader);
    await Promise.all(this.#closing);
    this.#readers.clear();
    this.#host = undefined;
  }

  /** Nothing waits for it: each container says by itself where it begins. */
  ready(): void {}

  connected(engine: LogEngine): void {
    this.#engine = engine;
    // Who had no turn for longest is the first to ask for one.
    const readers = [...this.#readers.values()].sort((a, b) => a.lastTurnAt - b.lastTurnAt);
    for (const reader of readers) reader.look();
  }

  disconnected(): void {
    this.#engine = undefined;
    for (const reader of this.#readers.values()) reader.cut();
  }

  add(container: ContainerLog): void {
    const host = this.#host;
    if (!host) {
      this.#waiting.set(container.id, container);
      return;
    }
    const known = this.#readers.get(container.id);
    if (known) {
      known.container = { ...known.container, ...container };
      known.stay();
      if (container.labels && !known.hasLabels) known.setLabels(container.labels);
      return;
    }
    const reader = new ApiReader(host, container);
    this.#readers.set(container.id, reader);
    if (!host.scope.isClosing)
      this.#lookingAfter ??= host.scope.interval('look after streams', LOOK_AFTER_MS, () =>
        this.#lookAfter(),
      );
    reader.look();
  }

  wake(id: string): void {
    this.#readers.get(id)?.wake();
  }

  setLabels(id: string, labels: Labels): void {
    const waiting = this.#waiting.get(id);
    if (waiting) this.#waiting.set(id, { ...waiting, labels });
    this.#readers.get(id)?.setLabels(labels);
  }

  reject(id: string): void {
    this.#waiting.delete(id);
    const reader = this.#readers.get(id);
    this.#readers.delete(id);
    if (reader) this.#close(reader);
  }

  stopped(id: string): void {
    this.#readers.get(id)?.stopped();
  }

  finish(id: string): void {
    this.#readers.get(id)?.finish();
  }

  /** Ends the container's stream; another one goes on where it ended. */
  rotate(id: string): void {
    this.#readers.get(id)?.rotate();
  }

  stats(): ReadonlyMap<string, ApiReaderStats> {
    return new Map([...this.#readers].map(([id, reader]) => [id, reader.stats]));
  }

  counts(id: string): Readonly<ReaderCounts> | undefined {
    return this.#readers.get(id)?.counts;
  }

  openStreams(): readonly OpenLog[] {
    return [...this.#readers].flatMap(([id, { stream }]) =>
      stream ? [{ id, openedMs: stream.openedMs }] : [],
    );
  }

  signOfLife(id: string, now: number): number | undefined {
    return this.#readers.get(id)?.signOfLife(now);
  }

  get streamCapacity(): number {
    return this.#options.maxStreams;
  }

  get waiting(): number {
    return this.#host?.pool.waiting ?? 0;
  }

  #createHost(scope: Scope): ReaderHost {
    const { maxStreams: capacity, streamMaxAgeMs: maxAgeMs } = this.#options;
    return {
      scope,
      pool: new StreamPool({ capacity, maxAgeMs, scope }),
      options: this.#options,
      gate: this.#gate,
      arena: Buffer.allocUnsafe(ARENA_BYTES),
      writer: new LineWriter(this.#options.maxLineBytes ?? DEFAULT_MAX_LINE),
      engine: () => this.#engine,
      schedule: (stream) => this.#schedule(scope, stream),
      finished: (reader) => this.#finished(reader),
    };
  }

  #close(reader: ApiReader): void {
    const closed = reader.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #finished(reader: ApiReader): void {
    const { id } = reader.container;
    this.#options.onNotice({ kind: 'finished', id, stats: { ...reader.stats, state: 'finished' } });
    if (this.#readers.get(id) === reader) this.#readers.delete(id);
    this.#close(reader);
  }

  #schedule(scope: Scope, stream: LogStream): void {
    this.#scheduled.add(stream);
    if (this.#isTicking || scope.isClosing) return;
    this.#isTicking = true;
    scope.timeout('decode', TICK_MS, () => {
      if (!scope.isClosing) void scope.run('decode', () => this.#decode(scope));
    });
  }

  async #decode(scope: Scope): Promise<void> {
    await this.#gate.pass();
    this.#isTicking = false;
    const until = performance.now() + TURN_MS;
    for (const stream of this.#scheduled) {
      // The others' turn comes when the pipeline lets go.
      if (this.#gate.isHeld || performance.now() > until) break;
      this.#scheduled.delete(stream);
      stream.drain();
    }
    const [next] = this.#scheduled;
    if (next) this.#schedule(scope, next);
  }

  #lookAfter(): void {
    const now = performance.now();
    for (const reader of this.#readers.values()) reader.lookAfter(now);
    if (this.#readers.size > 0) return;
    void this.#lookingAfter?.release();
    this.#lookingAfter = undefined;
  }
}
