/**
 * Structured concurrency: every timer, watcher, handle, socket and task belongs to one scope.
 *
 * Invariants:
 * - what a scope owns has ended before `close()` resolves: what is being released at that moment too;
 * - the order of closing is the reverse of the order of owning, one entry after the other, listeners after all others; a
 *   child scope ends, with all that is in it, at the place where it was made. So whatever was built on something ends
 *   before that does;
 * - one failing or hanging closer never skips the rest: failures are collected and thrown together at the end;
 * - `close()` means drain and is idempotent: `closing` tells tasks to finish what they hold; `abort()` is another word:
 *   `aborted` tells them to drop it, at once in the whole tree below. Closing comes to each in its turn for all that, so
 *   that what others are built on still takes their last;
 * - after closing has begun a scope takes nothing new: opening throws, so that a late callback cannot leak;
 * - a scope that has closed has left no trace in its parent.
 *
 * Deadlines: the scope that `close()` is called on sets them for the tree below it. After the first it aborts; after as
 * long again it gives up waiting for what still has not ended, which is named by CLOSE_TIMEOUT, and goes on with the
 * rest in the same order, with a short patience for each.
 */
import { setMaxListeners } from 'node:events';
import { AgentError, describeError } from './errors.js';
import {
  type HeldKind,
  type Holdings,
  type ResourceKind,
  type ScopeTree,
  USUAL_HOLDINGS,
} from './resources.js';

export type { HeldKind, Holdings, ResourceKind, ScopeTree } from './resources.js';

/**
 * Something a scope owns. `release()` ends it early; closing the scope ends it otherwise. It resolves when it has ended and
 * never rejects: a closer that fails is told to the root's `onFailure`.
 */
export interface Owned {
  release(): Promise<void>;
}

interface Entry {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly since: number;
  readonly close: () => void | Promise<void>;
  readonly holds?: (() => Holdings) | undefined;
  readonly child?: Scope;
  ended?: Promise<void>;
}

type OnFailure = (error: unknown, task: string) => void;

const DEFAULT_DEADLINE_MS = 10_000;
/** For each that is left once the time is up. */
const LAST_PATIENCE_MS = 100;

const RELEASED: Owned = { release: () => Promise.resolve() };

export class Scope {
  readonly name: string;
  readonly #parent: Scope | undefined;
  readonly #root: Scope;
  /** Of the root: by how much the latest timer of the tree was late, since it was asked. */
  #lateMs = 0;
  readonly #since = performance.now();
  /** In the order of owning. */
  readonly #owned = new Set<Entry>();
  readonly #closing = new AbortController();
  readonly #aborted = new AbortController();
  readonly #onFailure: OnFailure;
  /** Where it stands in its parent. */
  #entry: Entry | undefined;
  #closed: Promise<void> | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isTimeUp = false;
  #hasEnded = false;
  /** Goes on without what is being waited for. */
  #passOver: (() => void) | undefined;

  private constructor(name: string, parent: Scope | undefined, onFailure: OnFailure) {
    this.name = name;
    this.#parent = parent;
    this.#root = parent ? parent.#root : this;
    this.#onFailure = onFailure;
    // As many listeners as there are tasks that wait; they are entries, and the census counts them.
    setMaxListeners(0, this.#closing.signal, this.#aborted.signal);
  }

  /**
   * The root of a tree. `onFailure` hears of every task and every callback that ended with an error while nobody was
   * awaiting it, with the path of its name.
   */
  static root(name: string, onFailure: OnFailure): Scope {
    return new Scope(name, undefined, onFailure);
  }

  /** Names from the root down: `agent/sources/web-1`. */
  get path(): string {
    return this.#parent ? `${this.#parent.path}/${this.name}` : this.name;
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

  /**
   * By how many milliseconds the latest of the timers that were due since the last call came too late, in the whole tree:
   * for so long the event loop did something else. Nothing is woken for it.
   */
  takeLateness(): number {
    const late = this.#root.#lateMs;
    this.#root.#lateMs = 0;
    return late;
  }

  /** Live entries by kind, children included. */
  census(into = new Map<ResourceKind, number>()): Map<ResourceKind, number> {
    for (const { kind, child } of this.#owned) {
      into.set(kind, (into.get(kind) ?? 0) + 1);
      child?.census(into);
    }
    return into;
  }

  /** What the entries hold now, as each says itself, children included: to be compared with what the process has. */
  holdings(into = { file: 0, socket: 0, watcher: 0, timer: 0, worker: 0 }): Record<HeldKind, number> {
    if (this.#deadline) into.timer++;
    for (const { kind: what, holds, child } of this.#owned) {
      const held = holds?.() ?? USUAL_HOLDINGS[what];
      for (const kind in held) into[kind as HeldKind] += held[kind as HeldKind] ?? 0;
      child?.holdings(into);
    }
    return into;
  }

  /** What lives, since when: for people. */
  tree(now = performance.now()): ScopeTree {
    const rows = new Map<
      string,
      { kind: ResourceKind; name: string; count: number; oldestSeconds: number }
    >();
    const scopes: ScopeTree[] = [];
    for (const { kind, name, since, child } of this.#owned) {
      if (child) {
        scopes.push(child.tree(now));
        continue;
      }
      const row = rows.get(`${kind} ${name}`);
      if (row) row.count++;
      else rows.set(`${kind} ${name}`, { kind, name, count: 1, oldestSeconds: (now - since) / 1000 });
    }
    return { name: this.name, ageSeconds: (now - this.#since) / 1000, resources: [...rows.values()], scopes };
  }

  child(name: string): Scope {
    this.#mustBeOpen('scope', name);
    const child = new Scope(name, this, this.#onFailure);
    if (this.aborted.aborted) child.#aborted.abort();
    child.#entry = this.#add({ kind: 'scope', name, close: () => child.#shut(), child });
    return child;
  }

  /**
   * Owns a resource that `close` ends. `close` is called exactly once; at once, before throwing, where the scope is closing.
   * `holds` says what it holds, where that is not what is usual for its kind; it is asked often and must be cheap.
   */
  own(kind: ResourceKind, name: string, close: () => void | Promise<void>, holds?: () => Holdings): Owned {
    if (this.isClosing) {
      void (async () => close())().catch((error: unknown) => this.#fail(error, name));
      this.#mustBeOpen(kind, name);
    }
    return this.#ownedBy({ kind, name, close, holds });
  }

  /** Runs a task that closing awaits. Its failure goes to the root's `onFailure`, not to an unhandled rejection. */
  run(name: string, task: () => Promise<void>): Promise<void> {
    this.#mustBeOpen('task', name);
    let finish!: () => void;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const entry = this.#add({ kind: 'task', name, close: () => done });
    void (async () => {
      try {
        await task();
      } catch (error) {
        this.#fail(error, name);
      } finally {
        this.#owned.delete(entry);
        finish();
      }
    })();
    return done;
  }

  /** Calls `callback` once after `ms` milliseconds unless released or closed before. */
  timeout(name: string, ms: number, callback: () => void): Owned {
    const due = performance.now() + ms;
    const timer = setTimeout(() => {
      this.#noteLate(due);
      void owned.release();
      this.#call(name, callback);
    }, ms);
    const owned = this.own('timer', name, () => clearTimeout(timer));
    return owned;
  }

  /** Calls `callback` every `ms` milliseconds until released or closed. */
  interval(name: string, ms: number, callback: () => void): Owned {
    let due = performance.now() + ms;
    const timer = setInterval(() => {
      this.#noteLate(due);
      this.#call(name, callback);
      due = performance.now() + ms;
    }, ms);
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

  /** Calls `callback` when the scope begins to close, unless released before; at once where it is closing already. */
  onClosing(name: string, callback: () => void): Owned {
    return this.#listen(this.closing, name, callback);
  }

  /** Calls `callback` when the scope is aborted, unless released before; at once where it is aborted already. */
  onAborted(name: string, callback: () => void): Owned {
    return this.#listen(this.aborted, name, callback);
  }

  /** Resolves when the scope begins to close: for tasks that have nothing to do but to be there. */
  untilClosing(): Promise<void> {
    return new Promise((resolve) => void this.onClosing('the end', resolve));
  }

  /**
   * Drains: tells every task to finish, ends everything owned, newest first, and awaits it. After `deadlineMs`
   * it aborts, after twice that it gives up on what has not ended. Idempotent: later calls await the first one. Throws
   * an AggregateError of what failed to close, in the whole tree below.
   */
  close(deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
    if (this.#closed) return this.#closed;
    this.#deadline = setTimeout(() => {
      this.#abortTree();
      this.#deadline = setTimeout(() => this.#giveUpTree(), deadlineMs);
    }, deadlineMs);
    return this.#shut();
  }

  /** Ends everything without waiting for work to finish; gives up after `deadlineMs` on what does not end for all that. */
  abort(deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
    this.#abortTree();
    if (this.#closed) return this.#closed;
    this.#deadline = setTimeout(() => this.#giveUpTree(), deadlineMs);
    return this.#shut();
  }

  #abortTree(): void {
    this.#aborted.abort();
    for (const child of this.#children()) child.#abortTree();
  }

  #giveUpTree(): void {
    this.#clearDeadline();
    this.#isTimeUp = true;
    this.#passOver?.();
    for (const child of this.#children()) child.#giveUpTree();
  }

  #shut(): Promise<void> {
    // In a later microtask, because listeners of `closing` run within `abort` and may close this very scope.
    this.#closed ??= Promise.resolve().then(() => this.#endAll());
    this.#closing.abort();
    return this.#closed;
  }

  async #endAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const entry of this.#newestFirst()) {
      try {
        await this.#endOrPassOver(entry);
      } catch (error) {
        if (entry.child) failures.push(...(error as AggregateError).errors);
        else failures.push(error);
      }
      this.#owned.delete(entry);
    }
    this.#hasEnded = true;
    this.#clearDeadline();
    if (this.#parent && this.#entry) this.#parent.#owned.delete(this.#entry);
    if (failures.length > 0) {
      throw new AggregateError(
        failures,
        `closing ${this.path} failed: ${failures.map(describeError).join('; ')}`,
      );
    }
  }

  /** Each scope sees to its own deadlines, so a child is awaited however long it takes. */
  async #endOrPassOver(entry: Entry): Promise<void> {
    const ending = this.#end(entry);
    if (entry.child) return ending;
    await new Promise<void>((resolve, reject) => {
      ending.then(resolve, reject);
      this.#passOver = () => {
        const message = `${entry.kind} "${entry.name}" of ${this.path} did not end.`;
        reject(new AgentError('CLOSE_TIMEOUT', message));
      };
      if (this.#isTimeUp) this.#deadline = setTimeout(this.#passOver, LAST_PATIENCE_MS);
    }).finally(() => {
      this.#passOver = undefined;
      if (this.#isTimeUp) this.#clearDeadline();
    });
  }

  #end(entry: Entry): Promise<void> {
    if (entry.ended) return entry.ended;
    // Known before the closer runs, which may release itself.
    let settle!: (ending: Promise<void>) => void;
    entry.ended = new Promise((resolve) => {
      settle = resolve;
    });
    settle(this.#callCloser(entry));
    return entry.ended;
  }

  /** What ends at once is gone at once. */
  async #callCloser(entry: Entry): Promise<void> {
    try {
      const ending = entry.close();
      if (ending) await ending;
    } finally {
      this.#owned.delete(entry);
    }
  }

  /** Listeners last, those too that came meanwhile: what is being awaited may hear of the abort by them. */
  *#newestFirst(): Generator<Entry> {
    const isListener = ({ kind }: Entry): boolean => kind === 'listener';
    yield* [...this.#owned].filter((entry) => !isListener(entry)).reverse();
    while (this.#owned.size > 0) yield* [...this.#owned].reverse();
  }

  *#children(): Generator<Scope> {
    for (const { child } of this.#owned) if (child) yield child;
  }

  #clearDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #listen(signal: AbortSignal, name: string, callback: () => void): Owned {
    const hear = (): void => {
      void owned.release();
      this.#call(name, callback);
    };
    if (signal.aborted) this.#call(name, callback);
    if (signal.aborted || this.#hasEnded) return RELEASED;
    signal.addEventListener('abort', hear);
    // Tasks may begin to listen for the abort while they drain.
    const owned = this.#ownedBy({
      kind: 'listener',
      name,
      close: () => signal.removeEventListener('abort', hear),
    });
    return owned;
  }

  #noteLate(dueMs: number): void {
    this.#root.#lateMs = Math.max(this.#root.#lateMs, performance.now() - dueMs);
  }

  #call(name: string, callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#fail(error, name);
    }
  }

  #fail(error: unknown, name: string): void {
    this.#onFailure(error, `${this.path}/${name}`);
  }

  #mustBeOpen(kind: ResourceKind, name: string): void {
    if (!this.isClosing) return;
    throw new AgentError('INTERNAL', `${this.path} is closing and takes no new ${kind} "${name}".`);
  }

  #ownedBy(added: Omit<Entry, 'since'>): Owned {
    const entry = this.#add(added);
    return { release: () => this.#end(entry).catch((error: unknown) => this.#fail(error, entry.name)) };
  }

  #add(entry: Omit<Entry, 'since'>): Entry {
    const added = { ...entry, since: performance.now() };
    this.#owned.add(added);
    return added;
  }
}
