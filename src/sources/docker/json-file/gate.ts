/** Holds readers back while the pipeline asks to wait. Waiting leaves nothing behind: no reactions on promises that live long. */
export class Gate {
  #holds = 0;
  #isClosed = false;
  #waiting: (() => void)[] = [];

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

  async pass(): Promise<void> {
    while (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Lets everybody pass from now on. */
  close(): void {
    this.#isClosed = true;
    this.#letPass();
  }

  #letPass(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
