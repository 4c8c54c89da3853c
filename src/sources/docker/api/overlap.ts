/**
 * Finds the place in a reopened log at which what is known ends: the last of the known records, with as many of them
 * before it as are served. Bit j of `#matches` says that the last served record is known[j] and that all before
 * it, as far as they were served, are known[j - 1], known[j - 2] … (the shift-and search).
 *
 * Equal records make several places possible. Where the served part begins within the known ones, that is settled by
 * asking for more; where no more is to be had, by the most records that can be known, as an engine does not lose any.
 *
 * An engine may skip records in a stream. Then the known ones do not stand one behind the other in the log, and no place
 * fits: the last of them is there, behind another record than was served before it.
 */

/** At most this many known records are compared; bits of an integer. */
export const KNOWN_RECORDS = 16;

/**
 * `seek`: not yet. `known`: this record is the last known one, what follows is new. `new`: this one is new itself.
 * `short`: the log must be opened further back. `lost`: what is known is not there any more, this record is new.
 */
export type Found = 'seek' | 'known' | 'new' | 'short' | 'lost';

export class OverlapSearch {
  readonly #known: Uint32Array;
  readonly #length: number;
  readonly #tail: number | undefined;
  #matches = 0;
  #served = 0;
  /** The record before may have been the last known one. */
  #wasPossible = false;
  #isBroken = false;

  /**
   * `known`: seconds, nanoseconds and hash of each, at least one and at most KNOWN_RECORDS. `tail`: how many records were
   * asked for at most; undefined where it was everything from the last known time on.
   */
  constructor(known: Uint32Array, tail: number | undefined) {
    this.#known = known;
    this.#length = known.length / 3;
    this.#tail = tail;
  }

  /** Whether the served part is the whole log as it is now, when it has ended without an answer. */
  get servedAll(): boolean {
    return this.#tail === undefined || this.#served < this.#tail;
  }

  /** The last known record was served behind another one than is known, and the place was not found elsewhere. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The next served record. After `known`, `new` and `lost` the search is over. */
  next(seconds: number, nanos: number, hash: number): Found {
    const length = this.#length;
    const everywhere = (1 << length) - 1;
    const begin = this.#served++ === 0 ? everywhere : 1;
    const equal = this.#equal(seconds, nanos, hash);
    this.#matches = ((this.#matches << 1) | begin) & equal;
    const last = 1 << (length - 1);
    if ((equal & last) !== 0) {
      this.#isBroken = (this.#matches & last) === 0;
      // Everything from its time on is served: it is there for certain, and nothing else can tell more.
      if (this.#isBroken && this.#tail === undefined) this.#wasPossible = true;
    }
    if ((this.#matches & last) !== 0) {
      if (this.#served >= length || this.#matches === last) return 'known';
      if (this.#tail !== undefined) return 'short';
      this.#wasPossible = true;
      return 'seek';
    }
    if (this.#wasPossible && (equal & last) === 0) return 'new';
    if (this.#served === 1 && this.#matches === 0 && this.#isNewer(seconds, nanos))
      return this.#tail === undefined ? 'lost' : 'short';
    return this.#tail !== undefined && this.#served >= this.#tail ? 'short' : 'seek';
  }

  #equal(seconds: number, nanos: number, hash: number): number {
    const known = this.#known;
    let bits = 0;
    for (let j = 0; j < this.#length; j++) {
      if (known[j * 3] === seconds && known[j * 3 + 1] === nanos && known[j * 3 + 2] === hash) bits |= 1 << j;
    }
    return bits;
  }

  /** Later than every known record. */
  #isNewer(seconds: number, nanos: number): boolean {
    const known = this.#known;
    for (let j = 0; j < known.length; j += 3) {
      if (seconds < known[j] || (seconds === known[j] && nanos <= known[j + 1])) return false;
    }
    return true;
  }
}
