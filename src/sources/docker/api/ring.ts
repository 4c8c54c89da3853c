/**
 * The last records that were taken of a container, each by its time and a hash of its text, in order. Tells what the
 * engine repeats, and where in a reopened log what is new begins. Three numbers a record; grows while records come fast.
 */
import { crc32 } from 'node:zlib';

const SMALLEST = 16;
/** What a look at the newest records of a log that is read may find. */
const USUAL = 64;
/** A repeat is as long as what was written between a rotation and the moment at which the engine noticed it. */
const LARGEST = 16_384;
/** It grows until it holds so much, by the records' times. */
export const COVERED_SECONDS = 5;
/** So many are kept of a log that may be repeated and was quiet. */
const QUIET = 256;
const COLUMNS = 3;
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
  /** Seconds, nanoseconds and hash of each. */
  #records = new Uint32Array(SMALLEST * COLUMNS);
  #capacity = SMALLEST;
  /** Records ever added; record n is in slot n modulo the capacity. */
  #added = 0;
  #length = 0;
  /** The latest time of a record; found anew where its record has left the ring. */
  #latestSeconds = 0;
  #latestNanos = 0;
  #sinceLatest = 0;
  readonly #mayRepeat: boolean;

  /** `mayRepeat`: the engine may repeat records of this log. */
  constructor(mayRepeat: boolean) {
    this.#mayRepeat = mayRepeat;
  }

  get length(): number {
    return this.#length;
  }

  add(seconds: number, nanos: number, hash: number): void {
    if (this.#length === this.#capacity && this.#isTooSmall(seconds)) this.#resize(2 * this.#length);
    const at = (this.#added % this.#capacity) * COLUMNS;
    this.#records[at] = seconds;
    this.#records[at + 1] = nanos;
    this.#records[at + 2] = hash;
    this.#added++;
    this.#sinceLatest++;
    this.#noteLatest(seconds, nanos, 0);
    if (this.#length < this.#capacity) this.#length++;
  }

  /** Whether the record is there, the newest first. `back` 1 is the newest. 0 where it is not. */
  find(seconds: number, nanos: number, hash: number): number {
    for (let back = 1; back <= this.#length; back++) if (this.isAt(back, seconds, nanos, hash)) return back;
    return 0;
  }

  isAt(back: number, seconds: number, nanos: number, hash: number): boolean {
    const records = this.#records;
    const at = this.#at(back);
    return records[at + 1] === nanos && records[at + 2] === hash && records[at] === seconds;
  }

  /** Whether this time is later than that of every record: records of stdout and stderr need not be in order of time. */
  isLater(seconds: number, nanos: number): boolean {
    if (this.#sinceLatest >= this.#length) this.#findLatest();
    return seconds > this.#latestSeconds || (seconds === this.#latestSeconds && nanos > this.#latestNanos);
  }

  /** The newest `count` records, oldest first: seconds, nanoseconds and hash of each. */
  last(count: number): Uint32Array {
    const length = Math.min(count, this.#length);
    const records = new Uint32Array(length * COLUMNS);
    const from = this.#at(length);
    const whole = Math.min(records.length, this.#capacity * COLUMNS - from);
    records.set(this.#records.subarray(from, from + whole));
    records.set(this.#records.subarray(0, records.length - whole), whole);
    return records;
  }

  /** Records a second among the newest ones, by their own times. */
  get rate(): number {
    const count = Math.min(this.#length, USUAL);
    if (count < 2) return 0;
    const records = this.#records;
    const [first, last] = [this.#at(count), this.#at(1)];
    const seconds = records[last] - records[first] + (records[last + 1] - records[first + 1]) / 1e9;
    return seconds > 0 ? (count - 1) / seconds : Infinity;
  }

  /** The log has been quiet: gives back what only a log that goes on fast needs. */
  trim(): void {
    const length = this.#mayRepeat ? QUIET : USUAL;
    if (this.#capacity > length) this.#resize(length);
  }

  #isTooSmall(seconds: number): boolean {
    const capacity = this.#capacity;
    if (capacity < USUAL) return true;
    if (!this.#mayRepeat || capacity >= LARGEST) return false;
    return Math.abs(seconds - this.#records[this.#at(this.#length)]) < COVERED_SECONDS;
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
      const at = this.#at(back);
      this.#noteLatest(this.#records[at], this.#records[at + 1], back - 1);
    }
  }

  #at(back: number): number {
    return ((this.#added - back) % this.#capacity) * COLUMNS;
  }

  #resize(capacity: number): void {
    const newest = this.last(capacity);
    this.#records = new Uint32Array(capacity * COLUMNS);
    this.#records.set(newest);
    this.#capacity = capacity;
    this.#added = this.#length = newest.length / COLUMNS;
  }
}
