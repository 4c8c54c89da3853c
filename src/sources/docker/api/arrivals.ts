/**
 * What the log was seen to hold, and the stream at hand has to bring. An engine may lose sight of a log that rotates: its
 * follower then skips a file, and nothing in the stream shows it. Each method is told how the records taken look.
 */
import { type RecordId, type RecordRing, sameRecord } from './ring.js';

export class Arrivals {
  readonly #tell: (fromSeconds: number, toSeconds: number) => void;
  /** The log has this record, and it was not taken. */
  #expected: RecordId | undefined;
  /** Later ones had been taken by then. */
  #isLate = false;
  /** It has to be the next one. */
  #isNext = false;
  #told: RecordId | undefined;

  /** `tell` hears of lines that were skipped, and cannot be had in order any more. */
  constructor(tell: (fromSeconds: number, toSeconds: number) => void) {
    this.#tell = tell;
  }

  get isExpecting(): boolean {
    return this.#expected !== undefined;
  }

  /** Another stream is opened. */
  clear(): void {
    this.#expected = undefined;
  }

  /**
   * These are the newest records of the log, in its order. Where later ones of them were taken already, the engine has
   * skipped some; else the first one that was not taken has to come.
   */
  expect(newest: readonly RecordId[], isTaken: (record: RecordId) => boolean, ring: RecordRing): void {
    if (this.#expected || newest.length === 0) return;
    const wasTaken = newest.map(isTaken);
    const last = wasTaken.lastIndexOf(true);
    const skipped = wasTaken.indexOf(false, wasTaken.indexOf(true));
    if (skipped >= 0 && skipped < last) this.#tellOnce(newest[skipped], newest[last].seconds);
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
   * What was expected did not come in time. True where opening the log again helps: not while the stream is only behind.
   */
  isOverdue(nowSeconds: number, isSilent: boolean): boolean {
    if (!this.#expected) return false;
    if (!this.#isLate) return isSilent;
    this.#tellOnce(this.#expected, nowSeconds);
    this.#expected = undefined;
    return false;
  }

  #tellOnce(first: RecordId, to: number): void {
    if (this.#told && sameRecord(this.#told, first)) return;
    this.#told = first;
    this.#tell(first.seconds, to);
  }
}
