/** What a search could not read, each counted once however often it came to it. */
import type { HistoryFile } from '../journal/types.js';

export class Losses {
  readonly #removed = new Set<number>();
  readonly #damaged = new Map<number, number>();

  /** Segments that retention took before they were read. */
  get removedSegments(): number {
    return this.#removed.size;
  }

  /** Blocks, and stretches of which nobody knows how many they were. */
  get damagedBlocks(): number {
    let blocks = 0;
    for (const count of this.#damaged.values()) blocks += count;
    return blocks;
  }

  removed({ base }: HistoryFile): void {
    this.#removed.add(base);
  }

  /** `blocks` that are damaged, known by the lsn of the first. */
  damaged(lsn: number, blocks = 1): void {
    if (blocks > 0) this.#damaged.set(lsn, blocks);
  }
}
