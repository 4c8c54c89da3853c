/**
 * When each file is looked at: soon, again after a while on a grid shared by all, or when it changes. One timer for all
 * active files; a quiet file costs one inotify watch, which is gone after its first event.
 */
import { systemCode } from '../../../runtime/errors.js';
import type { Logger } from '../../../runtime/log.js';
import type { Owned, Scope } from '../../../runtime/scope.js';
import { watchPath } from '../../../runtime/watch.js';

const TURN_MS = 5;
const POLL_MS = 1000;

export interface Watched {
  readonly path: string;
  /** Milliseconds on `performance.now()`; Infinity while it is not active. */
  dueAt: number;
  watcher: Owned | undefined;
}

export function watched(path: string): Watched {
  return { path, dueAt: Infinity, watcher: undefined };
}

export class Attention<T extends Watched> {
  readonly #scope: Scope;
  readonly #log: Logger;
  readonly #look: (item: T) => void;
  readonly #active = new Set<T>();
  #timer: Owned | undefined;
  #timerAt = Infinity;
  #canWatch = true;

  /** `look` is called once for each time that was asked for; it must not throw. */
  constructor(scope: Scope, log: Logger, look: (item: T) => void) {
    this.#scope = scope;
    this.#log = log;
    this.#look = look;
  }

  isActive(item: T): boolean {
    return this.#active.has(item);
  }

  lookSoon(item: T): void {
    this.#lookAt(item, performance.now());
  }

  /** The times are multiples of `periodMs`, so that files with the same period share their ticks. */
  lookAgain(item: T, periodMs: number): void {
    this.#lookAt(item, (Math.floor(performance.now() / periodMs) + 1) * periodMs);
  }

  /** Looks again when the file changes. False where it does not exist any more. */
  lookWhenChanged(item: T): boolean {
    this.forget(item);
    if (!this.#canWatch) {
      this.lookAgain(item, POLL_MS);
      return true;
    }
    try {
      const wake = (): void => {
        if (item.watcher !== owned || this.#scope.isClosing) return;
        this.forget(item);
        this.#look(item);
      };
      const owned = watchPath(this.#scope, item.path, { onChange: wake, onError: wake });
      item.watcher = owned;
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return false;
      if (code === 'EMFILE' || code === 'ENOSPC') this.#pollFromNowOn(code);
      this.lookAgain(item, POLL_MS);
      return true;
    }
  }

  /** Does not look at it any more until asked again. */
  forget(item: T): void {
    this.#active.delete(item);
    item.dueAt = Infinity;
    void item.watcher?.release();
    item.watcher = undefined;
  }

  #pollFromNowOn(code: string): void {
    this.#canWatch = false;
    this.#log.warn(
      { code },
      'The system has no more file watches to give: quiet logs are polled every second. To have them watched, raise fs.inotify.max_user_instances and fs.inotify.max_user_watches.',
    );
  }

  #lookAt(item: T, at: number): void {
    if (this.#scope.isClosing) return;
    if (item.watcher) this.forget(item);
    this.#active.add(item);
    item.dueAt = at;
    this.#arm(at);
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    void this.#timer?.release();
    this.#timerAt = at;
    this.#timer = this.#scope.timeout('tick', Math.max(0, Math.ceil(at - performance.now())), () =>
      this.#tick(),
    );
  }

  #tick(): void {
    if (this.#scope.isClosing) return;
    this.#timerAt = Infinity;
    const begin = performance.now();
    let now = begin;
    let next = Infinity;
    for (const item of this.#active) {
      if (item.dueAt <= begin && now - begin < TURN_MS) {
        this.#active.delete(item);
        item.dueAt = Infinity;
        this.#look(item);
        now = performance.now();
      }
      next = Math.min(next, item.dueAt);
    }
    if (next < Infinity) this.#arm(next);
  }
}
