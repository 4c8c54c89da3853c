/**
 * Holds back the reading of old lines while a reader is far behind: they have waited on the disk before and can go on
 * doing so, and must not push out of the journal what that reader has not read. Lines that come now are never held.
 *
 * One bad sink harms nobody else: a reader that does not come on at all holds old lines back from readers that do for
 * PATIENCE_MS and no longer. Afterwards the journal's cap decides what it loses, counted as ever.
 */
import { Waiters } from './waiters.js';

const PATIENCE_MS = 10 * 60_000;

/** A reader's place. */
export interface ReaderPlace {
  /** Lsn of the lane that is furthest behind. */
  readonly oldest: number;
  /** When that came on last. */
  readonly movedMs: number;
}

export interface RoomParts {
  /** The open ones. */
  readonly readers: () => readonly ReaderPlace[];
  /** End of the last commit. */
  readonly end: () => number;
  /** Bytes that the journal may take on the disk at present. */
  readonly capacity: () => number;
  /** Milliseconds on the clock of `movedMs`. */
  readonly now: () => number;
}

export class Room {
  readonly #parts: RoomParts;
  readonly #waiting = new Waiters<void>();
  #isClosed = false;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** A promise where old lines must wait: until readers have come on, or the journal closes. */
  wait(): Promise<void> | undefined {
    return this.#isTight ? this.#waiting.wait(() => !this.#isTight) : undefined;
  }

  /** A reader has come on or gone, the capacity has changed, or time has passed. */
  changed(): void {
    if (this.#waiting.size > 0) this.#waiting.tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.tell();
  }

  get #isTight(): boolean {
    if (this.#isClosed) return false;
    const { readers, end, capacity, now } = this.#parts;
    // The other half is for the lines that come meanwhile.
    const limit = end() - capacity() / 2;
    const all = readers();
    const late = all.filter(({ oldest }) => oldest < limit);
    if (late.length < all.length) return late.some(({ movedMs }) => now() - movedMs < PATIENCE_MS);
    return late.length > 0;
  }
}
