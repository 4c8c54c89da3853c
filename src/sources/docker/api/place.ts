/**
 * Where reading of one container's log goes on: what is known of its last records, which part of it to ask for next, and
 * which of the records that are served then are new.
 *
 * A stream first has to show where what is known ends (overlap.ts); everything behind is new. The engine itself repeats
 * records in the middle of a stream when a log rotates: a record that is not later than the newest one, and is
 * among those lately taken, is a repeat. Clocks have nanoseconds and each record is stamped by itself, so two records of
 * such a log with one time and one text are one. It may leave records out as well: verification.ts finds those.
 */
import type { LogTime } from '../json-file/position.js';
import type { StartAt } from '../json-file/types.js';
import { Overlaps, type Range, rangeAfter, rangeFrom, startTime } from './opening.js';
import { type Found, KNOWN_RECORDS, OverlapSearch } from './overlap.js';
import { Pace } from './pace.js';
import { type ApiPosition, encodeBehind, encodeRecords, type KnownPosition } from './position.js';
import type { Behind } from './recount.js';
import { COVERED_SECONDS, type Inserted, type RecordId, RecordRing } from './ring.js';
import { type Findings, Verification } from './verification.js';

export interface PlaceParts {
  /** Of a log without a position. */
  readonly startAt: StartAt;
  /** The engine may repeat records of this log, or leave some out. */
  readonly mayRepeat: boolean;
  /** The engine's last records are others than those of the whole log. */
  readonly isTailOther?: boolean;
  /** What is known is not in the log any more; or only the beginning of the line that is open is not. */
  readonly onLost: (isBeginning: boolean) => void;
}

export class LogPlace {
  readonly #parts: PlaceParts;
  readonly #overlaps: Overlaps;
  #ring: RecordRing;
  #verified: RecordId | undefined;
  /** Records that were left out are taken, and not in the ring yet. */
  #added = { count: 0, sum: 0 };
  /** What a run before took behind its verified place; until the first overlap is found. */
  #behind: Behind | undefined;
  /** So many of the last records taken stand one behind the other in the log. */
  #linked = Infinity;
  /** While the overlap is looked for the first time: what was served, which may be more than what is known. */
  #passed: RecordRing | undefined;
  #search: OverlapSearch | undefined;
  #repeatedAt = 0;
  /** Where reading begins where nothing is known; undefined: behind what is there. */
  #start: LogTime | undefined;
  /** Every record of the log is wanted: nothing may be missing before the first one that is taken. */
  #isFromBeginning: boolean;
  #isMarking = false;
  /** The last record is wanted, and so what lies before it. */
  #isBehindMark = false;
  /** A stream fell silent before it had shown what is known: there may be nothing to show. */
  #isInDoubt = false;
  #wasEmpty = false;
  /** What is known cannot be found, only its time counts. */
  #after: LogTime | undefined;
  readonly #pace = new Pace();
  /** The last records taken, where those before an open line are what is known. */
  #last: Uint32Array | undefined;
  /** Time of the last record taken. */
  #seconds = 0;
  #nanos = 0;

  constructor(parts: PlaceParts) {
    this.#parts = parts;
    this.#ring = new RecordRing(parts.mayRepeat);
    this.#overlaps = new Overlaps(parts.mayRepeat, parts.isTailOther);
    this.#start = startTime(parts.startAt, Date.now());
    this.#isFromBeginning = this.#start?.seconds === 0;
    this.#isMarking = !this.#start || (this.#start.seconds > 0 && !parts.isTailOther);
  }

  /** Goes on behind a saved position of this transport. Before the first `begin`. */
  resume({ seconds, nanos, known, behind, last }: ApiPosition): void {
    this.resumeAfter({ seconds, nanos });
    // In front of a line that is open there may be nothing; behind it there is something.
    if (known.length > 0 || last) this.#isMarking = false;
    if (known.length > 0) {
      this.#after = undefined;
      this.#addKnown(known);
    }
    this.#last = last;
    this.#behind = this.canVerify ? behind : undefined;
  }

  /** Goes on behind a time, where nothing else is known. Before the first `begin`. */
  resumeAfter(time: LogTime): void {
    this.#goOnBehind(time);
    this.#seconds = time.seconds;
    this.#nanos = time.nanos;
  }

  get ring(): RecordRing {
    return this.#ring;
  }

  /** What was taken can be compared with what the engine has, and has to be. */
  get canVerify(): boolean {
    return this.#parts.mayRepeat && !this.#parts.isTailOther;
  }

  /** The stream at hand has shown where what is known ends, or did not have to. */
  get isFound(): boolean {
    return this.#search === undefined;
  }

  /** Only what is there now is wanted of the next stream: its end says what is not. */
  get isAsking(): boolean {
    return this.#isMarking || this.#isInDoubt;
  }

  get isMarking(): boolean {
    return this.#isMarking;
  }

  /** When its last record was asked for there was none: nothing has to be looked for in it. */
  get wasEmpty(): boolean {
    return this.#wasEmpty;
  }

  /** Of the last record taken, since 1970; 0 where none is known. */
  get seconds(): number {
    return this.#seconds;
  }

  get nanos(): number {
    return this.#nanos;
  }

  /** Of the last record before which nothing is missing, as far as that is known; undefined where none is. */
  get verifiedTime(): LogTime | undefined {
    if (this.#behind) return this.#behind.place;
    if (this.canVerify && this.#ring.unverified > 0) return this.#verified;
    return this.#seconds > 0 ? { seconds: this.#seconds, nanos: this.#nanos } : undefined;
  }

  /** The last record taken and up to 15 before it, which stand one behind the other in the log: as positions hold them. */
  get known(): KnownPosition {
    const known = encodeRecords(this.#lastKnown());
    const behind = this.#takenBehind;
    return behind ? { known, behind: encodeBehind(behind) } : { known };
  }

  /** What a run before took behind its verified place, and what is to be found out while the overlap is looked for. */
  get behind(): Behind | undefined {
    return this.#behind;
  }

  /** A stream is opened, at `nowMs` since 1970: what to ask for. */
  begin(nowMs: number): Range {
    this.#search = undefined;
    this.#repeatedAt = 0;
    if (this.#isMarking) return { tail: 1 };
    if (this.#after) return rangeAfter(this.#after);
    if (this.#ring.length === 0) {
      return this.#start && this.#start.seconds > 0 ? rangeFrom(this.#start) : {};
    }
    const taken = this.#behind ? this.#behind.count + KNOWN_RECORDS : this.#ring.unverified;
    this.#overlaps.expect(this.#pace.missed(nowMs), this.canVerify ? taken : 0);
    if (this.#pace.quietMs(nowMs) > COVERED_SECONDS * 1000) this.#ring.trim();
    const known = this.#lastKnown();
    const isWhole = this.#behind !== undefined && !this.#behind.place;
    this.#search = new OverlapSearch(known, isWhole ? undefined : this.#overlaps.tail);
    this.#passed = this.#overlaps.isFirst ? new RecordRing(this.#parts.mayRepeat) : undefined;
    if (isWhole) return {};
    return this.#overlaps.range({
      seconds: known[known.length - 3],
      nanos: known[known.length - 2],
    });
  }

  /** A record of a stream that is only to show where the log ends. */
  mark(seconds: number, nanos: number, hash: number): void {
    this.#isBehindMark = !this.#isBefore(seconds, nanos);
    if (this.#isBehindMark) return;
    this.remember(seconds, nanos, hash);
    this.verifyAll();
  }

  /**
   * A record that is served while the overlap is looked for. `short`: the log is to be opened again. `isFar`: what was
   * served reaches back far enough, if that is where the overlap is.
   */
  seek(seconds: number, nanos: number, hash: number, isFar: boolean): Found {
    const found = this.#search?.next(seconds, nanos, hash) ?? 'new';
    if (found === 'known' && !isFar && this.#overlaps.tail !== undefined) return 'short';
    if (found === 'seek' || found === 'known') this.#passed?.add(seconds, nanos, hash);
    if (found === 'known' || found === 'new') this.#search = undefined;
    return found === 'lost' && this.#lose() ? 'short' : found;
  }

  /** An answer of the engine is to be compared with what was taken. */
  compare(): Verification {
    return new Verification(this.#ring);
  }

  /** The overlap was found. `isVerified`: what was served before it misses nothing, or is known with what was missed. */
  found(isVerified: boolean): void {
    this.#overlaps.found();
    this.#behind = undefined;
    this.#added = { count: 0, sum: 0 };
    if (this.#passed && this.#passed.length > this.#ring.length && isVerified) {
      this.#ring = this.#passed;
      this.#verifyUpTo(1);
    }
    this.#passed = undefined;
  }

  /** The engine served a record in the middle of a stream that was taken before. */
  isRepeated(seconds: number, nanos: number, hash: number): boolean {
    if (this.#repeatedAt > 1 && this.#ring.isAt(this.#repeatedAt - 1, seconds, nanos, hash)) {
      this.#repeatedAt--;
    } else {
      if (this.#ring.isLater(seconds, nanos)) return false;
      this.#repeatedAt = this.#ring.find(seconds, nanos, hash);
    }
    return this.#repeatedAt !== 0;
  }

  /** Records that were taken before are being repeated. */
  get isInRepeat(): boolean {
    return this.#repeatedAt > 1;
  }

  /** The next record is taken. */
  remember(seconds: number, nanos: number, hash: number): void {
    this.#ring.add(seconds, nanos, hash);
    if (this.#ring.newest === 1 && !this.#isFromBeginning) this.verifyAll();
    this.#linked++;
    this.#repeatedAt = 0;
    this.#wasEmpty = false;
    this.#after = undefined;
    this.#seconds = seconds;
    this.#nanos = nanos;
  }

  /** The record is as good as taken, and what stands before it in the log will not be had. */
  skipTo({ seconds, nanos, hash }: RecordId): void {
    this.#linked = 0;
    this.remember(seconds, nanos, hash);
    this.verifyAll();
  }

  /** It was in the log when the stream was opened: an engine leaves nothing of that out. */
  trust(): void {
    if (this.#ring.unverified === 1) this.#verifyUpTo(1);
  }

  /** What was taken was compared with what the engine has. */
  verify({ missed, back }: Findings): void {
    this.insert(missed);
    // None of them is there any more: what is stands behind them all.
    this.#verifyUpTo(Math.max(1, back));
  }

  /** Records that were left out are taken; to be followed by `insert` or `verify`. */
  add(count: number, sum: number): void {
    this.#added = { count: this.#added.count + count, sum: (this.#added.sum + sum) >>> 0 };
  }

  insert(missed: readonly Inserted[]): void {
    this.#added = { count: 0, sum: 0 };
    if (missed.length === 0) return;
    this.#ring.insert(missed);
    this.#linked = Infinity;
  }

  /** All that was taken stands as it was in the log. */
  verifyAll(): void {
    if (this.#ring.unverified > 0) this.#verifyUpTo(1);
  }

  /** Whether a record of the log was taken, or is not wanted. */
  isTaken({ seconds, nanos, hash }: RecordId): boolean {
    return this.#ring.length > 0 ? this.#ring.find(seconds, nanos, hash) > 0 : this.#isBefore(seconds, nanos);
  }

  /** The stream ended, at `nowMs`; `taken` records were, in all. `isAll`: what the engine had was served. True where the place has moved. */
  end(isAll: boolean, isShort: boolean, nowMs: number, taken: number): boolean {
    this.#pace.end(nowMs, taken, this.#ring.rate);
    if (isAll) this.#isInDoubt = false;
    if (this.#isMarking) {
      if (!isAll) return false;
      this.#isMarking = false;
      if (this.#isBehindMark) return false;
      this.#wasEmpty = this.#ring.length === 0;
      this.#start = { seconds: 0, nanos: 0 };
      this.#isFromBeginning = this.#wasEmpty;
      return true;
    }
    if (!this.#search) return false;
    if (this.#search.isBroken) this.#unlink();
    else if (isShort || (isAll && !this.#search.servedAll)) this.#overlaps.grow();
    else if (isAll) this.#goOnByTime();
    return false;
  }

  /** The stream at hand has fallen silent and has not shown what is known. The next one reaches further back. */
  giveUp(): void {
    this.#isInDoubt = true;
    if (this.#overlaps.tail === undefined) this.#goOnByTime();
    else this.#overlaps.grow();
  }

  /** Records are missing before the last known one: that one alone shows where to go on. */
  #unlink(): void {
    if (this.#linked === 1) this.#goOnByTime();
    else this.#linked = 1;
  }

  /** What is known is not in the log any more. True where there is something else to look for. */
  #lose(): boolean {
    this.#search = undefined;
    this.#overlaps.lost();
    const last = this.#last;
    this.#parts.onLost(last !== undefined);
    this.#behind = undefined;
    if (last) {
      this.#ring = new RecordRing(this.#parts.mayRepeat);
      this.#addKnown(last);
      this.#last = undefined;
      return true;
    }
    // What comes next does not stand behind it.
    this.#linked = 0;
    this.verifyAll();
    return false;
  }

  #goOnByTime(): void {
    if (!this.#lose()) this.#goOnBehind({ seconds: this.#seconds, nanos: this.#nanos });
  }

  /** Nothing but this time is known. The last record tells whether anything lies behind it, at no cost. */
  #goOnBehind(time: LogTime): void {
    this.#after = time;
    this.#isFromBeginning = false;
    this.#ring = new RecordRing(this.#parts.mayRepeat);
    this.#isMarking = !this.#parts.isTailOther;
  }

  /** Where nothing but a time is known: a record of this time lies before. */
  #isBefore(seconds: number, nanos: number): boolean {
    const from = this.#after ?? this.#start;
    return !from || seconds < from.seconds || (seconds === from.seconds && nanos <= from.nanos);
  }

  #addKnown(records: Uint32Array): void {
    for (let i = 0; i < records.length; i += 3) this.#ring.add(records[i], records[i + 1], records[i + 2]);
    this.verifyAll();
  }

  #verifyUpTo(back: number): void {
    this.#ring.verified = this.#ring.newest - back + 1;
    this.#verified = this.#ring.at(back);
  }

  get #takenBehind(): Behind | undefined {
    if (!this.canVerify) return undefined;
    const { count, sum } = this.#added;
    const behind = this.#behind;
    if (behind) return { ...behind, count: behind.count + count, sum: (behind.sum + sum) >>> 0 };
    const { unverified, length, sum: taken } = this.#ring;
    if (unverified === 0 || unverified > length) return undefined;
    return { place: this.#verified, count: unverified + count, sum: (taken + sum) >>> 0 };
  }

  #lastKnown(): Uint32Array {
    return this.#ring.last(Math.min(KNOWN_RECORDS, this.#linked));
  }
}
