/** What the docker source asks of whatever reads the containers' logs: their files, or the engine's API. */
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import type { Engine } from './engine.js';
import type { ContainerLog, ReaderCounts, ReaderStats } from './json-file/types.js';

export interface LogReaders {
  run(scope: Scope): Promise<void>;
  /** The first list was handled: from here on containers are added one at a time. */
  ready(): void;
  /** Opens the log now; waits for it where it is not there yet. A known one takes over what is new. */
  add(log: ContainerLog): void;
  /** Look at it now. */
  wake(id: string): void;
  setLabels(id: string, labels: Labels): void;
  /** Not selected: forget it, push nothing. */
  reject(id: string): void;
  /** The container does not run: what it wrote is all there. */
  stopped(id: string): void;
  /** The container is removed: read to the end what is still held, then forget it. */
  finish(id: string): void;
  stats(): ReadonlyMap<string, ReaderStats>;
  /** What is counted of a log, live; undefined where it is not read. */
  counts(id: string): Readonly<ReaderCounts> | undefined;
  /** Logs that are open now, each once. */
  openStreams(): readonly OpenLog[];
  /**
   * Until when it is sure that what the container writes is read, or will be when its turn comes; of performance.now().
   * Undefined where nothing is sure now. liveness.ts says what counts.
   */
  signOfLife(id: string, now: number): number | undefined;
}

/** Readers that need the engine: without one they hold what they know, and go on when there is one again. */
export interface ApiLogReaders extends LogReaders {
  /** A session with the engine has begun. */
  connected(engine: LogEngine): void;
  /** The engine is away. */
  disconnected(): void;
  /** Most logs that are open at once. */
  readonly streamCapacity: number;
  /** Logs that wait for their turn. */
  readonly waiting: number;
}

export type LogEngine = Pick<Engine, 'inspect' | 'logs'> & { readonly isPodman?: boolean };

export interface OpenLog {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly openedMs: number;
}
