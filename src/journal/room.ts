/**
 * Holds back the reading of old lines while a reader is far behind: they have waited on the disk before and can go on
 * doing so, and must not push out of the journal what that reader has not read. Lines that come now are never held.
 */
import type { Readers } from './readers.js';
import { Waiters } from './waiters.js';

export interface RoomParts {
  readonly readers: Pick<Readers, 'oldest'>;
  /** End of the last commit. */
  readonly end: () => number;
  /** Bytes that the journal may take on the disk at present. */
  readonly capacity: () => number;
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

  /** A reader has come on or gone, or the capacity has changed. */
  changed(): void {
    if (this.#waiting.size > 0) this.#waiting.tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.tell();
  }

  /** The other half is for the lines that come meanwhile. */
  get #isTight(): boolean {
    const { readers, end, capacity } = this.#parts;
    return !this.#isClosed && end() - readers.oldest > capacity() / 2;
  }
}
