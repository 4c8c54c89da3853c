/**
 * Compares what the engine has of a log with what was taken of it. An engine that follows a log which rotates may go on in
 * the new file before it has served the rest of the old one; asked for the last records it reads all of its files.
 *
 * The answer has to reach back to the verified place, the last record before which nothing is missing, or has to be the
 * whole log where there is none yet. Behind it, what the answer has and was not taken is `missed` where something behind it was, and else still to come. An answer that is
 * the whole log, and does not have the verified place, shows nothing of what lay between: that is `hidden`.
 *
 * Records come by the stream at hand while the answer is read: what was taken is looked at again at its end. They push others
 * out of the ring. What seems to be missing behind a record that has left it may have left it as well, and was taken: that
 * is none of the missed ones where it was verified, and else is hidden.
 */
import type { LineTime } from '../../../pipeline/line-time.js';
import type { RecordSink } from './records.js';
import { type Inserted, type RecordId, type RecordRing, recordHash } from './ring.js';

/** Of the texts of what may be missed so much is held; more of them are only known. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;

/** `after`: the number in the ring of the record before it. */
export interface Missed extends Inserted {
  /** Undefined where there was no room for it. */
  readonly text: Buffer | undefined;
  readonly endsLine: boolean;
  readonly isStderr: boolean;
}

interface Candidate extends Missed {
  /** How many records of the answer came up to it. */
  readonly order: number;
}

export interface Findings {
  readonly missed: readonly Missed[];
  /** What lay between the verified place and this time cannot be seen any more. */
  readonly hidden: LineTime | undefined;
  /** So far back in the ring, before `missed` is put into it, stands the last record of the answer that was taken; 0: none. */
  readonly back: number;
}

export class Verification implements RecordSink {
  /** The engine spoke of trouble: the answer may not be whole. */
  hadTrouble = false;
  readonly #ring: RecordRing;
  readonly #revision: number;
  #candidates: Candidate[] = [];
  #heldBytes = 0;
  #hasReached = false;
  #served = 0;
  #first: LineTime | undefined;
  /** The first record that was ever taken is there, and all that lay before it. */
  #hasFirst = false;
  /** The last record that was taken: its number, and its place in the answer. */
  #last = 0;
  #lastOrder = 0;

  constructor(ring: RecordRing) {
    this.#ring = ring;
    this.#revision = ring.revision;
  }

  /** Records of the answer. */
  get served(): number {
    return this.#served;
  }

  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
  ): boolean {
    const hash = recordHash(buf, start, end, endsLine, isStderr);
    const order = ++this.#served;
    this.#first ??= { seconds, nanos };
    const number = this.#find(seconds, nanos, hash);
    if (number > 0) {
      if (!this.#hasReached && number <= this.#ring.verified) {
        this.#hasReached = true;
        this.#candidates = [];
        this.#heldBytes = 0;
      }
      this.#hasFirst ||= number === 1;
      this.#last = number;
      this.#lastOrder = order;
      return true;
    }
    const hasRoom = this.#heldBytes + end - start <= MOST_HELD_BYTES;
    if (hasRoom) this.#heldBytes += end - start;
    const text = hasRoom ? Buffer.from(buf.subarray(start, end)) : undefined;
    this.#candidates.push({ seconds, nanos, hash, after: this.#last, text, endsLine, isStderr, order });
    return true;
  }

  malformed(): boolean {
    return true;
  }

  engineError(): void {
    this.hadTrouble = true;
  }

  drained(): boolean {
    return true;
  }

  /** Undefined where the answer does not reach back far enough. `isAll`: no answer would reach further. */
  finish(isAll: boolean): Findings | undefined {
    // Another one was finished meanwhile.
    if (this.#ring.revision !== this.#revision) return undefined;
    if (!this.#hasReached && !isAll) return undefined;
    this.#lookAgain();
    const { newest, length, unverified } = this.#ring;
    const isOver = unverified > length;
    const hasLeft = ({ after }: Candidate): boolean =>
      after <= newest - length && (this.#hasReached || isOver);
    const behind = this.#candidates.filter(({ order }) => order < this.#lastOrder);
    const missed = behind.filter((candidate) => !hasLeft(candidate));
    const hasAll = this.#hasReached || this.#hasFirst;
    const isHidden = isOver ? !hasAll || missed.length < behind.length : !hasAll;
    const hidden = isHidden ? (isOver ? this.#ring.at(length) : this.#first) : undefined;
    return { missed, hidden, back: this.#last > 0 ? newest - this.#last + 1 : 0 };
  }

  /** The last record of the answer that was taken, and those behind it. Once it is finished. */
  get newest(): readonly RecordId[] {
    const behind = this.#candidates.filter(({ order }) => order > this.#lastOrder);
    const last = this.#last > 0 ? this.#ring.at(this.#ring.newest - this.#last + 1) : undefined;
    return last ? [last, ...behind] : behind;
  }

  /** Some may have come meanwhile. */
  #lookAgain(): void {
    const kept: Candidate[] = [];
    let after = 0;
    for (const candidate of this.#candidates) {
      const number = this.#numberOf(candidate.seconds, candidate.nanos, candidate.hash);
      if (number > 0) after = number;
      else kept.push({ ...candidate, after: Math.max(after, candidate.after) });
      if (number > 0 && candidate.order > this.#lastOrder) {
        this.#last = number;
        this.#lastOrder = candidate.order;
      }
    }
    this.#candidates = kept;
  }

  #find(seconds: number, nanos: number, hash: number): number {
    const back = this.#ring.newest - this.#last;
    const isNext = this.#last > 0 && back > 0 && back <= this.#ring.length;
    if (isNext && this.#ring.isAt(back, seconds, nanos, hash)) return this.#last + 1;
    return this.#numberOf(seconds, nanos, hash);
  }

  #numberOf(seconds: number, nanos: number, hash: number): number {
    if (this.#ring.length === 0 || this.#ring.isLater(seconds, nanos)) return 0;
    const back = this.#ring.find(seconds, nanos, hash);
    return back > 0 ? this.#ring.newest - back + 1 : 0;
  }
}
