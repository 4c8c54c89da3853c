/**
 * The last records that were taken of a container, each by its time and a hash of its text, in the order of the log. Tells
 * what the engine repeats, where in a reopened log what is new begins, and what the engine left out. Three numbers a
 * record; grows while records come fast, and where many were not compared with the log yet. Records are numbered from 1 on.
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

/** Of a record, to be summed up with those of others. */
export function recordMark({ seconds, nanos, hash }: RecordId): number {
  return mark(seconds, nanos, hash);
}

export function sameRecord(a: RecordId, b: RecordId): boolean {
  return a.hash === b.hash && a.nanos === b.nanos && a.seconds === b.seconds;
}

function mark(seconds: number, nanos: number, hash: number): number {
  return (Math.imul(hash ^ nanos, 0x85ebca6b) ^ Math.imul(seconds + nanos, 0xc2b2ae35)) >>> 0;
}

/** A record that belongs behind the one of number `after`. */
export interface Inserted extends RecordId {
  readonly after: number;
}

export class RecordRing {
  /** Seconds, nanoseconds and hash of each; record n is in slot n - 1 modulo the capacity, which is a power of two. */
  #records = new Uint32Array(SMALLEST * COLUMNS);
  /** Of each bucket the newest record, of each record the one before it in its bucket: their numbers, in 32 bits. */
  #heads = new Uint32Array(SMALLEST);
  #chain = new Uint32Array(SMALLEST);
  #capacity = SMALLEST;
  #newest = 0;
  #length = 0;
  #verified = 0;
  #sum = 0;
  #revision = 0;
  /** The latest time of a record; found anew where its record has left the ring. */
  #latestSeconds = 0;
  #latestNanos = 0;
  #sinceLatest = 0;
  readonly #mayRepeat: boolean;

  /** `mayRepeat`: the engine may repeat records of this log, or leave some out. */
  constructor(mayRepeat: boolean) {
    this.#mayRepeat = mayRepeat;
  }

  get length(): number {
    return this.#length;
  }

  /** Number of the newest record; 0 where there was none yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Number of the last record of which it is sure that none is missing before it; it may have left the ring. */
  get verified(): number {
    return this.#verified;
  }

  set verified(number: number) {
    this.#verified = number;
    this.#revision++;
    this.#sum = 0;
    if (this.unverified === 0) return;
    const records = this.last(this.unverified);
    for (let i = 0; i < records.length; i += COLUMNS)
      this.#sum = (this.#sum + mark(records[i], records[i + 1], records[i + 2])) >>> 0;
  }

  /** Of the marks of those that came behind the verified record. */
  get sum(): number {
    return this.#sum;
  }

  /** Changes with what is verified, and where numbers change. */
  get revision(): number {
    return this.#revision;
  }

  /** So many records came behind the verified one. */
  get unverified(): number {
    return this.#newest - this.#verified;
  }

  add(seconds: number, nanos: number, hash: number): void {
    if (this.#length === this.#capacity && this.#isTooSmall(seconds)) this.#resize(2 * this.#length);
    this.#put(seconds, nanos, hash);
    this.#sum = (this.#sum + mark(seconds, nanos, hash)) >>> 0;
    this.#sinceLatest++;
    this.#noteLatest(seconds, nanos, 0);
  }

  /** Puts records, in the order of the log, where they belong. The numbers of those behind them change. */
  insert(records: readonly Inserted[]): void {
    const all = this.last(this.#length);
    const sorted = [...records].sort((a, b) => a.after - b.after);
    let number = this.#newest - this.#length;
    let next = 0;
    this.#newest = number;
    this.#length = 0;
    this.#heads.fill(0);
    for (let i = 0; i < all.length; i += COLUMNS) {
      for (; next < sorted.length && sorted[next].after <= number; next++)
        this.add(sorted[next].seconds, sorted[next].nanos, sorted[next].hash);
      number++;
      this.add(all[i], all[i + 1], all[i + 2]);
    }
    // Those that were put again were counted again.
    this.verified = this.#verified;
  }

  /** Whether the record is there, the newest first: how far back, 1 being the newest; 0 where it is not. */
  find(seconds: number, nanos: number, hash: number): number {
    let number = this.#heads[this.#bucket(nanos, hash)];
    while (number !== 0) {
      const back = ((this.#newest - number) >>> 0) + 1;
      if (back > this.#length) return 0;
      if (this.isAt(back, seconds, nanos, hash)) return back;
      number = this.#chain[(number - 1) & (this.#capacity - 1)];
    }
    return 0;
  }

  isAt(back: number, seconds: number, nanos: number, hash: number): boolean {
    const records = this.#records;
    const at = this.#at(back);
    return records[at + 1] === nanos && records[at + 2] === hash && records[at] === seconds;
  }

  /** The record so far back; undefined where there is none. */
  at(back: number): RecordId | undefined {
    if (back < 1 || back > this.#length) return undefined;
    const at = this.#at(back);
    const records = this.#records;
    return { seconds: records[at], nanos: records[at + 1], hash: records[at + 2] };
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
    if (length === 0) return records;
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
    if (this.unverified > 0) return;
    const length = this.#mayRepeat ? QUIET : USUAL;
    if (this.#capacity > length) this.#resize(length);
  }

  #isTooSmall(seconds: number): boolean {
    const capacity = this.#capacity;
    if (capacity < USUAL) return true;
    if (!this.#mayRepeat || capacity >= LARGEST) return false;
    if (this.unverified + USUAL > capacity) return true;
    return Math.abs(seconds - this.#records[this.#at(this.#length)]) < COVERED_SECONDS;
  }

  #put(seconds: number, nanos: number, hash: number): void {
    const slot = this.#newest++ & (this.#capacity - 1);
    const bucket = this.#bucket(nanos, hash);
    this.#records[slot * COLUMNS] = seconds;
    this.#records[slot * COLUMNS + 1] = nanos;
    this.#records[slot * COLUMNS + 2] = hash;
    this.#chain[slot] = this.#heads[bucket];
    this.#heads[bucket] = this.#newest;
    if (this.#length < this.#capacity) this.#length++;
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
    return ((this.#newest - back) & (this.#capacity - 1)) * COLUMNS;
  }

  /** Equal texts differ in their times, equal times in their texts. */
  #bucket(nanos: number, hash: number): number {
    const mixed = Math.imul(hash ^ nanos, 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.#capacity - 1);
  }

  #resize(capacity: number): void {
    const newest = this.last(capacity);
    this.#records = new Uint32Array(capacity * COLUMNS);
    this.#heads = new Uint32Array(capacity);
    this.#chain = new Uint32Array(capacity);
    this.#capacity = capacity;
    this.#newest -= newest.length / COLUMNS;
    this.#length = 0;
    for (let i = 0; i < newest.length; i += COLUMNS) this.#put(newest[i], newest[i + 1], newest[i + 2]);
  }
}
