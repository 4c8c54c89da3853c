/**
 * The open cursors, as retention sees them: what they still need, and what they lose when a segment goes early.
 */
import type { BlockIndex } from './block-index.js';
import type { Contents } from './contents.js';
import type { ReaderCursor } from './cursor.js';
import type { Segment } from './segments.js';

export class Readers {
  readonly #open = new Set<ReaderCursor>();

  add(cursor: ReaderCursor): void {
    this.#open.add(cursor);
  }

  delete(cursor: ReaderCursor): void {
    this.#open.delete(cursor);
  }

  get size(): number {
    return this.#open.size;
  }

  has(name: string): boolean {
    return [...this.#open].some((cursor) => cursor.name === name);
  }

  get all(): readonly ReaderCursor[] {
    return [...this.#open];
  }

  /** True where some cursor has not passed all of the segment. */
  need(segment: Segment): boolean {
    return [...this.#open].some((cursor) => cursor.needs(segment));
  }

  /** Counts what each reader loses with the segment; without an index nobody knows how much. */
  lose(segment: Segment, index: BlockIndex | undefined, contents: Contents): void {
    for (const cursor of this.#open) cursor.lose(segment, index, contents);
  }
}
