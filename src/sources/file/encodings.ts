/**
 * Text that is not UTF-8, made so line by line. Offsets count the bytes of the file, and a line is searched for before
 * anything is converted, so that reading may go on anywhere.
 */
import { Batch, LineFlag } from '../../pipeline/batch.js';
import { cutLine } from '../../pipeline/cut-line.js';
import type { LineTarget } from '../docker/json-file/decode.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Span } from '../docker/json-file/span.js';
import { ArrivalClock } from '../stdin/arrival.js';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const ROWS = 256;

/** By the mark that the file begins with; `otherwise` where it has none. */
export function encodingOf(file: LogFile, otherwise: Encoding): Encoding {
  const [first, second, third] = file.head(3);
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  return otherwise;
}

/** Bytes of a newline. */
export function newlineBytes(encoding: Encoding): number {
  return encoding === 'utf-16le' || encoding === 'utf-16be' ? 2 : 1;
}

/** The index of the first newline in buf[0 .. length), which begins between two characters; -1 where there is none. */
export function indexOfNewline(buf: Buffer, length: number, encoding: Encoding): number {
  if (newlineBytes(encoding) === 1) return buf.subarray(0, length).indexOf(NEWLINE);
  for (let at = 0; at + 1 < length; at += 2) if (isWideNewline(buf, at, encoding === 'utf-16be')) return at;
  return -1;
}

function isWideNewline(buf: Buffer, at: number, isBigEndian: boolean): boolean {
  return isBigEndian ? buf[at] === 0 && buf[at + 1] === NEWLINE : buf[at] === NEWLINE && buf[at + 1] === 0;
}

/** Takes lines of one encoding as `Decoder` does those of UTF-8. */
export class Transcoder {
  readonly maxLineBytes: number;
  readonly #encoding: Exclude<Encoding, 'utf-8'>;
  readonly #clock: ArrivalClock;
  readonly #batch = new Batch(Buffer.alloc(0), ROWS);

  constructor(maxLineBytes: number, encoding: Exclude<Encoding, 'utf-8'>, nowMs?: () => number) {
    this.maxLineBytes = maxLineBytes;
    this.#encoding = encoding;
    this.#clock = new ArrivalClock(nowMs);
  }

  /** Takes the whole lines of buf[0 .. length), which stands at `span.offset` of its file, in one push. */
  decode(buf: Buffer, length: number, span: Span, target: LineTarget): Promise<void> | undefined {
    const end = this.#lastLineEnd(buf, length);
    return end === 0 ? undefined : this.#take(buf.subarray(0, end), 0, end, span, target);
  }

  /** Takes one line of `bytes` bytes, of which buf[0 .. length) is the beginning, and moves by `move`. */
  takeRaw(
    buf: Buffer,
    length: number,
    bytes: number,
    move: number,
    span: Span,
    target: LineTarget,
  ): Promise<void> | undefined {
    if (move === bytes) target.counts.incomplete++;
    return this.#take(buf.subarray(0, length), bytes - length, move, span, target, LineFlag.incomplete);
  }

  /** `missing`: bytes of the only line that are not in `raw`. */
  #take(
    raw: Buffer,
    missing: number,
    move: number,
    span: Span,
    target: LineTarget,
    lastFlags = 0,
  ): Promise<void> | undefined {
    const isRest = lastFlags !== 0;
    const text = this.#toUtf8(raw);
    const clock = this.#clock;
    clock.seconds = span.seconds;
    clock.nanos = span.nanos;
    clock.look();
    const batch = this.#batch;
    batch.reset();
    batch.arena = text;
    const stream = target.streamId(false, span);
    let from = isByteOrderMark(text) ? 3 : 0;
    for (let at = from; from < text.length; from = at + 1) {
      at = text.indexOf(NEWLINE, from);
      if (at < 0) at = text.length;
      let end = at > from && text[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
      let flags = isRest && move === raw.length + missing ? lastFlags : 0;
      const bytes = end - from + (isRest ? missing : 0);
      if (bytes > this.maxLineBytes && end - from > 0) {
        end = cutLine(text, from, bytes, Math.min(this.maxLineBytes, end - from));
        flags |= LineFlag.cut;
        target.counts.linesCut++;
      }
      if (batch.isFull) batch.grow();
      clock.tick();
      batch.add(from, end, stream, clock.seconds, clock.nanos, flags);
    }
    const base = span.offset;
    span.offset += move;
    target.counts.bytesRead += move;
    if (batch.length > 0) return target.push(batch, span, base, batch.length);
    target.moved(span);
    return undefined;
  }

  #lastLineEnd(buf: Buffer, length: number): number {
    if (this.#encoding === 'latin1') return buf.subarray(0, length).lastIndexOf(NEWLINE) + 1;
    for (let at = length & ~1; at > 0; at -= 2)
      if (isWideNewline(buf, at - 2, this.#encoding === 'utf-16be')) return at;
    return 0;
  }

  #toUtf8(raw: Buffer): Buffer {
    if (this.#encoding === 'latin1') return Buffer.from(raw.toString('latin1'));
    const even = raw.subarray(0, raw.length & ~1);
    const little = this.#encoding === 'utf-16be' ? Buffer.from(even).swap16() : even;
    return Buffer.from(little.toString('utf16le'));
  }
}

function isByteOrderMark(text: Buffer): boolean {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
}
