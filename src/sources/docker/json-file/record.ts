/**
 * One record of a json-file log, without its newline:
 *
 *   {"log":"text\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-11-21T21:40:00.123456789Z"}
 *
 * `attrs` is there with `--log-opt labels/env/tag`. `log` ends in an escaped newline, or is a piece of a longer line.
 * What has exactly this shape is parsed here, byte by byte; any other JSON object with a string `log` by the exact
 * path in object-fields.ts; the rest is no record. Both accept the same records: what the fast path takes is valid JSON.
 */
import { TextScanner, unescapeInPlace } from './json-text.js';
import { type ByteRange, findTextFields } from './object-fields.js';
import { TimestampParser } from './timestamp.js';

const HEAD = Buffer.from('{"log":"');
const STREAM = Buffer.from(',"stream":"std');
const OUT = Buffer.from('out"');
const ERR = Buffer.from('err"');
const TIME = Buffer.from(',"time":"');
const ATTRS = Buffer.from(',"attrs":{');
const QUOTE = 0x22;
const CLOSING_BRACE = 0x7d;

export class RecordParser {
  /** The record's time, kept from the record before where a record has none: seconds since 1970, nanoseconds within. */
  readonly time = new TimestampParser();
  /** Of the last record: its text is buf[textStart .. textEnd), still escaped from `firstEscape` on (-1: nowhere). */
  textStart = 0;
  textEnd = 0;
  firstEscape = -1;
  /** The text ended in a newline, which is not part of it. */
  endsLine = false;
  isStderr = false;
  readonly #scanner = new TextScanner();
  /** The attributes that were last found valid, from their comma on: they are the same on every record of a container. */
  #attrs: Buffer = Buffer.alloc(0);

  /** Parses buf[from .. to), where buf[to] is a newline. False where it is no record. Changes nothing in the buffer. */
  parse(buf: Buffer, from: number, to: number): boolean {
    return this.#parseUsual(buf, from, to) || this.#parseAny(buf, from, to);
  }

  /** Unescapes the text in place; sets `textEnd`. */
  unescape(buf: Buffer): void {
    if (this.firstEscape < 0) return;
    this.textEnd = unescapeInPlace(buf, this.firstEscape, this.textEnd);
    this.firstEscape = -1;
  }

  #parseUsual(buf: Buffer, from: number, to: number): boolean {
    if (!isAt(buf, from, HEAD)) return false;
    const start = from + HEAD.length;
    const end = this.#scanner.scan(buf, start);
    if (end < 0 || !isAt(buf, end + 1, STREAM)) return false;
    let at = end + 1 + STREAM.length;
    const isStderr = isAt(buf, at, ERR);
    if (!isStderr && !isAt(buf, at, OUT)) return false;
    at += OUT.length;
    if (!isAt(buf, at, TIME)) {
      const attrs = this.#attrs;
      if (attrs.length === 0 || !isAt(buf, at, attrs)) return false;
      at += attrs.length;
      if (!isAt(buf, at, TIME)) return false;
    }
    at += TIME.length;
    if (buf[to - 1] !== CLOSING_BRACE || buf[to - 2] !== QUOTE || !this.time.parse(buf, at, to - 2))
      return false;
    this.isStderr = isStderr;
    this.#setText(start, end);
    return true;
  }

  #parseAny(buf: Buffer, from: number, to: number): boolean {
    const fields = findTextFields(buf, from, to);
    if (!fields?.log) return false;
    const { log, stream, time } = fields;
    this.isStderr = stream !== undefined && buf.toString('latin1', stream.start, stream.end) === 'stderr';
    if (time) this.time.parse(buf, time.start, time.end);
    this.#scanner.scan(buf, log.start);
    this.#setText(log.start, log.end);
    this.#rememberAttrs(buf, stream, time);
    return true;
  }

  #setText(start: number, end: number): void {
    const scanner = this.#scanner;
    this.textStart = start;
    this.endsLine = scanner.endsInNewline;
    this.textEnd = scanner.endsInNewline ? end - 2 : end;
    this.firstEscape = scanner.firstEscape < this.textEnd ? scanner.firstEscape : -1;
  }

  #rememberAttrs(buf: Buffer, stream: ByteRange | undefined, time: ByteRange | undefined): void {
    if (!stream || !time) return;
    const start = stream.end + 1;
    const end = time.start - TIME.length;
    if (end <= start || !isAt(buf, start, ATTRS) || !isAt(buf, end, TIME)) return;
    // Valid only as one member: a second one after `attrs` could be another `log`, and is no usual shape anyway.
    if (buf.indexOf(CLOSING_BRACE, start) === end - 1) this.#attrs = Buffer.from(buf.subarray(start, end));
  }
}

function isAt(buf: Buffer, at: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (buf[at + i] !== bytes[i]) return false;
  return true;
}
