/**
 * One container's log as the engine serves it: takes each record once, whatever is served again, and makes lines of them.
 *
 * place.ts says which records are new. They are taken in the order of the log, but for those that the engine left out: they
 * are taken when verification.ts has found them, late, with their own times.
 *
 * Only pieces of a line share a time: alike ones that follow each other in an open line are all taken. Where a record with
 * another time comes in the middle of a line, the engine has left out the rest of it: the log is opened again.
 */
import type { Batch } from '../../../pipeline/batch.js';
import { LineFlag } from '../../../pipeline/batch.js';
import type { Pipeline, Position } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import { type LineTime, timeOfMs } from '../../../pipeline/line-time.js';
import type { Carry } from '../json-file/carry.js';
import { noCounts } from '../json-file/counts.js';
import { PIECE_BYTES } from '../json-file/decode.js';
import type { ReaderCounts } from '../json-file/types.js';
import type { StreamIds } from '../stream-ids.js';
import { Arrivals } from './arrivals.js';
import { Comparison } from './comparison.js';
import type { LineTarget, LineWriter } from './lines.js';
import { missedLines } from './missed-lines.js';
import { OpenLines } from './open-lines.js';
import type { Range } from './opening.js';
import { LogPlace, type PlaceParts } from './place.js';
import type { ApiPosition } from './position.js';
import { type RecordId, recordHash, sameRecord } from './ring.js';
import type { StreamSink } from './stream.js';
import type { Missed, Verification } from './verification.js';

/** Lines older than this when a stream is opened were there before. */
const OLD_SECONDS = 10;
/** So much of a stream is read in order before old lines go to catch-up streams. */
const SMALL_BACKLOG = 1024 * 1024;

/** A byte of text, and what stands around it, have no more bytes in a json-file. */
const MOST_ESCAPED = 6;
const MOST_AROUND_TEXT = 512;
const UNSERVED = 'a record of the log is damaged, and the engine does not read on behind it';
const HIDDEN = 'the log rotated before it could be seen whether the engine had served all of it';

export interface ApiLogParts extends Omit<PlaceParts, 'onLost'> {
  readonly pipeline: Pipeline;
  readonly key: string;
  readonly streams: StreamIds;
  readonly writer: LineWriter;
  /** A push asked to wait for this. */
  readonly hold: (wait: Promise<void>) => void;
  /** Told in one step with what is pushed behind it. */
  readonly onGap: (gap: SourceGap) => void;
  /** Lines that the engine had left out are delivered late. */
  readonly onMissed: (lines: number, from: LineTime, to: LineTime) => void;
  readonly onEngineError: (message: string) => void;
  /** Shortest text without a newline that is a piece of a line: Docker's unless told otherwise. */
  readonly pieceBytes?: number;
  /** The engine keeps nothing of a file that it has replaced. */
  readonly keepsOneFile?: boolean;
  /** How large a file of the log gets before the engine begins another one. */
  readonly maxSizeBytes?: number | undefined;
}

export class ApiLog implements StreamSink, LineTarget {
  readonly counts: ReaderCounts = noCounts();
  ended = 0;
  /** Records that the engine served again in the middle of a stream. */
  repeated = 0;
  /** The stream at hand does not reach back to what is known: end it, and open another. */
  isShort = false;
  /** The engine spoke of trouble in the stream at hand: its end says nothing of the log's. */
  hadTrouble = false;
  readonly arrivals = new Arrivals();
  readonly #parts: ApiLogParts;
  readonly #pieceBytes: number;
  readonly #lines = new OpenLines();
  readonly #place: LogPlace;
  readonly #comparison: Comparison;
  /** The last record that was served in the middle of a line to which it does not belong. */
  #cut: RecordId | undefined;
  #isFinite = false;
  #isResumed = false;
  /** Told once the time of the first line behind it is known. */
  #gap: Omit<SourceGap, 'to'> | undefined;
  /** Time of the last record of the stream at hand. */
  #servedSeconds = 0;
  #servedNanos = 0;
  #isHeld = false;
  #oldBefore = 0;
  #streamBytes = 0;

  constructor(parts: ApiLogParts) {
    this.#parts = parts;
    this.#pieceBytes = parts.pieceBytes ?? PIECE_BYTES;
    this.#place = new LogPlace({ ...parts, onLost: (isBeginning) => this.#lost(isBeginning) });
    this.#comparison = new Comparison(this.#place, {
      keepsOneFile: parts.keepsOneFile === true,
      deliver: (missed) => this.#deliver(missed),
      tellHidden: (from, to) => parts.onGap({ why: 'skipped', from, to, detail: HIDDEN }),
      savePosition: () => this.#savePosition(),
    });
  }

  /** Goes on behind a saved position of this transport. Before the first `begin`. */
  resume(position: ApiPosition): void {
    this.#isResumed = true;
    this.#place.resume(position);
    this.#lines.skip(position.out, position.err);
  }

  /** Goes on behind a time, where nothing else is known. Before the first `begin`. */
  resumeAfter(time: LineTime): void {
    this.#isResumed = true;
    this.#place.resumeAfter(time);
  }

  /** The engine may repeat records of this log, or skip some: it rotates. */
  get mayRepeat(): boolean {
    return this.#parts.mayRepeat;
  }

  /** Records taken in this run. */
  get taken(): number {
    return this.#lines.taken;
  }

  /** What was taken can be compared with what the engine has, and has to be. */
  get canVerify(): boolean {
    return this.#place.canVerify;
  }

  /** So many of the records taken were not compared yet. */
  get unverified(): number {
    return this.canVerify ? this.#place.ring.unverified : 0;
  }

  /** The log may have rotated since what was taken was last compared with it. */
  get mayMiss(): boolean {
    const { maxSizeBytes = 0 } = this.#parts;
    const mostOnDisk = this.counts.bytesRead * MOST_ESCAPED + this.taken * MOST_AROUND_TEXT;
    return this.unverified > 0 && (this.#isResumed || mostOnDisk >= maxSizeBytes);
  }

  /** Records may be missing that the engine has. */
  get isSuspect(): boolean {
    return this.#comparison.isSuspect;
  }

  set isSuspect(is: boolean) {
    this.#comparison.isSuspect = is;
  }

  /** The stream at hand has shown where what is known ends, or did not have to. */
  get isFound(): boolean {
    return this.#place.isFound;
  }

  /** Only what is there now is wanted of the next stream: its end says what is not. */
  get isAsking(): boolean {
    return this.#place.isAsking;
  }

  /** When its last record was asked for there was none: nothing has to be looked for in it. */
  get wasEmpty(): boolean {
    return this.#place.wasEmpty;
  }

  get isCatchingUp(): boolean {
    return this.#oldBefore > 0 && this.#streamBytes > SMALL_BACKLOG;
  }

  /** Seconds since 1970 of the last record; 0 where none is known. */
  get seconds(): number {
    return this.#place.seconds;
  }

  /** A stream is opened, at `nowMs` since 1970: what to ask for. `isFinite`: it does not follow the log. */
  begin(nowMs: number, isFinite = false): Range {
    this.isShort = false;
    this.#isFinite = isFinite;
    this.#streamBytes = 0;
    this.opened(nowMs);
    this.hadTrouble = false;
    this.arrivals.clear();
    const range = this.#place.begin(nowMs);
    this.#comparison.begin();
    return range;
  }

  /** The engine has answered, at `nowMs` by its own clock. */
  opened(nowMs: number): void {
    this.#oldBefore = Math.floor(nowMs / 1000) - OLD_SECONDS;
  }

  /** The stream ended, at `nowMs`. `isComplete`: by the engine's will, all that it had was served. */
  end(isComplete: boolean, nowMs = Date.now()): void {
    this.#flush();
    const isAll = isComplete && !this.hadTrouble;
    // An engine leaves out nothing where it does not follow.
    if (isAll && this.#isFinite && this.isFound && !this.#comparison.isSuspect) this.#place.verifyAll();
    if (this.#place.end(isAll, this.isShort, nowMs, this.taken)) this.#savePosition();
  }

  /** The stream at hand has fallen silent and has not shown what is known. The next one reaches further back. */
  giveUp(): void {
    this.#place.giveUp();
  }

  /** An answer of the engine is to be compared with what was taken. */
  compare(): Verification {
    return this.#place.compare();
  }

  /** An answer is there as far as it goes: as Comparison has it. */
  settle(verification: Verification, isAll: boolean, isLast = false): boolean {
    return this.#comparison.settle(verification, isAll, isLast);
  }

  /** What was taken cannot be compared with the log any more. */
  tellUnverified(): void {
    this.#comparison.giveUp(timeOfMs(Date.now()));
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
    if (this.#gap) this.#parts.onGap({ ...this.#gap, to: timeOfMs(Date.now()) });
    this.#gap = undefined;
    this.#parts.pipeline.setPosition(this.#parts.key, undefined);
  }

  /** The container is gone, and its log was not read to the end. To be followed by `forget`. */
  tellRemoved(): void {
    this.#parts.onGap({ why: 'removed', from: this.#place.verifiedTime, to: timeOfMs(Date.now()) });
  }

  /** These are the newest records of the log: the stream at hand has to bring them. */
  expect(newest: readonly RecordId[]): void {
    this.arrivals.expect(newest, (record) => this.#place.isTaken(record), this.#place.ring);
  }

  /** A record of the log did not come, although later ones did. */
  tellSkipped(): void {
    if (this.canVerify) this.#comparison.isSuspect = true;
    else this.#parts.onGap({ why: 'skipped', from: this.#place.verifiedTime, to: timeOfMs(Date.now()) });
  }

  /** `newest` is the last record of a log that was served to its end: whether that brought it. */
  hasTaken(newest: RecordId): boolean {
    return this.#parts.isTailOther === true || this.#place.isTaken(newest);
  }

  /** The engine does not serve what lies before `newest`, nor that one, unless asked for it alone. Goes on behind it. */
  tellUnserved(newest: RecordId): void {
    this.#endOpenLines(LineFlag.incomplete);
    const from = this.#place.verifiedTime;
    this.#parts.onGap({ why: 'damaged', from, to: newest, detail: UNSERVED });
    this.#place.skipTo(newest);
    this.#savePosition();
  }

  push(batch: Batch): void {
    const { pipeline, key, hold, onGap } = this.#parts;
    if (this.#gap) {
      onGap({ ...this.#gap, to: { seconds: batch.seconds[0], nanos: batch.nanos[0] } });
      this.#gap = undefined;
    }
    const lines = this.ended;
    this.ended = 0;
    this.counts.linesRead += lines;
    const origin = { key, from: this.counts.bytesRead, to: this.counts.bytesRead, lines };
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
    if (this.#place.isMarking) {
      this.#place.mark(seconds, nanos, hash);
      return true;
    }
    if (!this.isFound) {
      const found = this.#place.seek(seconds, nanos, hash, this.#comparison.isFar);
      const isBefore = (found === 'seek' || found === 'known') && flags === 0;
      if (isBefore) this.#comparison.record(buf, start, end, endsLine, isStderr, seconds, nanos);
      if (found === 'known' || found === 'new') this.#comparison.found();
      if (found === 'short') this.isShort = true;
      if (found !== 'new' && found !== 'lost') return !this.isShort;
    }
    if (this.#parts.mayRepeat && flags === 0) {
      const goesOn = this.#goesOnAlike(buf, start, end, endsLine, isStderr, seconds, nanos, hash);
      if (!goesOn && this.#place.isRepeated(seconds, nanos, hash)) {
        this.repeated++;
        return true;
      }
    }
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
    if (carry.isOpen && this.canVerify && (carry.seconds !== seconds || carry.nanos !== nanos)) {
      // Served again behind the same ones it shows that the line has no end: its process had.
      if (!this.#cut || !sameRecord(this.#cut, { seconds, nanos, hash })) {
        this.#cut = { seconds, nanos, hash };
        this.isShort = true;
        return false;
      }
      this.#endOpenLine(carry, LineFlag.incomplete);
    }
    if (isPiece && !isDone && !carry.isOpen) this.#lines.open(isStderr, this.#place.known, seconds, nanos);
    this.#place.remember(seconds, nanos, hash);
    if (this.#oldBefore > 0) this.#place.trust();
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
      this.ended++;
      const stream = this.#stream(isStderr, seconds);
      writer.add(buf, start, end, stream, seconds, nanos, flags, this);
    }
    return !this.#isHeld;
  }

  /** What is known is not in the log any more, or only the beginning of the line that is open is not. */
  #lost(isBeginning: boolean): void {
    this.#comparison.clear();
    this.#lines.skip(0, 0);
    // What the engine does not have any more rotated away: in this run, or before it.
    const gap = { why: this.taken > 0 ? 'rotated' : 'blind', from: this.#place.verifiedTime } as const;
    if (isBeginning) {
      this.#gap = { ...gap, detail: 'the beginning of a long line was removed' };
      return;
    }
    // They lie before what is missing.
    this.#endOpenLines(LineFlag.incomplete);
    this.#gap = gap;
  }

  /** Lines that the engine had left out. */
  #deliver(missed: readonly Missed[]): void {
    this.#flush();
    const { writer, streams, onGap, onMissed } = this.#parts;
    const lost = missed.filter(({ text }) => text === undefined);
    if (lost.length > 0)
      onGap({ why: 'skipped', from: lost[0], to: lost[lost.length - 1], lines: lost.length });
    const lines = missedLines(missed, this.#pieceBytes);
    const buf = Buffer.concat(lines.map(({ text }) => text));
    let at = 0;
    for (const { text, isStderr, seconds, nanos, flags, count, sum } of lines) {
      const start = at;
      at += text.length;
      if (writer.isFull) this.#flush();
      this.ended++;
      this.#place.add(count, sum);
      writer.add(buf, start, at, streams.of(isStderr, false), seconds, nanos, flags, this);
    }
    this.#flush();
    // They may be among those that were expected.
    this.arrivals.clear();
    if (lines.length === 0) return;
    this.counts.linesLate += lines.length;
    onMissed(lines.length, lines[0], lines[lines.length - 1]);
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
    if (endsLine || end - start < this.#pieceBytes || this.#place.isInRepeat) return false;
    if (!this.#lines.of(isStderr).isOpen || !this.#place.ring.isAt(1, seconds, nanos, hash)) return false;
    const middle = start + ((end - start) >> 1);
    return buf.compare(buf, start, middle, middle, middle + (middle - start)) === 0;
  }

  #endOpenLine(carry: Carry<unknown>, flags: number): void {
    this.#flush();
    this.ended++;
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
    return this.#lines.position(this.#place.known, this.#place);
  }
}
