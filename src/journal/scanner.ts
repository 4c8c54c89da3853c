/**
 * Walks the records of a segment from header to header, without their bodies, and over whatever is damaged: where no
 * good header is, it looks for the next one. Reads windows, of 64 KiB as a rule, so that tiny blocks do not cost a read each.
 */
import type { DiskFile } from './disk.js';
import { decodeHeader, HEADER_BYTES, MAGIC, type RecordHeader, recordLength } from './record.js';

const WINDOW_BYTES = 64 * 1024;

/** A record whose header is good, or a stretch of bytes that is none. Offsets are in the segment. */
export interface Found {
  readonly offset: number;
  readonly end: number;
  readonly header: RecordHeader | undefined;
}

type Readable = Pick<DiskFile, 'read'>;

export class Scanner {
  readonly #file: Readable;
  readonly #base: number;
  #end: number;
  readonly #window: Buffer;
  #windowAt = 0;
  #windowBytes = 0;
  #at: number;

  /** Looks at the bytes [from, end) of the segment that begins at lsn `base`; a record begins at `from`. */
  constructor(file: Readable, base: number, end: number, from = 0, windowBytes = WINDOW_BYTES) {
    this.#file = file;
    this.#base = base;
    this.#end = end;
    this.#at = from;
    this.#window = Buffer.allocUnsafe(windowBytes);
  }

  /** What comes next, or undefined at the end. A record that reaches beyond the end is no record. */
  async next(): Promise<Found | undefined> {
    const offset = this.#at;
    if (offset >= this.#end) return undefined;
    await this.#show(offset);
    if (offset >= this.#end) return undefined;
    const header = this.#headerAt(offset);
    this.#at = header ? offset + recordLength(header) : await this.#nextHeader(offset + 1);
    return { offset, end: this.#at, header };
  }

  /** Meta of the record that `next` found last, as it lies there. Shorter where the file is. */
  async meta({ offset, header }: Found): Promise<Buffer> {
    const from = offset + HEADER_BYTES;
    const length = header?.metaLength ?? 0;
    const at = from - this.#windowAt;
    if (at + length <= this.#windowBytes) return this.#window.subarray(at, at + length);
    const meta = Buffer.allocUnsafe(length);
    return meta.subarray(0, await this.#file.read(meta, from));
  }

  /** Meta and payload of a record that `next` found. Shorter where the file is. */
  async body(found: Found): Promise<Buffer> {
    const body = Buffer.allocUnsafe(found.end - found.offset - HEADER_BYTES);
    return body.subarray(0, await this.#file.read(body, found.offset + HEADER_BYTES));
  }

  /** Offset of the first good header at or after `from`, or the end. */
  async #nextHeader(from: number): Promise<number> {
    for (let at = from; at + HEADER_BYTES <= this.#end; ) {
      await this.#show(at);
      const found = this.#window.indexOf(MAGIC, at - this.#windowAt);
      const inWindow = found >= 0 && found + MAGIC.length <= this.#windowBytes;
      if (!inWindow) {
        // The magic may stand across the window's end.
        at = Math.max(at + 1, this.#windowAt + this.#windowBytes - MAGIC.length + 1);
        continue;
      }
      at = this.#windowAt + found;
      await this.#show(at);
      if (this.#headerAt(at)) return at;
      at++;
    }
    return this.#end;
  }

  #headerAt(offset: number): RecordHeader | undefined {
    const at = offset - this.#windowAt;
    if (at + HEADER_BYTES > this.#windowBytes) return undefined;
    const header = decodeHeader(this.#window, at, this.#base + offset);
    return header && offset + recordLength(header) <= this.#end ? header : undefined;
  }

  /** Brings a header's worth of bytes at `offset` into the window, as far as there are any. */
  async #show(offset: number): Promise<void> {
    const needed = Math.min(offset + HEADER_BYTES, this.#end);
    if (offset >= this.#windowAt && needed <= this.#windowAt + this.#windowBytes) return;
    const bytes = Math.min(this.#window.length, this.#end - offset);
    this.#windowAt = offset;
    this.#windowBytes = 0;
    this.#windowBytes = await this.#file.read(this.#window.subarray(0, bytes), offset);
    // The file was cut short under us: there is nothing behind.
    if (this.#windowBytes < bytes) this.#end = offset + this.#windowBytes;
  }
}
