/** What the docker source asks of whatever reads the containers' log files. */
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import type { ContainerLog, ReaderStats } from './json-file/types.js';

export interface LogReaders {
  run(scope: Scope): Promise<void>;
  /** The first list was handled: from here on containers are added one at a time. */
  ready(): void;
  /** Opens the file now; waits for it where it is not there yet. A known one takes over what is new. */
  add(log: ContainerLog): void;
  /** Look at it now. */
  wake(id: string): void;
  setLabels(id: string, labels: Labels): void;
  /** Not selected: forget it, push nothing. */
  reject(id: string): void;
  /** The container does not run: what it wrote is all there. */
  stopped(id: string): void;
  /** The container is removed: read the held files to their end, then forget it. */
  finish(id: string): void;
  stats(): ReadonlyMap<string, ReaderStats>;
}
