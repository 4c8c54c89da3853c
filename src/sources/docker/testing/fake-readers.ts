/** Readers for tests: remember what they were told, and throw where the order of calls makes no sense. */
import type { Labels } from '../../../pipeline/streams.js';
import type { Scope } from '../../../runtime/scope.js';
import type { ContainerLog, ReaderCounts, ReaderStats } from '../json-file/types.js';
import type { ApiLogReaders, LogEngine, OpenLog } from '../readers.js';

/** Stands for both kinds of readers: that of the engine's API needs only to be told more. */
export class FakeReaders implements ApiLogReaders {
  /** By container id: what is held open now. */
  readonly open = new Map<string, ContainerLog>();
  /** By container id: the labels that its lines had when it was removed. */
  readonly finished = new Map<string, Labels>();
  readonly rejected: string[] = [];
  /** `stopped <id>` and `woken <id>`, in order. */
  readonly hints: string[] = [];
  isReady = false;
  readonly streamCapacity = 0;
  readonly waiting = 0;
  onAdd: (log: ContainerLog) => void = () => {};

  run(scope: Scope): Promise<void> {
    return new Promise((resolve) => scope.closing.addEventListener('abort', () => resolve(), { once: true }));
  }

  ready(): void {
    this.isReady = true;
  }

  add(log: ContainerLog): void {
    const known = this.open.get(log.id);
    if (known?.labels) throw new Error(`${log.id} added twice`);
    this.open.set(log.id, { ...known, ...log });
    this.onAdd(log);
  }

  wake(id: string): void {
    this.#opened(id);
    this.hints.push(`woken ${id}`);
  }

  stopped(id: string): void {
    this.#opened(id);
    this.hints.push(`stopped ${id}`);
  }

  setLabels(id: string, labels: Labels): void {
    this.open.set(id, { ...this.#opened(id), labels });
  }

  reject(id: string): void {
    this.#opened(id);
    this.open.delete(id);
    this.rejected.push(id);
  }

  finish(id: string): void {
    const { labels } = this.#opened(id);
    if (!labels) throw new Error(`${id} finished before its labels were known: its lines are lost`);
    this.open.delete(id);
    this.finished.set(id, labels);
  }

  /** By container id: what `stats` and `counts` answer, for as long as the log is open. */
  readonly figures = new Map<string, ReaderStats>();
  engine: LogEngine | undefined;

  connected(engine: LogEngine): void {
    this.engine = engine;
  }

  disconnected(): void {
    this.engine = undefined;
  }

  stats(): ReadonlyMap<string, ReaderStats> {
    return this.figures;
  }

  counts(id: string): Readonly<ReaderCounts> | undefined {
    return this.figures.get(id);
  }

  openStreams(): OpenLog[] {
    return [...this.open.keys()].map((id) => ({ id, openedMs: 1 }));
  }

  /** Those that show no sign of life although they are open. */
  readonly dead = new Set<string>();

  signOfLife(id: string, now: number): number | undefined {
    return this.open.has(id) && !this.dead.has(id) ? now : undefined;
  }

  #opened(id: string): ContainerLog {
    const log = this.open.get(id);
    if (!log) throw new Error(`${id} is not open`);
    return log;
  }
}
