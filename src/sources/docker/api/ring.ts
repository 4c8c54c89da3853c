/**
 * The last records that were taken of a container, each by its time and a hash of its text, in order. Tells what the
 * engine repeats, and where in a reopened log what is new begins. Parallel columns; grows while records come fast.
 */
import { crc32 } from 'node:zlib';
import { doubled } from '../../../runtime/columns.js';

const SMALLEST = 64;
/** A repeat is as long as what was written between a rotation and the moment at which the engine noticed it. */
const LARGEST = 16_384;
/** It grows until it holds so much, by the records' times. */
const COVERED_SECONDS = 5;
const HASHED_ENDS = 48;

/** From here on the native CRC is worth its call. All of a piece counts: pieces of one line share their time. */
const LONG = 2048;

/** Of a record: its length, its kind, and its text, of which the middle is left out where it is of some length. */
export function recordHash(
  buf: Buffer,
  start: number,
  end: number,
  endsLine: boolean,
  isStderr: boolean,
): number {
  let hash = 0x811c9dc5 ^ (end - start) ^ (endsLine ? 0x10000000 : 0) ^ (isStderr ? 0x20000000 : 0);
  if (end - start >= LONG) return (hash ^ crc32(buf.subarray(start, end))) >>> 0;
  const isShort = end - start <= 2 * HASHED_ENDS;
  const headEnd = isShort ? end : start + HASHED_ENDS;
  for (let i = start; i < headEnd; i++) hash = Math.imul(hash ^ buf[i], 0x01000193);
  if (!isShort) for (let i = end - HASHED_ENDS; i < end; i++) hash = Math.imul(hash ^ buf[i], 0x01000193);
  return hash >>> 0;
}

export interface RecordId {
  readonly seconds: number;
  readonly nanos: number;
  readonly hash: number;
}

export function sameRecord(a: RecordId, b: RecordId): boolean {
  return a.hash === b.hash && a.nanos === b.nanos && a.seconds === b.seconds;
}

export class RecordRing {
  #seconds = new Uint32Array(SMALLEST);
  #nanos = new Uint32Array(SMALLEST);
  #hashes = new Uint32Array(SMALLEST);
  /** Records ever added; record n is in slot n modulo the capacity. */
  #added = 0;
  #length = 0;
  /** The latest time of a record; found anew where its record has left the ring. */
  #latestSeconds = 0;
  #latestNanos = 0;
  #sinceLatest = 0;
  readonly #grows: boolean;

  /** `grows`: the engine may repeat records of this log. */
  constructor(grows: boolean) {
    this.#grows = grows;
  }

  get length(): number {
    return this.#length;
  }

  add(seconds: number, nanos: number, hash: number): void {
    const capacity = this.#seconds.length;
    const slot = this.#added % capacity;
    if (this.#grows && this.#length === capacity && capacity < LARGEST) {
      if (Math.abs(seconds - this.#seconds[slot]) < COVERED_SECONDS) {
        this.#grow();
        this.add(seconds, nanos, hash);
        return;
      }
    }
    this.#seconds[slot] = seconds;
    this.#nanos[slot] = nanos;
    this.#hashes[slot] = hash;
    this.#added++;
    this.#sinceLatest++;
    this.#noteLatest(seconds, nanos, 0);
    if (this.#length < capacity) this.#length++;
  }

  /** Whether the record is there, the newest first. `back` 1 is the newest. 0 where it is not. */
  find(seconds: number, nanos: number, hash: number): number {
    for (let back = 1; back <= this.#length; back++) if (this.isAt(back, seconds, nanos, hash)) return back;
    return 0;
  }

  isAt(back: number, seconds: number, nanos: number, hash: number): boolean {
    const slot = this.#slot(back);
    return this.#nanos[slot] === nanos && this.#hashes[slot] === hash && this.#seconds[slot] === seconds;
  }

  /** Whether this time is later than that of every record: records of stdout and stderr need not be in order of time. */
  isLater(seconds: number, nanos: number): boolean {
    if (this.#sinceLatest >= this.#length) this.#findLatest();
    return seconds > this.#latestSeconds || (seconds === this.#latestSeconds && nanos > this.#latestNanos);
  }

  /** The newest `count` records, oldest first: seconds, nanoseconds and hash of each. */
  last(count: number): Uint32Array {
    const length = Math.min(count, this.#length);
    const records = new Uint32Array(length * 3);
    for (let i = 0; i < length; i++) {
      const slot = this.#slot(length - i);
      records[i * 3] = this.#seconds[slot];
      records[i * 3 + 1] = this.#nanos[slot];
      records[i * 3 + 2] = this.#hashes[slot];
    }
    return records;
  }

  #noteLatest(seconds: number, nanos: number, since: number): void {
    if (seconds < this.#latestSeconds || (seconds === this.#latestSeconds && nanos < this.#latestNanos))
      return;
    this.#latestSeconds = seconds;
    this.#latestNanos = nanos;
    this.#sinceLatest = since;
  }

  #findLatest(): void {
    this.#latestSeconds = this.#latestNanos = 0;
    for (let back = this.#length; back > 0; back--) {
      const slot = this.#slot(back);
      this.#noteLatest(this.#seconds[slot], this.#nanos[slot], back - 1);
    }
  }

  #slot(back: number): number {
    return (this.#added - back) % this.#seconds.length;
  }

  #grow(): void {
    const all = this.last(this.#length);
    this.#seconds = doubled(this.#seconds);
    this.#nanos = doubled(this.#nanos);
    this.#hashes = doubled(this.#hashes);
    this.#added = this.#length = 0;
    for (let i = 0; i < all.length; i += 3) this.add(all[i], all[i + 1], all[i + 2]);
  }
}
