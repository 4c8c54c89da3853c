/**
 * Guards what looks at every line as it comes, on the one thread that there is: a query may not take more than half of the
 * time for itself, or lines come late for everybody. (One line costs 20 ms at the worst: regex/budget.ts.)
 */
const WINDOW_MS = 10_000;
const FAIR_MS = WINDOW_MS / 2;

export class FairShare {
  #windowEnds = 0;
  #spentMs = 0;

  /** Adds work between two times in milliseconds; false where that is too much. */
  add(began: number, ended: number): boolean {
    if (began >= this.#windowEnds) {
      this.#windowEnds = began + WINDOW_MS;
      this.#spentMs = 0;
    }
    this.#spentMs += ended - began;
    return this.#spentMs <= FAIR_MS;
  }
}
