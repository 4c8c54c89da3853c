/** Deliveries that were not finished, by lane: one that is tried again goes on where it stopped. */
import type { Block } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';

/** Beside those of the journal. */
const REDRIVE_LANE = LANES;

interface Resumable {
  /** True where `blocks` are those of this work, and perhaps more after them: those are work from now on. */
  goesOnWith(blocks: readonly Block[]): boolean;
}

export class Unfinished<W extends Resumable> {
  readonly #works: (W | undefined)[] = [];

  /** The work on these blocks where it was begun, else what `begin` makes. */
  workOn(blocks: readonly Block[], begin: () => W): W {
    const [{ lane }] = blocks;
    const begun = this.#works[lane];
    if (begun?.goesOnWith(blocks)) return begun;
    const work = begin();
    this.#works[lane] = work;
    return work;
  }

  forget(lane: number): void {
    this.#works[lane] = undefined;
  }
}

/** Blocks of dead letters, on a lane of their own: what is under way on that of the journal is another work. */
export function redriven(blocks: readonly Block[]): Block[] {
  return blocks.map((block) => ({ ...block, lane: REDRIVE_LANE }));
}

/** Whether `blocks` begin with those that were given. */
export function beginsWith(blocks: readonly Block[], given: readonly Block[]): boolean {
  return given.every(({ lsn, lines }, i) => lsn === blocks[i]?.lsn && lines === blocks[i].lines);
}
