/**
 * The lines of one container that have pieces and no end yet, one of stdout and one of stderr. A position in the middle of
 * one lies in front of the older one's first piece, and says how many records of each stream behind it are done.
 */
import type { Position } from '../../../pipeline/contract.js';
import { Carry } from '../json-file/carry.js';
import type { LogTime } from '../json-file/position.js';
import type { KnownPosition } from './position.js';

/** The place in front of an open line, for a restart to go on from. */
interface Begun {
  readonly record: number;
  readonly known: KnownPosition;
  readonly out: number;
  readonly err: number;
}

export class OpenLines {
  readonly #out = new Carry<Begun>();
  readonly #err = new Carry<Begun>();
  /** Records of each stream that come again although they are done. */
  #skipOut = 0;
  #skipErr = 0;
  #takenOut = 0;
  #takenErr = 0;

  get all(): readonly Carry<Begun>[] {
    return [this.#out, this.#err];
  }

  /** Open or not. */
  of(isStderr: boolean): Carry<Begun> {
    return isStderr ? this.#err : this.#out;
  }

  isStderr(carry: Carry<unknown>): boolean {
    return carry === this.#err;
  }

  /** Records taken in this run. */
  get taken(): number {
    return this.#takenOut + this.#takenErr;
  }

  /** So many of the next records of each stream are done. */
  skip(out: number, err: number): void {
    this.#skipOut = out;
    this.#skipErr = err;
  }

  /** Whether the stream's next record is done. */
  isDone(isStderr: boolean): boolean {
    return (isStderr ? this.#skipErr : this.#skipOut) > 0;
  }

  /** The stream's next record, which is not taken yet, begins a line. `known`: the records before it. */
  open(isStderr: boolean, known: KnownPosition, seconds: number, nanos: number): void {
    const begun = { record: this.taken, known, out: this.#takenOut, err: this.#takenErr };
    this.of(isStderr).open(begun, 0, seconds, nanos);
  }

  /** The stream's next record is taken. */
  take(isStderr: boolean): void {
    if (isStderr) {
      this.#takenErr++;
      if (this.#skipErr > 0) this.#skipErr--;
    } else {
      this.#takenOut++;
      if (this.#skipOut > 0) this.#skipOut--;
    }
  }

  /** Where a restart goes on. `known`: the last records taken, `time`: the last one's. */
  position(known: KnownPosition, { seconds, nanos }: LogTime): Position {
    const carry = this.#older();
    const begun = carry?.mark;
    if (!carry || !begun) {
      const done = { transport: 'api', seconds, nanos, ...known };
      return this.#skipOut + this.#skipErr > 0 ? { ...done, out: this.#skipOut, err: this.#skipErr } : done;
    }
    const before = carry.nanos > 0 ? [carry.seconds, carry.nanos - 1] : [carry.seconds - 1, 999_999_999];
    return {
      transport: 'api',
      seconds: before[0],
      nanos: before[1],
      ...begun.known,
      out: (this.#out.mark?.out ?? this.#takenOut) - begun.out + this.#skipOut,
      err: (this.#err.mark?.err ?? this.#takenErr) - begun.err + this.#skipErr,
      last: known.known,
    };
  }

  #older(): Carry<Begun> | undefined {
    const { mark: out } = this.#out;
    const { mark: err } = this.#err;
    if (out && err) return out.record < err.record ? this.#out : this.#err;
    return out ? this.#out : err ? this.#err : undefined;
  }
}
