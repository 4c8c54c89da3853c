/**
 * What patterns may do for one line, in steps: a step is a thread that is looked at, or a few bytes read where all is known,
 * 5 to 15 ns. So what one line costs is bounded, whatever patterns and line, and that does not depend on any clock.
 */

/** About 20 ms. A line of 1 MiB that patterns know their way through takes a quarter of it for each of them. */
const LINE_STEPS = 2_000_000;
/** Bytes of ASCII that are read for one step. */
export const BYTES_A_STEP = 2;

export class Budget {
  readonly #steps: number;
  /** Steps; less than 0 where the last one took more than there was. */
  left: number;

  constructor(steps = LINE_STEPS) {
    this.#steps = steps;
    this.left = steps;
  }

  /** To be called before each line. */
  renew(): void {
    this.left = this.#steps;
  }
}
