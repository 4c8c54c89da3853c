/**
 * One record of a json-file log, without its newline:
 *
 *   {"log":"text\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-11-21T21:40:00.123456789Z"}
 *
 * `attrs` is there with `--log-opt labels/env/tag`. `log` ends in an escaped newline, or is a piece of a longer line.
 * What has exactly this shape is parsed here; any other JSON object with a string `log` by the exact path in
 * object-fields.ts; the rest is no record. Both accept the same records: what the fast path takes is valid JSON.
 */

import { TimestampParser } from '../../../pipeline/timestamp-parser.js';
import { JsonTexts, wordsOf } from './json-text.js';
import { type ByteRange, findTextFields } from './object-fields.js';

const HEAD = wordsOf(Buffer.from('{"log":"'));
const OUT = wordsOf(Buffer.from(',"stream":"stdout"'));
const ERR = wordsOf(Buffer.from(',"stream":"stderr"'));
const TIME = wordsOf(Buffer.from(',"time":"'));
const ATTRS = wordsOf(Buffer.from(',"attrs":{'));
const QUOTE = 0x22;
const CLOSING_BRACE = 0x7d;

export class RecordParser {
  /** The record's time, kept from the record before where a record has none: seconds since 1970, nanoseconds within. */
  readonly time = new TimestampParser();
  /** The text ended in a newline, which is not part of it. */
  endsLine = false;
  isStderr = false;
  readonly #texts = new JsonTexts();
  /** The attributes that were last found valid, from their comma on: they are the same on every record of a container. */
  #attrs: DataView | undefined;

  /** Of the last record: where in the arena its text is, unescaped. */
  get textStart(): number {
    return this.#texts.start;
  }

  get textEnd(): number {
    return this.#texts.end;
  }

  /** The records to come are of this chunk; answers the arena of their texts. */
  begin(chunk: Buffer): Buffer {
    this.#texts.begin(chunk);
    return this.#texts.arena;
  }

  /**
   * Parses chunk[from .. to), where chunk[to] is a newline; each record of a chunk once, in order. False where it is no
   * record. Changes nothing in the chunk.
   */
  parse(chunk: Buffer, from: number, to: number): boolean {
    const { end } = this.#texts;
    if (this.#parseUsual(chunk, from, to)) return true;
    this.#texts.end = end;
    return this.#parseAny(chunk, from, to);
  }

  /** Takes chunk[from .. to) for a text, as it is. */
  takeRaw(_chunk: Buffer, from: number, to: number): void {
    this.#texts.takeRaw(from, to);
  }

  #parseUsual(chunk: Buffer, from: number, to: number): boolean {
    const texts = this.#texts;
    if (!texts.isAt(from, HEAD)) return false;
    let at = texts.take(from + HEAD.byteLength) + 1;
    if (at === 0) return false;
    const isStderr = !texts.isAt(at, OUT);
    if (isStderr && !texts.isAt(at, ERR)) return false;
    at += OUT.byteLength;
    if (!texts.isAt(at, TIME)) {
      const attrs = this.#attrs;
      if (!attrs || !texts.isAt(at, attrs)) return false;
      at += attrs.byteLength;
      if (!texts.isAt(at, TIME)) return false;
    }
    at += TIME.byteLength;
    if (chunk[to - 1] !== CLOSING_BRACE || chunk[to - 2] !== QUOTE || !this.time.parse(chunk, at, to - 2))
      return false;
    this.isStderr = isStderr;
    this.endsLine = texts.endsInNewline;
    return true;
  }

  #parseAny(chunk: Buffer, from: number, to: number): boolean {
    const fields = findTextFields(chunk, from, to);
    if (!fields?.log) return false;
    const { log, stream, time } = fields;
    this.isStderr = stream !== undefined && chunk.toString('latin1', stream.start, stream.end) === 'stderr';
    if (time) this.time.parse(chunk, time.start, time.end);
    this.#texts.take(log.start);
    this.endsLine = this.#texts.endsInNewline;
    this.#rememberAttrs(chunk, stream, time);
    return true;
  }

  #rememberAttrs(chunk: Buffer, stream: ByteRange | undefined, time: ByteRange | undefined): void {
    if (!stream || !time) return;
    const start = stream.end + 1;
    const end = time.start - TIME.byteLength;
    if (end <= start || !this.#texts.isAt(start, ATTRS) || !this.#texts.isAt(end, TIME)) return;
    // Valid only as one member: a second one after `attrs` could be another `log`, and is no usual shape anyway.
    if (chunk.indexOf(CLOSING_BRACE, start) === end - 1)
      this.#attrs = wordsOf(Buffer.from(chunk.subarray(start, end)));
  }
}
