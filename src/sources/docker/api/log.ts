/**
 * One container's log as the engine serves it: takes each record once, in the order of the log, whatever is served again.
 *
 * A stream of it first has to show where what is known ends (overlap.ts); everything behind is taken. The engine itself
 * repeats records in the middle of a stream when a log rotates: a record that is not later than the newest one, and
 * is among those lately taken, is a repeat. Clocks have nanoseconds and each record is stamped by itself, so two
 * records with one time and one text are one. Only pieces of a line share a time: alike ones that follow each other in an
 * open line are all taken.
 */
import type { Batch } from '../../../pipeline/batch.js';
import { LineFlag } from '../../../pipeline/batch.js';
import type { Pipeline, Position } from '../../../pipeline/contract.js';
import type { Carry } from '../json-file/carry.js';
import { noCounts } from '../json-file/counts.js';
import { PIECE_BYTES } from '../json-file/decode.js';
import type { LogTime } from '../json-file/position.js';
import type { OpenGap } from '../json-file/span.js';
import type { ReaderCounts, StartAt } from '../json-file/types.js';
import { Arrivals } from './arrivals.js';
import type { LineTarget, LineWriter } from './lines.js';
import { OpenLines } from './open-lines.js';
import { Overlaps, type Range, rangeAfter, rangeFrom, startTime } from './opening.js';
import { KNOWN_RECORDS, OverlapSearch } from './overlap.js';
import { Pace } from './pace.js';
import { type ApiPosition, encodeRecords } from './position.js';
import { COVERED_SECONDS, type RecordId, RecordRing, recordHash } from './ring.js';
import type { StreamSink } from './stream.js';
import type { StreamIds } from './stream-ids.js';

/** Lines older than this when a stream is opened were there before. */
const OLD_SECONDS = 10;
/** So much of a stream is read in order before old lines go to catch-up streams. */
const SMALL_BACKLOG = 1024 * 1024;

const SKIPPED = 'the engine skipped lines of a log that rotated fast';

export interface ApiLogParts {
  readonly pipeline: Pipeline;
  readonly key: string;
  readonly streams: StreamIds;
  readonly writer: LineWriter;
  /** Of a log without a position. */
  readonly startAt: StartAt;
  /** The engine may repeat records of this log. */
  readonly mayRepeat: boolean;
  /** A push asked to wait for this. */
  readonly hold: (wait: Promise<void>) => void;
  readonly onGap: (from: number, to: number, why: string) => void;
  readonly onEngineError: (message: string) => void;
  /** Shortest text without a newline that is a piece of a line: Docker's unless told otherwise. */
  readonly pieceBytes?: number;
  /** The engine's last records are others than those of the whole log. */
  readonly isTailOther?: boolean;
}

export class ApiLog implements StreamSink, LineTarget {
  readonly counts: ReaderCounts = noCounts();
  /** Records that the engine served again in the middle of a stream. */
  repeated = 0;
  /** The stream at hand does not reach back to what is known: end it, and open another. */
  isShort = false;
  /** The engine spoke of trouble in the stream at hand: its end says nothing of the log's. */
  hadTrouble = false;
  readonly arrivals: Arrivals;
  readonly #parts: ApiLogParts;
  readonly #pieceBytes: number;
  readonly #lines = new OpenLines();
  readonly #overlaps: Overlaps;
  #ring: RecordRing;
  /** So many of the last records taken stand one behind the other in the log. */
  #linked = Infinity;
  /** While the overlap is looked for the first time: what was served, which may be more than what is known. */
  #passed: RecordRing | undefined;
  #search: OverlapSearch | undefined;
  #repeatedAt = 0;
  /** Where reading begins where nothing is known; undefined: behind what is there. */
  #start: LogTime | undefined;
  #isMarking = false;
  /** The last record is wanted, and so what lies before it. */
  #isBehindMark = false;
  /** A stream fell silent before it had shown what is known: there may be nothing to show. */
  #isInDoubt = false;
  #wasEmpty = false;
  /** What is known cannot be found, only its time counts. */
  #after: LogTime | undefined;
  readonly #pace = new Pace();
  #gap: OpenGap | undefined;
  #last: Uint32Array | undefined;
  /** Time of the last record taken. */
  #seconds = 0;
  #nanos = 0;
  /** Time of the last record of the stream at hand. */
  #servedSeconds = 0;
  #servedNanos = 0;
  #isHeld = false;
  #oldBefore = 0;
  #streamBytes = 0;

  constructor(parts: ApiLogParts) {
    this.#parts = parts;
    this.#pieceBytes = parts.pieceBytes ?? PIECE_BYTES;
    this.#ring = new RecordRing(parts.mayRepeat);
    this.#overlaps = new Overlaps(parts.mayRepeat, parts.isTailOther);
    const { onGap } = parts;
    this.arrivals = new Arrivals((from, to) => onGap(from, to, SKIPPED));
    this.#start = startTime(parts.startAt, Date.now());
    this.#isMarking = !this.#start || (this.#start.seconds > 0 && !parts.isTailOther);
  }

  /** Goes on behind a saved position of this transport. Before the first `begin`. */
  resume({ seconds, nanos, known, out, err, last }: ApiPosition): void {
    this.resumeAfter({ seconds, nanos });
    // In front of a line that is open there may be nothing; behind it there is something.
    if (known.length > 0 || last) this.#isMarking = false;
    if (known.length > 0) {
      this.#after = undefined;
      this.#addKnown(known);
    }
    this.#last = last;
    this.#lines.skip(out, err);
  }

  /** Goes on behind a time, where nothing else is known. Before the first `begin`. */
  resumeAfter(time: LogTime): void {
    this.#goOnBehind(time);
    this.#seconds = time.seconds;
    this.#nanos = time.nanos;
  }

  /** The engine may repeat records of this log, or skip some: it rotates. */
  get mayRepeat(): boolean {
    return this.#parts.mayRepeat;
  }

  /** Records taken in this run. */
  get taken(): number {
    return this.#lines.taken;
  }

  /** The stream at hand has shown where what is known ends, or did not have to. */
  get isFound(): boolean {
    return this.#search === undefined;
  }

  get isCatchingUp(): boolean {
    return this.#oldBefore > 0 && this.#streamBytes > SMALL_BACKLOG;
  }

  /** A stream is opened, at `nowMs` since 1970: what to ask for. */
  begin(nowMs: number): Range {
    this.isShort = false;
    this.#search = undefined;
    this.#streamBytes = 0;
    this.#oldBefore = Math.floor(nowMs / 1000) - OLD_SECONDS;
    this.#repeatedAt = 0;
    this.hadTrouble = false;
    this.arrivals.clear();
    if (this.#isMarking) return { tail: 1 };
    if (this.#after) return rangeAfter(this.#after);
    if (this.#ring.length === 0) {
      return this.#start && this.#start.seconds > 0 ? rangeFrom(this.#start) : {};
    }
    this.#overlaps.expect(this.#pace.missed(nowMs));
    if (this.#pace.quietMs(nowMs) > COVERED_SECONDS * 1000) this.#ring.trim();
    const known = this.#lastKnown();
    this.#search = new OverlapSearch(known, this.#overlaps.tail);
    this.#passed = this.#overlaps.isFirst ? new RecordRing(this.#parts.mayRepeat) : undefined;
    return this.#overlaps.range({
      seconds: known[known.length - 3],
      nanos: known[known.length - 2],
    });
  }

  /** Only what is there now is wanted of the next stream: its end says what is not. */
  get isAsking(): boolean {
    return this.#isMarking || this.#isInDoubt;
  }

  /** When its last record was asked for there was none: nothing has to be looked for in it. */
  get wasEmpty(): boolean {
    return this.#wasEmpty;
  }

  /** The stream ended, at `nowMs`. `isComplete`: by the engine's will, all that it had was served. */
  end(isComplete: boolean, nowMs = Date.now()): void {
    this.#flush();
    this.#pace.end(nowMs, this.taken, this.#ring.rate);
    const isAll = isComplete && !this.hadTrouble;
    if (isAll) this.#isInDoubt = false;
    if (this.#isMarking) {
      if (!isAll) return;
      this.#isMarking = false;
      if (this.#isBehindMark) return;
      this.#wasEmpty = this.#ring.length === 0;
      this.#start = { seconds: 0, nanos: 0 };
      this.#savePosition();
      return;
    }
    if (!this.#search) return;
    if (this.#search.isBroken) this.#tellSkipped();
    else if (this.isShort || (isAll && !this.#search.servedAll)) this.#overlaps.grow();
    else if (isAll) this.#goOnByTime();
  }

  /** The stream at hand has fallen silent and has not shown what is known. The next one reaches further back. */
  giveUp(): void {
    this.#isInDoubt = true;
    if (this.#overlaps.tail === undefined) this.#goOnByTime();
    else this.#overlaps.grow();
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
    this.#servedSeconds = seconds;
    this.#servedNanos = nanos;
    return this.#serve(buf, start, end, endsLine, isStderr, seconds, nanos, 0);
  }

  malformed(buf: Buffer, start: number, end: number, isStderr: boolean): boolean {
    // It gets the time of the record before.
    const { malformed } = LineFlag;
    return this.#serve(buf, start, end, true, isStderr, this.#servedSeconds, this.#servedNanos, malformed);
  }

  engineError(message: string): void {
    this.hadTrouble = true;
    this.#parts.onEngineError(message);
  }

  drained(): boolean {
    this.#flush();
    this.#isHeld = false;
    return !this.isShort;
  }

  /** The container does not run and all was read: a line that is open has no more pieces. */
  endOutput(): void {
    this.#endOpenLines(0);
  }

  /** The container is gone and all was read: forgets its position. */
  forget(): void {
    this.#endOpenLines(LineFlag.incomplete);
    this.#parts.pipeline.setPosition(this.#parts.key, undefined);
  }

  /** Seconds since 1970 of the last record; 0 where none is known. */
  get seconds(): number {
    return this.#seconds;
  }

  /** These are the newest records of the log: the stream at hand has to bring them. */
  expect(newest: readonly RecordId[]): void {
    const isTaken = ({ seconds, nanos, hash }: RecordId): boolean => this.#isTaken(seconds, nanos, hash);
    this.arrivals.expect(newest, isTaken, this.#ring);
  }

  push(batch: Batch): void {
    const { pipeline, key, hold, onGap } = this.#parts;
    if (this.#gap) {
      onGap(this.#gap.fromSeconds, batch.seconds[0], this.#gap.why);
      this.#gap = undefined;
    }
    const origin = { key, from: this.counts.bytesRead, to: this.counts.bytesRead };
    const wait = pipeline.push(batch, key, this.#position(), origin);
    if (!wait) return;
    this.#isHeld = true;
    hold(wait);
  }

  /** The next record of the stream at hand. False asks to stop behind it. */
  #serve(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
    flags: number,
  ): boolean {
    this.counts.bytesRead += end - start;
    this.#streamBytes += end - start;
    const hash = recordHash(buf, start, end, endsLine, isStderr);
    if (this.#isMarking) {
      this.#isBehindMark = !this.#isBefore(seconds, nanos);
      if (!this.#isBehindMark) this.#remember(seconds, nanos, hash);
      return true;
    }
    if (this.#search && !this.#isNew(this.#search, seconds, nanos, hash)) return !this.isShort;
    if (
      this.#parts.mayRepeat &&
      flags === 0 &&
      !this.#goesOnAlike(buf, start, end, endsLine, isStderr, seconds, nanos, hash) &&
      this.#isRepeated(seconds, nanos, hash)
    )
      return true;
    if (!this.arrivals.admits(seconds, nanos, hash)) {
      this.isShort = true;
      return false;
    }
    if (seconds >= this.#oldBefore) this.#oldBefore = 0;
    const { writer } = this.#parts;
    const carry = this.#lines.of(isStderr);
    const isPiece = !endsLine && end - start >= this.#pieceBytes;
    // The position of the lines before must not cover this record.
    if (writer.isFull) this.#flush();
    const isDone = this.#lines.isDone(isStderr);
    if (isPiece && !isDone && !carry.isOpen) this.#lines.open(isStderr, this.#known(), seconds, nanos);
    this.#remember(seconds, nanos, hash);
    this.#lines.take(isStderr);
    if (isDone) return true;
    if (flags !== 0) {
      this.counts.malformed++;
      if (carry.isOpen) this.#endOpenLine(carry, LineFlag.incomplete);
    }
    if (carry.isOpen) {
      carry.append(buf, start, end, writer.maxLineBytes);
      if (!isPiece) this.#endOpenLine(carry, 0);
    } else {
      const stream = this.#stream(isStderr, seconds);
      writer.add(buf, start, end, stream, seconds, nanos, flags, this);
    }
    return !this.#isHeld;
  }

  /** Whether a record that is served while the overlap is looked for lies behind it. */
  #isNew(search: OverlapSearch, seconds: number, nanos: number, hash: number): boolean {
    const found = search.next(seconds, nanos, hash);
    if (found === 'seek' || found === 'known') this.#passed?.add(seconds, nanos, hash);
    if (found === 'known' || found === 'new') this.#found();
    if (found === 'short' || (found === 'lost' && this.#lose())) this.isShort = true;
    return found === 'new' || (found === 'lost' && !this.isShort);
  }

  #found(): void {
    this.#search = undefined;
    this.#overlaps.found();
    if (this.#passed && this.#passed.length > this.#ring.length) this.#ring = this.#passed;
    this.#passed = undefined;
  }

  /** What is known is not in the log any more. True where there is something else to look for. */
  #lose(): boolean {
    this.#search = undefined;
    this.#overlaps.lost();
    this.#lines.skip(0, 0);
    if (this.#last) {
      // Only the beginning of a line that was open is gone.
      this.#gap = { fromSeconds: this.#seconds, why: 'the beginning of a long line was removed' };
      this.#ring = new RecordRing(this.#parts.mayRepeat);
      this.#addKnown(this.#last);
      this.#last = undefined;
      return true;
    }
    this.#gap = { fromSeconds: this.#seconds, why: 'the engine removed lines before they could be read' };
    this.#endOpenLines(LineFlag.incomplete);
    // What comes next does not stand behind it.
    this.#linked = 0;
    return false;
  }

  /** Whether a record of the log was taken, or is not wanted. */
  #isTaken(seconds: number, nanos: number, hash: number): boolean {
    return this.#ring.length > 0 ? this.#ring.find(seconds, nanos, hash) > 0 : this.#isBefore(seconds, nanos);
  }

  /** Where nothing but a time is known: a record of this time lies before. */
  #isBefore(seconds: number, nanos: number): boolean {
    const from = this.#after ?? this.#start;
    return !from || seconds < from.seconds || (seconds === from.seconds && nanos <= from.nanos);
  }

  /** The engine skipped records before the last known one, some stream before: that one alone shows where to go on. */
  #tellSkipped(): void {
    if (this.#linked === 1) return this.#goOnByTime();
    const [from] = this.#lastKnown();
    this.#linked = 1;
    this.#parts.onGap(from, this.#seconds, SKIPPED);
  }

  #goOnByTime(): void {
    if (!this.#lose()) this.#goOnBehind({ seconds: this.#seconds, nanos: this.#nanos });
  }

  /** Nothing but this time is known. The last record tells whether anything lies behind it, at no cost. */
  #goOnBehind(time: LogTime): void {
    this.#after = time;
    this.#ring = new RecordRing(this.#parts.mayRepeat);
    this.#isMarking = !this.#parts.isTailOther;
  }

  /** The next piece of a line that is the same over and over: a repeat of one such piece alone cannot be told from it. */
  #goesOnAlike(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
    hash: number,
  ): boolean {
    if (endsLine || end - start < this.#pieceBytes || this.#repeatedAt > 1) return false;
    if (!this.#lines.of(isStderr).isOpen || !this.#ring.isAt(1, seconds, nanos, hash)) return false;
    const middle = start + ((end - start) >> 1);
    return buf.compare(buf, start, middle, middle, middle + (middle - start)) === 0;
  }

  #isRepeated(seconds: number, nanos: number, hash: number): boolean {
    if (this.#repeatedAt > 1 && this.#ring.isAt(this.#repeatedAt - 1, seconds, nanos, hash)) {
      this.#repeatedAt--;
    } else {
      if (this.#ring.isLater(seconds, nanos)) return false;
      this.#repeatedAt = this.#ring.find(seconds, nanos, hash);
    }
    if (this.#repeatedAt === 0) return false;
    this.repeated++;
    return true;
  }

  #remember(seconds: number, nanos: number, hash: number): void {
    this.#ring.add(seconds, nanos, hash);
    this.#linked++;
    this.#repeatedAt = 0;
    this.#wasEmpty = false;
    this.#after = undefined;
    this.#seconds = seconds;
    this.#nanos = nanos;
  }

  #addKnown(records: Uint32Array): void {
    for (let i = 0; i < records.length; i += 3) this.#ring.add(records[i], records[i + 1], records[i + 2]);
  }

  #endOpenLine(carry: Carry<unknown>, flags: number): void {
    const stream = this.#stream(this.#lines.isStderr(carry), carry.seconds);
    this.#parts.writer.endOpenLine(carry, stream, flags, this);
  }

  #endOpenLines(flags: number): void {
    for (const carry of this.#lines.all) if (carry.isOpen) this.#endOpenLine(carry, flags);
  }

  #stream(isStderr: boolean, seconds: number): number {
    return this.#parts.streams.of(isStderr, seconds < this.#oldBefore && this.#streamBytes > SMALL_BACKLOG);
  }

  #flush(): void {
    this.#parts.writer.flush(this);
  }

  #savePosition(): void {
    this.#parts.pipeline.setPosition(this.#parts.key, this.#position());
  }

  #position(): Position {
    return this.#lines.position(this.#known(), { seconds: this.#seconds, nanos: this.#nanos });
  }

  #lastKnown(): Uint32Array {
    return this.#ring.last(Math.min(KNOWN_RECORDS, this.#linked));
  }

  #known(): string {
    return encodeRecords(this.#lastKnown());
  }
}
