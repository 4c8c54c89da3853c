/**
 * Chunks of bytes to lines in a batch. A line that lies within a chunk stays where it is; one that goes on in the next
 * is put together in a buffer of its own, of which no more is kept than the longest line may have.
 */
import { Batch, LineFlag } from '../../pipeline/batch.js';
import { cutLine } from '../../pipeline/cut-line.js';
import type { ArrivalClock } from './arrival.js';

const NEWLINE = 10;
const MAX_LINES = 4096;

export interface SplitterOptions {
  /** Of the stream that the lines belong to. */
  readonly stream: number;
  readonly maxLineBytes: number;
  readonly clock: ArrivalClock;
  /** Takes the lines of the batch, which is reused afterwards; `lines` of them ended, counted on their own. */
  readonly push: (batch: Batch, lines: number) => Promise<void> | undefined;
}

export class LineSplitter {
  readonly #options: SplitterOptions;
  readonly #batch = new Batch(Buffer.alloc(0), MAX_LINES);
  readonly #head: Buffer;
  /** Bytes of the line that was begun; only the first of them are in `#head`. */
  #headBytes = 0;
  /** Lines that ended since the last push. */
  #ended = 0;

  constructor(options: SplitterOptions) {
    this.#options = options;
    this.#head = Buffer.allocUnsafeSlow(options.maxLineBytes);
  }

  /** Pushes every line that `chunk` completes. The chunk's bytes are the splitter's: they may be overwritten. */
  async feed(chunk: Buffer): Promise<void> {
    this.#options.clock.look();
    let from = 0;
    if (this.#headBytes > 0) {
      const newline = chunk.indexOf(NEWLINE);
      const end = newline < 0 ? chunk.length : newline;
      this.#keep(chunk, 0, end);
      if (newline < 0) return;
      await this.#pushHead();
      from = newline + 1;
    }
    this.#batch.arena = chunk;
    for (let end = chunk.indexOf(NEWLINE, from); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (this.#batch.isFull) await this.#push();
      this.#ended++;
      this.#add(chunk, from, end - from);
      from = end + 1;
    }
    await this.#push();
    this.#keep(chunk, from, chunk.length);
  }

  /** Pushes what stands after the last newline. */
  async end(): Promise<void> {
    if (this.#headBytes > 0) await this.#pushHead();
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (this.#headBytes < this.#head.length) chunk.copy(this.#head, this.#headBytes, from, to);
    this.#headBytes += to - from;
  }

  async #pushHead(): Promise<void> {
    this.#batch.arena = this.#head;
    this.#ended++;
    this.#add(this.#head, 0, this.#headBytes);
    this.#headBytes = 0;
    await this.#push();
  }

  #add(arena: Buffer, start: number, bytes: number): void {
    const { clock, stream, maxLineBytes } = this.#options;
    const isCut = bytes > maxLineBytes;
    const end = isCut ? cutLine(arena, start, bytes, maxLineBytes) : start + bytes;
    clock.tick();
    this.#batch.add(start, end, stream, clock.seconds, clock.nanos, isCut ? LineFlag.cut : 0);
  }

  async #push(): Promise<void> {
    const lines = this.#ended;
    this.#ended = 0;
    if (this.#batch.length > 0) await this.#options.push(this.#batch, lines);
    this.#batch.reset();
  }
}
