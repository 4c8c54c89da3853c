/**
 * What is known of one segment's blocks without opening them: one row a block, in columns, about 50 bytes each. Made by
 * walking the headers and directories of the file, and gone on with where the segment has grown.
 *
 * `firstNanos` and `lastNanos` are the whole second at first, and exact once a block was opened.
 */
import { decodeDirectory } from '../journal/directory.js';
import type { DiskFile } from '../journal/disk.js';
import { openMeta, RecordType } from '../journal/record.js';
import { type Found, Scanner } from '../journal/scanner.js';
import { EMPTY_SPAN, type Span, widened } from '../journal/span.js';
import { doubled } from '../runtime/columns.js';

/** Headers and directories stand between payloads that are not read: little more than one of them. */
const WINDOW_BYTES = 8 * 1024;
const LAST_NANO = 999_999_999;

export class SegmentIndex {
  readonly base: number;
  /** Bytes of the segment that were walked over. */
  bytes = 0;
  span: Span = EMPTY_SPAN;
  /** Label texts of its streams, in the order of their coming. */
  readonly labels: string[] = [];
  length = 0;
  /** Stretches that are no records, and blocks whose directory is damaged: nobody knows what was there. */
  damaged = 0;

  offset = new Uint32Array(64);
  /** Of the whole record. */
  size = new Uint32Array(64);
  rawBytes = new Uint32Array(64);
  firstSeconds = new Uint32Array(64);
  firstNanos = new Uint32Array(64);
  lastSeconds = new Uint32Array(64);
  lastNanos = new Uint32Array(64);
  /** The streams of row i are stream[streamsEnd[i - 1] .. streamsEnd[i]), numbers in `labels`. */
  streamsEnd = new Uint32Array(64);
  stream = new Uint32Array(64);
  #streams = 0;
  readonly #numbers = new Map<string, number>();

  constructor(base: number) {
    this.base = base;
  }

  /** Bytes that it takes in memory, roughly. */
  get memory(): number {
    return this.offset.length * 32 + this.stream.length * 4 + this.labels.length * 300;
  }

  streamsOf(row: number): Uint32Array {
    return this.stream.subarray(row === 0 ? 0 : this.streamsEnd[row - 1], this.streamsEnd[row]);
  }

  /** Goes on to `bytes` of the segment, as far as the file has them. Fails with system errors. */
  async extend(file: Pick<DiskFile, 'read'>, bytes: number): Promise<void> {
    if (bytes <= this.bytes) return;
    const scanner = new Scanner(file, this.base, bytes, this.bytes, WINDOW_BYTES);
    for (let found = await scanner.next(); found; found = await scanner.next()) {
      await this.#take(found, scanner);
      this.bytes = found.end;
    }
    // What is missing at the file's end.
    if (this.bytes < bytes) this.damaged++;
    this.bytes = bytes;
  }

  async #take(found: Found, scanner: Scanner): Promise<void> {
    const { header, offset, end } = found;
    if (!header) this.damaged++;
    if (header?.type !== RecordType.block) return;
    try {
      const meta = openMeta(header, await scanner.meta(found));
      if (!meta) throw new Error('its checksum is wrong');
      const { firstSeconds, streams } = decodeDirectory(meta);
      for (const { labels } of streams) this.#addStream(labels);
      this.#add(offset, end - offset, header.rawBytes, firstSeconds, header.seconds);
    } catch {
      this.damaged++;
    }
  }

  #addStream(labels: string): void {
    let number = this.#numbers.get(labels);
    if (number === undefined) {
      number = this.labels.push(labels) - 1;
      this.#numbers.set(labels, number);
    }
    if (this.#streams === this.stream.length) this.stream = doubled(this.stream);
    this.stream[this.#streams++] = number;
  }

  #add(offset: number, size: number, rawBytes: number, first: number, last: number): void {
    const row = this.length++;
    if (row === this.offset.length) this.#grow();
    this.offset[row] = offset;
    this.size[row] = size;
    this.rawBytes[row] = rawBytes;
    this.firstSeconds[row] = first;
    this.firstNanos[row] = 0;
    this.lastSeconds[row] = last;
    this.lastNanos[row] = LAST_NANO;
    this.streamsEnd[row] = this.#streams;
    this.span = widened(this.span, first, last);
  }

  #grow(): void {
    this.offset = doubled(this.offset);
    this.size = doubled(this.size);
    this.rawBytes = doubled(this.rawBytes);
    this.firstSeconds = doubled(this.firstSeconds);
    this.firstNanos = doubled(this.firstNanos);
    this.lastSeconds = doubled(this.lastSeconds);
    this.lastNanos = doubled(this.lastNanos);
    this.streamsEnd = doubled(this.streamsEnd);
  }
}
