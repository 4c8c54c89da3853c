/**
 * Structured concurrency: every timer, watcher, handle, socket and task belongs to one scope.
 *
 * Invariants:
 * - what a scope owns ends before `close()` resolves, newest first, children before what they were built on;
 * - one failing or hanging closer never skips the rest: failures are collected and thrown together at the end;
 * - `close()` means drain and is idempotent: `closing` tells tasks to finish what they hold;
 *   `abort()` is another word: `aborted` tells them to drop it. Closing that exceeds its deadline turns into abort;
 * - after closing has begun a scope takes nothing new: opening throws, so that a late callback cannot leak.
 */
import { setMaxListeners } from 'node:events';
import { AgentError } from './errors.js';

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
  | 'listener';

/** What the process really has, as far as the system tells: descriptors of files and sockets, watches, referenced timers, threads. */
export type HeldKind = 'file' | 'socket' | 'watcher' | 'timer' | 'worker';

/** How many of each an entry holds now. */
export type Holdings = Partial<Record<HeldKind, number>>;

/** One live scope, as people are shown it. */
export interface ScopeTree {
  readonly name: string;
  readonly ageSeconds: number;
  /** Entries of one kind and name are one row; tasks and scopes included, child scopes not. */
  readonly resources: readonly {
    readonly kind: ResourceKind;
    readonly name: string;
    readonly count: number;
    readonly oldestSeconds: number;
  }[];
  readonly scopes: readonly ScopeTree[];
}

/** Something a scope owns. `release()` ends it early; closing the scope ends it otherwise. */
export interface Owned {
  release(): Promise<void>;
}

interface Entry {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly close: () => void | Promise<void>;
}

const DEFAULT_DEADLINE_MS = 10_000;

export class Scope {
  readonly name: string;
  readonly #parent: Scope | undefined;
  readonly #owned = new Set<Entry>();
  readonly #closing = new AbortController();
  readonly #aborted = new AbortController();
  #onFailure: (error: unknown, task: string) => void;
  #closed: Promise<void> | undefined;
  #entryInParent: Entry | undefined;

  private constructor(
    name: string,
    parent: Scope | undefined,
    onFailure: (error: unknown, task: string) => void,
  ) {
    this.name = name;
    this.#parent = parent;
    this.#onFailure = onFailure;
    // As many listeners as there are tasks that wait: no sign of a leak.
    setMaxListeners(0, this.#closing.signal, this.#aborted.signal);
  }

  /** The root of a tree. `onFailure` hears of every task that ended with an error while nobody was awaiting it. */
  static root(name: string, onFailure: (error: unknown, task: string) => void): Scope {
    return new Scope(name, undefined, onFailure);
  }

  /** Aborted when the scope begins to close: finish what you hold and return. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when there is no time left to finish: drop what you hold and return. */
  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Live entries by kind, children included. */
  census(into = new Map<ResourceKind, number>()): Map<ResourceKind, number> {
    for (const entry of this.#owned) into.set(entry.kind, (into.get(entry.kind) ?? 0) + 1);
    for (const child of this.#children) child.census(into);
    return into;
  }

  readonly #children = new Set<Scope>();

  child(name: string): Scope {
    const child = new Scope(name, this, (error, task) => this.#onFailure(error, task));
    child.#entryInParent = this.#add({ kind: 'scope', name, close: () => child.close() });
    this.#children.add(child);
    return child;
  }

  /** Owns a resource that `close` ends. `close` is called at most once; at once, before throwing, where the scope is closing. */
  own(kind: ResourceKind, name: string, close: () => void | Promise<void>): Owned {
    if (this.isClosing) void (async () => close())().catch((error: unknown) => this.#onFailure(error, name));
    let ended: Promise<void> | undefined;
    const once = (): Promise<void> => {
      ended ??= (async () => close())();
      return ended;
    };
    const entry = this.#add({ kind, name, close: once });
    return {
      release: async () => {
        this.#owned.delete(entry);
        await once();
      },
    };
  }

  /** Runs a task that closing awaits. Its failure goes to the root's `onFailure`, not to an unhandled rejection. */
  run(name: string, task: () => Promise<void>): Promise<void> {
    let done: Promise<void> = Promise.resolve();
    const entry = this.#add({ kind: 'task', name, close: () => done });
    done = (async () => {
      try {
        await task();
      } catch (error) {
        this.#onFailure(error, `${this.name}/${name}`);
      } finally {
        this.#owned.delete(entry);
      }
    })();
    return done;
  }

  /** Calls `callback` once after `ms` milliseconds unless released or closed before. */
  timeout(name: string, ms: number, callback: () => void): Owned {
    const timer = setTimeout(() => {
      void owned.release();
      callback();
    }, ms);
    const owned = this.own('timer', name, () => clearTimeout(timer));
    return owned;
  }

  /** Calls `callback` every `ms` milliseconds until released or closed. */
  interval(name: string, ms: number, callback: () => void): Owned {
    const timer = setInterval(callback, ms);
    return this.own('timer', name, () => clearInterval(timer));
  }

  /** Resolves after `ms` milliseconds, or at once when the scope begins to close: look at `isClosing` afterwards. */
  sleep(ms: number): Promise<void> {
    if (this.isClosing) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#closing.signal.removeEventListener('abort', finish);
        this.#owned.delete(entry);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#closing.signal.addEventListener('abort', finish, { once: true });
      const entry = this.#add({ kind: 'timer', name: 'sleep', close: finish });
    });
  }

  /**
   * Drains: tells every task to finish, ends everything owned, newest first, and awaits it. After `deadlineMs`
   * it aborts. Idempotent: later calls await the first one. Throws an AggregateError of what failed to close.
   */
  close(deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  /** Ends everything without waiting for work to finish. */
  abort(): Promise<void> {
    this.#abortTree();
    return this.close();
  }

  #abortTree(): void {
    this.#aborted.abort();
    for (const child of this.#children) child.#abortTree();
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    const failures: unknown[] = [];
    const abortTimer = setTimeout(() => this.#abortTree(), deadlineMs);
    for (const entry of [...this.#owned].reverse()) {
      try {
        await this.#endBefore(entry, deadlineMs * 2);
      } catch (error) {
        failures.push(error);
      }
      this.#owned.delete(entry);
    }
    clearTimeout(abortTimer);
    if (this.#parent && this.#entryInParent) {
      this.#parent.#owned.delete(this.#entryInParent);
      this.#parent.#children.delete(this);
    }
    if (failures.length > 0) throw new AggregateError(failures, `closing ${this.name} failed`);
  }

  async #endBefore(entry: Entry, deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new AgentError('CLOSE_TIMEOUT', `${entry.kind} "${entry.name}" of ${this.name} did not end.`),
          ),
        deadlineMs,
      );
    });
    try {
      await Promise.race([(async () => entry.close())(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #add(entry: Entry): Entry {
    if (this.isClosing) {
      throw new AgentError(
        'INTERNAL',
        `${this.name} is closing and takes no new ${entry.kind} "${entry.name}".`,
      );
    }
    this.#owned.add(entry);
    return entry;
  }
}
