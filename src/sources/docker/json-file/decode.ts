/**
 * From the bytes of a json-file to rows of a batch. Texts lie in the arena of whoever parses the records: that is the
 * chunk itself where a text stands in it as it is. No object, string or promise per line.
 *
 * Docker cuts lines into pieces of 16 KiB, each a record without a newline at the end of its text, stdout and stderr
 * interleaved. It writes a shorter text without a newline in one case only: the process closed its output there. So
 * - a text of at least PIECE_BYTES without a newline is a piece, and more of its line follows;
 * - a shorter one is the end of its line, whether pieces came before it or not.
 * This depends on nothing but the records, so it gives the same lines after every restart.
 *
 * What is no record becomes a line of stdout as it is, flagged malformed, with the time of the record before. An open
 * line of stdout ends there, flagged incomplete. Blocks of NUL bytes, as a crashed host leaves them, are skipped.
 */
import { Batch, LineFlag } from '../../../pipeline/batch.js';
import { cutLine } from '../../../pipeline/cut-line.js';
import type { Carry } from './carry.js';
import { RecordParser } from './record.js';
import type { Span } from './span.js';
import type { ReaderCounts } from './types.js';

export const PIECE_BYTES = 16 * 1024;
/** More records than this come in one read only where they are no records. */
const ROWS = 4096;
const NEWLINE = 0x0a;

/** Says what a record is: between two newlines, its text, and whether a line ends with it. */
export interface Records {
  /** Of the last record, kept where one has none: seconds since 1970, nanoseconds within. */
  readonly time: { seconds: number; nanos: number };
  /** Of the last record: its text is arena[textStart .. textEnd). */
  readonly textStart: number;
  readonly textEnd: number;
  readonly endsLine: boolean;
  readonly isStderr: boolean;
  /** Anything is a record, with or without a newline at its end. */
  readonly isPlainText?: boolean;
  /** Called before the first record of a chunk; answers the arena of its texts, which holds them until the next chunk. */
  begin(chunk: Buffer): Buffer;
  /** Parses chunk[from .. to), each record once, in order. False where it is no record. Changes nothing in the chunk. */
  parse(chunk: Buffer, from: number, to: number): boolean;
  /** Takes chunk[from .. to), which is no record, for a text as it is. */
  takeRaw(chunk: Buffer, from: number, to: number): void;
}

/** Where the lines of one container go. */
export interface LineTarget {
  readonly counts: ReaderCounts;
  streamId(isStderr: boolean, span: Span): number;
  /**
   * Pushes rows that came from bytes [from, span.offset) of the span's file, where `lines` lines ended; the span stands
   * exactly behind them. A promise asks to wait before the next call.
   */
  push(batch: Batch, span: Span, from: number, lines: number): Promise<void> | undefined;
  /** The span has moved over bytes without a line. */
  moved(span: Span): void;
}

export class Decoder {
  readonly maxLineBytes: number;
  readonly #pieceBytes: number;
  readonly #parser: Records;
  readonly #batch = new Batch(Buffer.alloc(0), ROWS);
  readonly #single = new Batch(Buffer.alloc(0), 1);
  /** Stream ids of the chunk at hand; 0 until the first line needs them. */
  #outId = 0;
  #errId = 0;
  /** Where the rows in the batch begin in the file. */
  #rowsFrom = 0;
  /** Lines that ended since the last push: counted where a record says so, not from the rows. */
  #ended = 0;
  /** Answer to the last push: while there is one nothing more is pushed. */
  #wait: Promise<void> | undefined;

  /** `pieceBytes` is Docker's, smaller only in tests and where `records` has pieces of any length. */
  constructor(maxLineBytes: number, pieceBytes = PIECE_BYTES, records: Records = new RecordParser()) {
    this.maxLineBytes = maxLineBytes;
    this.#pieceBytes = pieceBytes;
    this.#parser = records;
  }

  /**
   * Takes the whole records of buf[0 .. length), which stands at `span.offset` of its file, moves the span behind them
   * and pushes their lines. Stops early where a push asks to wait, and returns that promise: what
   * is behind `span.offset` is then to be read again.
   */
  decode(buf: Buffer, length: number, span: Span, target: LineTarget): Promise<void> | undefined {
    const base = this.#begin(buf, span);
    const linesBefore = target.counts.linesRead;
    let at = 0;
    while (at < length && !this.#wait) {
      const newline = buf.indexOf(NEWLINE, at);
      if (newline < 0 || newline >= length) break;
      if (!this.#take(buf, at, newline, span, target)) break;
      at = newline + 1;
      span.offset = base + at;
      if (this.#batch.isFull) this.#flush(span, target);
    }
    if (!this.#wait && at < length && buf[at] === 0) span.offset = base + skipNuls(buf, at, length);
    if (this.#batch.length > 0 || this.#ended > 0) this.#flush(span, target);
    span.seconds = this.#parser.time.seconds;
    span.nanos = this.#parser.time.nanos;
    target.counts.bytesRead += span.offset - base;
    if (target.counts.linesRead === linesBefore && span.offset > base) target.moved(span);
    return this.#wait;
  }

  /**
   * Pushes a line of `bytes` bytes that is no record, of which buf[0 .. length) is the beginning, and moves the span by
   * `move` bytes, behind it. For what has no newline, or none within reach. The promise is that of `decode`.
   */
  takeRaw(
    buf: Buffer,
    length: number,
    bytes: number,
    move: number,
    span: Span,
    target: LineTarget,
  ): Promise<void> | undefined {
    this.#begin(buf, span);
    if (!isDone(span, span.offset, false)) {
      if (span.out.isOpen && this.pushOpenLine(span, span.out, target, LineFlag.incomplete))
        return this.#wait;
      const isText = this.#parser.isPlainText === true && this.#parser.parse(buf, 0, length);
      if (!isText) target.counts.malformed++;
      const flags = (isText ? 0 : LineFlag.malformed) | (move === bytes ? LineFlag.incomplete : 0);
      this.#ended++;
      this.#batch.arena = buf;
      this.#addRow(0, length, bytes, false, flags, span, target);
      if (move === bytes) target.counts.incomplete++;
    }
    span.offset += move;
    target.counts.bytesRead += move;
    if (this.#batch.length > 0) this.#flush(span, target);
    return this.#wait;
  }

  /** Ends an open line and pushes what there is of it. */
  pushOpenLine(span: Span, carry: Carry, target: LineTarget, flags: number): Promise<void> | undefined {
    const { buffer, bytes, seconds, nanos } = carry;
    const single = this.#single;
    single.reset();
    single.arena = buffer;
    let end = bytes;
    if (bytes > this.maxLineBytes) {
      end = cutLine(buffer, 0, bytes, this.maxLineBytes);
      flags |= LineFlag.cut;
      target.counts.linesCut++;
    }
    if (flags & LineFlag.incomplete) target.counts.incomplete++;
    single.add(0, end, target.streamId(carry === span.err, span), seconds, nanos, flags);
    const from = carry.mark === span.current ? carry.offset : 0;
    carry.close();
    this.#wait = target.push(single, span, from, 1);
    return this.#wait;
  }

  #begin(buf: Buffer, span: Span): number {
    this.#batch.reset();
    this.#outId = 0;
    this.#errId = 0;
    this.#rowsFrom = span.offset;
    this.#ended = 0;
    this.#wait = undefined;
    this.#parser.time.seconds = span.seconds;
    this.#parser.time.nanos = span.nanos;
    // Behind the span's time: records without a time of their own go on from there.
    this.#batch.arena = this.#parser.begin(buf);
    return span.offset;
  }

  /** Takes the record buf[from .. to) at `span.offset`. False where a push must be waited for before. */
  #take(buf: Buffer, from: number, to: number, span: Span, target: LineTarget): boolean {
    const parser = this.#parser;
    let begin = from;
    if (!parser.parse(buf, from, to)) {
      begin = skipNuls(buf, from, to);
      if (begin === to) {
        target.counts.malformed++;
        return true;
      }
      if (begin === from || !parser.parse(buf, begin, to)) {
        return (
          isDone(span, span.offset + begin - from, false) || this.#takeMalformed(buf, begin, to, span, target)
        );
      }
    }
    const { isStderr } = parser;
    if (isDone(span, span.offset + begin - from, isStderr)) return true;
    const start = parser.textStart;
    const end = parser.textEnd;
    const carry = isStderr ? span.err : span.out;
    if (!parser.endsLine && end - start >= this.#pieceBytes) {
      if (!carry.isOpen) carry.open(span.current, span.offset, parser.time.seconds, parser.time.nanos);
      carry.append(this.#batch.arena, start, end, this.maxLineBytes);
    } else if (carry.isOpen) {
      if (!this.#flushBefore(span, target)) return false;
      carry.append(this.#batch.arena, start, end, this.maxLineBytes);
      // The line is done with this record: its push carries the position behind it.
      span.offset += to + 1 - from;
      void this.pushOpenLine(span, carry, target, 0);
      this.#rowsFrom = span.offset;
    } else {
      this.#ended++;
      this.#addRow(start, end, end - start, isStderr, 0, span, target);
    }
    return true;
  }

  #takeMalformed(buf: Buffer, from: number, to: number, span: Span, target: LineTarget): boolean {
    if (span.out.isOpen) {
      if (!this.#flushBefore(span, target)) return false;
      if (this.pushOpenLine(span, span.out, target, LineFlag.incomplete)) return false;
    }
    target.counts.malformed++;
    this.#ended++;
    this.#parser.takeRaw(buf, from, to);
    const { textStart, textEnd } = this.#parser;
    this.#addRow(textStart, textEnd, to - from, false, LineFlag.malformed, span, target);
    return true;
  }

  /** Pushes the rows so far, so that an open line can follow them. False where that must be waited for. */
  #flushBefore(span: Span, target: LineTarget): boolean {
    if (this.#batch.length > 0) this.#flush(span, target);
    return !this.#wait;
  }

  #flush(span: Span, target: LineTarget): void {
    const batch = this.#batch;
    const { arena } = batch;
    const lines = this.#ended;
    this.#ended = 0;
    this.#wait = target.push(batch, span, this.#rowsFrom, lines);
    batch.reset();
    batch.arena = arena;
    this.#rowsFrom = span.offset;
  }

  /** Adds the line of `bytes` bytes whose beginning is arena[start .. end). */
  #addRow(
    start: number,
    end: number,
    bytes: number,
    isStderr: boolean,
    flags: number,
    span: Span,
    target: LineTarget,
  ): void {
    if (bytes > this.maxLineBytes) {
      end = cutLine(this.#batch.arena, start, bytes, this.maxLineBytes);
      flags |= LineFlag.cut;
      target.counts.linesCut++;
    }
    const { seconds, nanos } = this.#parser.time;
    this.#batch.add(start, end, this.#streamId(isStderr, span, target), seconds, nanos, flags);
  }

  #streamId(isStderr: boolean, span: Span, target: LineTarget): number {
    if (isStderr) {
      if (this.#errId === 0) this.#errId = target.streamId(true, span);
      return this.#errId;
    }
    if (this.#outId === 0) this.#outId = target.streamId(false, span);
    return this.#outId;
  }
}

/** Whether the record at `offset` was read before the restart. NUL bytes before it may lie on either side of a watermark. */
function isDone(span: Span, offset: number, isStderr: boolean): boolean {
  return offset < (isStderr ? span.current.err : span.current.out);
}

/** The index of the first byte that is not NUL; a crash, and a file cut short under its writer, leave those. */
export function skipNuls(buf: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && buf[at] === 0) at++;
  return at;
}
