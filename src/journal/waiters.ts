/** Promises that wait for the same thing, settled together. */
interface Waiter<T> {
  readonly isDue: (value: T) => boolean;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves with the first value told that is due. */
  wait(isDue: (value: T) => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ isDue, resolve, reject });
    });
  }

  /** As `wait`, but gives up quietly once `signal` is aborted. */
  waitUnless(signal: AbortSignal, isDue: (value: T) => boolean): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        signal.removeEventListener('abort', settle);
        this.#waiting.delete(waiter);
        resolve();
      };
      const waiter: Waiter<T> = { isDue, resolve: settle, reject };
      signal.addEventListener('abort', settle, { once: true });
      this.#waiting.add(waiter);
    });
  }

  tell(value: T): void {
    for (const waiter of this.#waiting) {
      if (!waiter.isDue(value)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(value);
    }
  }

  fail(error: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }
}
