/**
 * Holds back the reading of old lines while a reader is far behind: they have waited on the disk before and can go on
 * doing so, and must not push out of the journal what that reader has not read. Lines that come now are never held.
 *
 * One bad sink harms nobody else: a reader that does not come on at all holds old lines back from readers that do for
 * PATIENCE_MS and no longer. Afterwards the journal's cap decides what it loses, counted as ever.
 */
import type { Logger } from '../runtime/log.js';
import { Waiters } from './waiters.js';

const PATIENCE_MS = 10 * 60_000;

/** A reader's place. */
export interface ReaderPlace {
  readonly name: string;
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
  readonly log: Logger;
}

export class Room {
  readonly #parts: RoomParts;
  readonly #waiting = new Waiters<void>();
  #isClosed = false;
  /** When old lines were last known to wait. */
  #heldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** A promise where old lines must wait: until readers have come on, or the journal closes. */
  wait(): Promise<void> | undefined {
    if (this.#heldBy === undefined) return undefined;
    this.#tell(this.#heldBy);
    return this.#waiting.wait(() => this.#heldBy === undefined);
  }

  /** The reader that is waited for; undefined while nobody waits. */
  get waitsFor(): string | undefined {
    return this.#waiting.size > 0 ? this.#heldBy : undefined;
  }

  /** A reader has come on or gone, the capacity has changed, or time has passed. */
  changed(): void {
    if (this.#waiting.size === 0) return;
    this.#heldMs = this.#parts.now();
    this.#waiting.tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.tell();
  }

  /** Once: a reader that comes on slowly lets go and holds back many times. */
  #tell(reader: string): void {
    const { now, log } = this.#parts;
    const isKnown = now() - this.#heldMs < PATIENCE_MS;
    this.#heldMs = now();
    if (!isKnown)
      log.info(
        { reader },
        `Old lines wait where they are, in their files or at the engine, until "${reader}", which is far behind, has read on; new lines do not wait.`,
      );
  }

  /** The first reader that old lines must wait for. */
  get #heldBy(): string | undefined {
    if (this.#isClosed) return undefined;
    const { readers, end, capacity, now } = this.#parts;
    // The other half is for the lines that come meanwhile.
    const limit = end() - capacity() / 2;
    const all = readers();
    const late = all.filter(({ oldest }) => oldest < limit);
    // Where all are late nobody would gain.
    const waitedFor =
      late.length < all.length ? late.filter(({ movedMs }) => now() - movedMs < PATIENCE_MS) : late;
    return waitedFor[0]?.name;
  }
}
