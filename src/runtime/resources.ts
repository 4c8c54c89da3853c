/** What scopes own, by kind, and what of it the system can see. */

export type ResourceKind =
  | 'scope'
  | 'task'
  | 'timer'
  | 'watcher'
  | 'file'
  | 'socket'
  | 'server'
  | 'request'
  | 'worker'
  | 'process'
  | 'listener';

/** What the process really has, as far as the system tells: descriptors of files and sockets, watches, referenced timers, threads. */
export type HeldKind = 'file' | 'socket' | 'watcher' | 'timer' | 'worker';

/** How many of each an entry holds now. */
export type Holdings = Partial<Record<HeldKind, number>>;

/** One live scope, as people are shown it. */
export interface ScopeTree {
  readonly name: string;
  readonly ageSeconds: number;
  /** Entries of one kind and name are one row, tasks included; child scopes are in `scopes`. Oldest first. */
  readonly resources: readonly {
    readonly kind: ResourceKind;
    readonly name: string;
    readonly count: number;
    readonly oldestSeconds: number;
  }[];
  readonly scopes: readonly ScopeTree[];
}

const NOTHING: Holdings = {};

/** What an entry of a kind holds where it does not say. A request may be one of several on a kept connection. */
export const USUAL_HOLDINGS: Readonly<Record<ResourceKind, Holdings>> = {
  scope: NOTHING,
  task: NOTHING,
  timer: { timer: 1 },
  watcher: { watcher: 1 },
  file: { file: 1 },
  socket: { socket: 1 },
  server: { socket: 1 },
  request: NOTHING,
  worker: { worker: 1 },
  process: { socket: 2 },
  listener: NOTHING,
};
