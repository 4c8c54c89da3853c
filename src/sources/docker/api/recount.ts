/**
 * What the engine left out before a restart. Of the records behind the verified place only their number and the sum of
 * their marks were saved (position.ts): where the engine has more records there, those that are too many were missed. They
 * stand side by side, as the engine leaves out the rest of a file; which ones they are is told by the sum.
 */
import type { RecordSink } from './records.js';
import { type RecordId, recordHash, recordMark, sameRecord } from './ring.js';
import type { Missed } from './verification.js';

/** The records that were taken behind a verified place. */
export interface Behind {
  /** The verified place; undefined: the beginning of the log. */
  readonly place: RecordId | undefined;
  readonly count: number;
  /** Of their marks, in 32 bits. */
  readonly sum: number;
}

export class Recount implements RecordSink {
  readonly #behind: Behind;
  #records: Missed[] = [];
  #hasReached = false;

  constructor(behind: Behind) {
    this.#behind = behind;
    this.#hasReached = !behind.place;
  }

  /** The verified place was served. */
  get hasReached(): boolean {
    return this.#hasReached;
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
    const id = { seconds, nanos, hash: recordHash(buf, start, end, endsLine, isStderr) };
    const { place } = this.#behind;
    if (this.#hasReached) {
      const text = Buffer.from(buf.subarray(start, end));
      this.#records.push({ ...id, after: 0, text, endsLine, isStderr });
    }
    this.#hasReached ||= place !== undefined && sameRecord(id, place);
    return true;
  }

  malformed(): boolean {
    return true;
  }

  engineError(): void {}

  /** The last record that was taken was served: those that were missed before it. Undefined where it cannot be told which they are. */
  finish(): readonly Missed[] | undefined {
    const { count, sum } = this.#behind;
    const missing = this.#records.length - count;
    if (!this.#hasReached || missing < 0) return undefined;
    const marks = this.#records.map(recordMark);
    const target = (marks.reduce((all, mark) => (all + mark) >>> 0, 0) - sum) >>> 0;
    let window = marks.slice(0, missing).reduce((all, mark) => (all + mark) >>> 0, 0);
    for (let from = 0; from <= count; from++) {
      if (window === target) return this.#records.slice(from, from + missing);
      window = (window + (marks[from + missing] ?? 0) - marks[from]) >>> 0;
    }
    return undefined;
  }
}
