/**
 * Blocks that were committed a moment ago, as readers want them: what every reader asks for at once need not be read back
 * from the disk, checked and decoded, once for each of them.
 *
 * A block is here until each reader that was there when it was committed has taken it, or newer ones need the room. So a
 * quiet journal keeps nothing, and one reader that is far behind, or dead, keeps no more than MAX_BYTES. Whoever finds
 * nothing here reads the disk.
 */
import type { Block } from '../pipeline/contract.js';

/** Of payloads: two groups of the largest usual size. */
const MAX_BYTES = 8 * 1024 * 1024;

export class FreshBlocks {
  /** By lsn, oldest first. */
  readonly #blocks = new Map<number, { readonly block: Block; readers: number }>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** A block that is durable, which `readers` readers will ask for. */
  add(block: Block, readers: number): void {
    if (readers === 0) return;
    this.#blocks.set(block.lsn, { block, readers });
    this.#bytes += block.payload.length;
    for (const lsn of this.#blocks.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#drop(lsn);
    }
  }

  /** The block at `lsn`, for one of the readers. */
  take(lsn: number): Block | undefined {
    const kept = this.#blocks.get(lsn);
    if (kept && --kept.readers === 0) this.#drop(lsn);
    return kept?.block;
  }

  #drop(lsn: number): void {
    this.#bytes -= this.#blocks.get(lsn)?.block.payload.length ?? 0;
    this.#blocks.delete(lsn);
  }
}
