/** Holds readers back while the pipeline asks to wait. Waiting leaves nothing behind: no reactions on promises that live long. */
export class Gate {
  #holds = 0;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  /** Until `until` is resolved. */
  hold(until: Promise<void>): void {
    this.#holds++;
    void until.then(() => {
      this.#holds--;
      if (this.#holds === 0) this.#letPass();
    });
  }

  get isHeld(): boolean {
    return this.#holds > 0 && !this.#isClosed;
  }

  /** Returns early where `signal` is aborted. */
  async pass(signal?: AbortSignal): Promise<void> {
    for (; this.isHeld; await this.#wait(signal)) if (signal?.aborted) return;
  }

  /** Lets everybody pass from now on. */
  close(): void {
    this.#isClosed = true;
    this.#letPass();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        signal?.removeEventListener('abort', go);
        resolve();
      };
      this.#waiting.add(go);
      signal?.addEventListener('abort', go, { once: true });
    });
  }

  #letPass(): void {
    for (const go of this.#waiting) go();
  }
}
