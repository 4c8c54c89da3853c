/**
 * Which part of a log to ask for when it is opened: so little that it costs what was missed and not what the log holds.
 * The engine finds its last records at once, but reads the whole log for a time.
 *
 *   first     nothing is known of it: everything from where `start_at` wants
 *   mark      its last record only, to go on behind it where nothing of what is there is wanted, or nothing lies behind the
 *             one time that is known: a quiet log would be opened by its time again and again
 *   overlap   its last records, four times as many, … 16,384, then everything from the last known time on, until what is
 *             known is in it. The first time 16 (256 where it may rotate); then 4, and twice as many as were likely written
 *             since it was read last, and those that are to be compared with what was taken (verification.ts)
 *   after     what is known is not there any more, or it is known by its time only: everything later than that
 */
import type { LogRange } from '../engine.js';
import type { LogTime } from '../json-file/position.js';
import type { StartAt } from '../json-file/types.js';

/** Where nothing was found yet in this run: something was missed, more likely than not. */
const FIRST_TAIL = 16;
/** Here what the engine may repeat has to be known as well; afterwards it is. */
const FIRST_TAIL_OF_ROTATING = 256;
/** The engine serves so few as fast as one. */
const SMALLEST_TAIL = 4;
/** A record too many costs a hundredth of what another request does. */
const SPARE = 2;
const TAIL_GROWTH = 4;
const LARGEST_TAIL = 16_384;
const SECOND_NANOS = 1_000_000_000;

export type Range = Omit<LogRange, 'follow'>;

export class Overlaps {
  readonly #first: number;
  #tail: number;
  #isFirst = true;
  #isShort = false;

  /**
   * `mayRepeat`: the engine may repeat records of this log, and what it may repeat has to be known. `isTailOther`: the
   * last records are others than those of the whole log, so it is opened by time only.
   */
  constructor(mayRepeat: boolean, isTailOther = false) {
    this.#first = isTailOther ? Infinity : mayRepeat ? FIRST_TAIL_OF_ROTATING : FIRST_TAIL;
    this.#tail = this.#first;
  }

  /** Nothing was found yet: more is served than what is known. */
  get isFirst(): boolean {
    return this.#isFirst;
  }

  /** Undefined: everything from the last known time on. */
  get tail(): number | undefined {
    return this.#tail > LARGEST_TAIL ? undefined : this.#tail;
  }

  /**
   * So many records were likely written since the log was read last, and so many before that are to be served again, to be
   * compared with what was taken. What was too little before is not asked for again.
   */
  expect(missed: number, unverified: number): void {
    if (this.#isShort || this.#first === Infinity) return;
    const tail = SMALLEST_TAIL + Math.ceil(SPARE * missed) + unverified;
    this.#tail = Math.min(LARGEST_TAIL, this.#isFirst ? Math.max(this.#first, unverified && tail) : tail);
  }

  /** What is known was not in it. */
  grow(): void {
    this.#isShort = true;
    this.#tail *= TAIL_GROWTH;
  }

  found(): void {
    this.#isFirst = this.#isShort = false;
    if (this.#first !== Infinity) this.#tail = SMALLEST_TAIL;
  }

  /** What was known is not there any more: all begins anew. */
  lost(): void {
    this.#isFirst = true;
    this.#isShort = false;
    this.#tail = this.#first;
  }

  range(known: LogTime): Range {
    return this.tail === undefined ? rangeFrom(known) : { tail: this.tail };
  }
}

/** From this time on, itself included. */
export function rangeFrom({ seconds, nanos }: LogTime): Range {
  return { since: `${seconds}.${String(nanos).padStart(9, '0')}` };
}

export function rangeAfter({ seconds, nanos }: LogTime): Range {
  return nanos + 1 < SECOND_NANOS
    ? rangeFrom({ seconds, nanos: nanos + 1 })
    : rangeFrom({ seconds: seconds + 1, nanos: 0 });
}

/** From when on a log that was there before the agent is read; undefined: nothing of what is there. */
export function startTime(startAt: StartAt, nowMs: number): LogTime | undefined {
  if (startAt.kind === 'end') return undefined;
  const seconds = startAt.kind === 'age' ? Math.floor((nowMs - startAt.ageMs) / 1000) : 0;
  return { seconds: Math.max(0, seconds), nanos: 0 };
}
