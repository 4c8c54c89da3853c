/**
 * What makes old segments go: the cap and the free space of the disk, read or not; age, once every open reader has
 * passed. The newest segment with a commit always stays: it holds the state.
 */
import { describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import { type Contents, readContents } from './contents.js';
import type { Disk } from './disk.js';
import type { Readers } from './readers.js';
import { decodeHeader, HEADER_BYTES } from './record.js';
import type { Segment, Segments } from './segments.js';
import type { JournalOptions } from './types.js';

export interface RetentionParts {
  readonly directory: string;
  readonly disk: Disk;
  readonly segments: Segments;
  readonly readers: Readers;
  readonly options: JournalOptions;
  readonly log: Logger;
  readonly now: () => number;
}

export class Retention {
  readonly #parts: RetentionParts;
  /** Bytes that the journal may take at present: the cap, or less where the disk is short of space. */
  capacity: number;
  /** Resolved when what was asked for so far is done. */
  settled: Promise<void> = Promise.resolve();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.capacity = parts.options.maxBytes;
  }

  /** Lets the oldest segments go until `bytes` more fit under the cap. Never fails. */
  makeRoom(bytes: number): Promise<void> {
    return this.#next(() => this.#cap(bytes));
  }

  /** Everything that wants segments to go. Never fails. */
  enforce(): Promise<void> {
    return this.#next(async () => {
      await this.#cap(0);
      await this.#space();
      await this.#age();
      await this.#parts.segments.removeFiles();
    });
  }

  /** One at a time. */
  #next(work: () => Promise<void>): Promise<void> {
    this.settled = this.settled.then(async () => {
      try {
        await work();
      } catch (error) {
        const { log } = this.#parts;
        log.error({ err: error }, `Old segments of the journal cannot be removed: ${describeError(error)}`);
      }
    });
    return this.settled;
  }

  async #cap(bytes: number): Promise<void> {
    const { segments, options } = this.#parts;
    while (segments.all.length > 1 && segments.bytes + bytes > options.maxBytes) await this.#removeOldest();
  }

  /** Freed space may show late on some filesystems, so what is missing is asked for once per turn. */
  async #space(): Promise<void> {
    const { disk, directory, options, segments } = this.#parts;
    const { free, total } = await disk.space(directory);
    let missing = options.minFree * total - free;
    this.capacity = Math.min(options.maxBytes, Math.max(0, segments.bytes - missing));
    while (segments.all.length > 1 && missing > 0) {
      missing -= segments.all[0].bytes;
      await this.#removeOldest();
    }
  }

  async #age(): Promise<void> {
    const { segments, readers } = this.#parts;
    while (segments.all.length > 1 && (await this.#isOld(segments.all[0]))) {
      if (readers.need(segments.all[0])) return;
      await this.#removeOldest();
    }
  }

  async #removeOldest(): Promise<void> {
    const { segments, readers } = this.#parts;
    const [oldest] = segments.all;
    let contents: Contents = [];
    if (readers.need(oldest))
      await segments
        .use(oldest, async (index) => {
          contents = await readContents(segments, oldest, index);
        })
        // Then nobody knows whose lines they were.
        .catch(() => undefined);
    const needsIndex = readers.need(oldest);
    await segments.removeOldest((segment, index) => readers.lose(segment, index, contents), needsIndex);
  }

  async #isOld(segment: Segment): Promise<boolean> {
    const { options, now } = this.#parts;
    segment.committedAt ??= await this.#committedAt(segment);
    return now() - segment.committedAt * 1000 > options.maxAgeMs;
  }

  /** When the segment's last commit was made: the next segment's first header says so, where it is there. */
  async #committedAt(segment: Segment): Promise<number> {
    const { segments, disk } = this.#parts;
    const next = segments.all[segments.all.indexOf(segment) + 1];
    const bytes = Buffer.alloc(HEADER_BYTES);
    try {
      const file = await disk.open(segments.path(next));
      try {
        await file.read(bytes, 0);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!segments.isGone(next, error)) throw error;
    }
    return decodeHeader(bytes, 0, next.base)?.seconds ?? this.#parts.now() / 1000;
  }
}
