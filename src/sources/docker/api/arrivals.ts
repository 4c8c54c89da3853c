/**
 * What the log was seen to hold, and the stream at hand has to bring. An engine may lose sight of a log that rotates: its
 * follower then skips a file, and nothing in the stream shows it. Each method is told how the records taken look.
 */
import { type RecordId, type RecordRing, sameRecord } from './ring.js';

export class Arrivals {
  /** The log has this record, and it was not taken. */
  #expected: RecordId | undefined;
  /** Later ones had been taken by then. */
  #isLate = false;
  /** It has to be the next one. */
  #isNext = false;
  #skipped: RecordId | undefined;

  get isExpecting(): boolean {
    return this.#expected !== undefined;
  }

  /** Another stream is opened, or what was expected came in another way. */
  clear(): void {
    this.#expected = undefined;
  }

  /** These are the newest records of the log, in its order: the first one that was not taken has to come. */
  expect(newest: readonly RecordId[], isTaken: (record: RecordId) => boolean, ring: RecordRing): void {
    if (this.#expected || newest.length === 0) return;
    const last = newest.findLastIndex(isTaken);
    if (last === newest.length - 1) return;
    this.#isNext = last >= 0 && ring.isAt(1, newest[last].seconds, newest[last].nanos, newest[last].hash);
    this.#expected = this.#isNext ? newest[last + 1] : newest[newest.length - 1];
    this.#isLate = !this.#isNext && !ring.isLater(this.#expected.seconds, this.#expected.nanos);
  }

  /** A record is about to be taken. False where another one should have come first: the log is to be opened again. */
  admits(seconds: number, nanos: number, hash: number): boolean {
    const expected = this.#expected;
    if (!expected) return true;
    if (expected.hash === hash && expected.nanos === nanos && expected.seconds === seconds) {
      this.#expected = undefined;
      return true;
    }
    // Records need not be in order of time: then it is opened again for nothing, which harms nobody.
    if (this.#isLate) return true;
    const isLater = seconds > expected.seconds || (seconds === expected.seconds && nanos > expected.nanos);
    return !this.#isNext && !isLater;
  }

  /**
   * What was expected did not come in time. `behind`: the stream is only behind. `silent`: opening the log again helps.
   * `skipped`: later ones came in its place; it is expected no more.
   */
  overdue(isSilent: boolean): 'behind' | 'silent' | 'skipped' {
    const expected = this.#expected;
    if (!expected || !this.#isLate) return isSilent ? 'silent' : 'behind';
    if (this.#skipped && sameRecord(this.#skipped, expected)) return 'silent';
    this.#skipped = expected;
    this.#expected = undefined;
    return 'skipped';
  }
}
