/** What a record is in the formats of a file source but `docker`: any line, or one that a container runtime wrote. */

import { TimestampParser } from '../../pipeline/timestamp-parser.js';
import type { Records } from '../docker/json-file/decode.js';
import { ArrivalClock } from '../stdin/arrival.js';

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const LETTER_F = 0x46;
const LETTER_P = 0x50;
const OUT = Buffer.from('stdout ');
const ERR = Buffer.from('stderr ');
/** The longest time there is: `2026-11-21T21:40:00.123456789+01:00`. */
const LONGEST_TIME = 35;

/** Any line is a record; its time is that of its reading, in strictly increasing nanoseconds. */
export class PlainRecords implements Records {
  readonly time: ArrivalClock;
  textStart = 0;
  textEnd = 0;
  readonly endsLine = true;
  readonly isStderr = false;
  readonly isPlainText = true;

  constructor(nowMs?: () => number) {
    this.time = new ArrivalClock(nowMs);
  }

  begin(chunk: Buffer): Buffer {
    this.time.look();
    return chunk;
  }

  /** A line that begins with NUL bytes is none: a crash leaves those, and a file cut short under its writer. */
  parse(buf: Buffer, from: number, to: number): boolean {
    if (to > from && buf[from] === 0) return false;
    this.time.tick();
    this.textStart = isByteOrderMark(buf, from, to) ? from + 3 : from;
    this.textEnd = to > this.textStart && buf[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
    return true;
  }

  takeRaw(_chunk: Buffer, from: number, to: number): void {
    this.textStart = from;
    this.textEnd = to;
  }
}

function isByteOrderMark(buf: Buffer, from: number, to: number): boolean {
  return buf[from] === 0xef && to - from >= 3 && buf[from + 1] === 0xbb && buf[from + 2] === 0xbf;
}

/**
 * As runtimes of containers write for Kubernetes: `<time> stdout|stderr <tags> <text>`; the first tag is `P` where more
 * of the line follows in the next record of stdout or stderr, and `F` where it ends.
 */
export class CriRecords implements Records {
  readonly time = new TimestampParser();
  textStart = 0;
  textEnd = 0;
  endsLine = false;
  isStderr = false;

  begin(chunk: Buffer): Buffer {
    return chunk;
  }

  parse(buf: Buffer, from: number, to: number): boolean {
    let at = from;
    const latest = Math.min(to, from + LONGEST_TIME);
    while (at < latest && buf[at] !== SPACE) at++;
    const timeEnd = at++;
    const isStderr = isAt(buf, at, ERR);
    if (!isStderr && !isAt(buf, at, OUT)) return false;
    at += OUT.length;
    const tag = buf[at++];
    if (tag !== LETTER_F && tag !== LETTER_P) return false;
    if (buf[at] === COLON) while (at < to && buf[at] !== SPACE) at++;
    // A line without text may have lost its last space.
    if (at > to || (at < to && buf[at] !== SPACE) || !this.time.parse(buf, from, timeEnd)) return false;
    this.isStderr = isStderr;
    this.endsLine = tag === LETTER_F;
    this.textStart = Math.min(at + 1, to);
    this.textEnd = to;
    return true;
  }

  takeRaw(_chunk: Buffer, from: number, to: number): void {
    this.textStart = from;
    this.textEnd = to;
  }
}

function isAt(buf: Buffer, at: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (buf[at + i] !== bytes[i]) return false;
  return true;
}
