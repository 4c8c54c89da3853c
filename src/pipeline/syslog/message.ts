/**
 * One syslog message, of either form, as it lies in a buffer:
 *
 *   RFC 5424   <PRI>1 TIME HOST APP PROCID MSGID DATA [ TEXT]       `-` for what is not there
 *   RFC 3164   <PRI>Mmm dd hh:mm:ss HOST TAG[PROCID]: TEXT          as senders write it: with an RFC 3339 time, without a
 *                                                                   host, without a tag, without a time
 *
 * Without a priority, as daemons write files, it must begin with a time; else it is all text. What does not fit is text, from where it does not: every byte of the message is in one of its parts, or a separator.
 * Nothing is kept and nothing is made; an object is used again for the next message. It never throws.
 */
import { isDigit } from '../../query/ascii.js';
import { dataEnd } from './structured-data.js';

const [SPACE, LESS, GREATER, OPEN, CLOSE, COLON, DASH, ONE, ZERO] = Buffer.from(' <>[]:-10');
const PRIORITIES = 192;
/** Of a TAG: longer ones are the beginning of a text. RFC 3164 says 32, programs write more. */
const MAX_TAG_BYTES = 128;
const MAX_HOST_BYTES = 255;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
/** `Nov 22 10:00:00` */
const STAMP_BYTES = 15;
const WHOLE = Buffer.from('0000-00-00T00:00:00');
const MAX_TIME_BYTES = 40;
const NONE = -1;

export type SyslogForm = 'rfc5424' | 'rfc3164' | 'none';

/** Parts are bytes [xStart, xEnd) of the buffer that was parsed; xStart is -1 where there is none. */
export class SyslogMessage {
  /** `none`: it begins with neither a priority nor a time, and is all text. */
  form: SyslogForm = 'none';
  /** facility × 8 + severity; -1 where there is none. */
  priority = NONE;
  /** The time as it was written; of a whole one, in RFC 3339, not all is looked at. */
  timeStart = NONE;
  timeEnd = NONE;
  hostStart = NONE;
  hostEnd = NONE;
  appStart = NONE;
  appEnd = NONE;
  procidStart = NONE;
  procidEnd = NONE;
  msgidStart = NONE;
  msgidEnd = NONE;
  /** Structured data: one or more elements in brackets. */
  dataStart = NONE;
  dataEnd = NONE;
  textStart = 0;
  textEnd = 0;

  /** Takes buf[start .. end) apart. */
  parse(buf: Buffer, start: number, end: number): void {
    this.#clear();
    this.textStart = start;
    this.textEnd = end;
    const header = this.#priority(buf, start, end);
    if (header === start && pastTime(buf, start, end) === start) return;
    this.textStart = header;
    this.form = 'rfc3164';
    if (
      buf[header] === ONE &&
      buf[header + 1] === SPACE &&
      header + 1 < end &&
      this.#parse5424(buf, header + 2, end)
    )
      return;
    this.#parse3164(buf, header, end);
  }

  /** Answers where the priority ends; `start` where there is none. */
  #priority(buf: Buffer, start: number, end: number): number {
    if (start >= end || buf[start] !== LESS) return start;
    let at = start + 1;
    let priority = 0;
    for (; at < end && at <= start + 3 && isDigit(buf[at]); at++) priority = priority * 10 + buf[at] - ZERO;
    if (at === start + 1 || at >= end || buf[at] !== GREATER || priority >= PRIORITIES) return start;
    this.priority = priority;
    return at + 1;
  }

  /** False where it is no header of this form; nothing is set then. */
  #parse5424(buf: Buffer, from: number, end: number): boolean {
    const timeEnd = wordEnd(buf, from, end);
    const hostEnd = wordEnd(buf, timeEnd + 1, end);
    const appEnd = wordEnd(buf, hostEnd + 1, end);
    const procidEnd = wordEnd(buf, appEnd + 1, end);
    const msgidEnd = wordEnd(buf, procidEnd + 1, end);
    // Each word is there, and the structured data behind the last.
    if (msgidEnd + 1 >= end) return false;
    for (const at of [from, timeEnd + 1, hostEnd + 1, appEnd + 1, procidEnd + 1, msgidEnd + 1])
      if (buf[at] === SPACE) return false;
    const isTimeless = isNil(buf, from, timeEnd);
    if (!isTimeless && !isWholeTime(buf, from, timeEnd)) return false;
    this.form = 'rfc5424';
    this.timeStart = isTimeless ? NONE : from;
    this.timeEnd = isTimeless ? NONE : timeEnd;
    const hasHost = !isNil(buf, timeEnd + 1, hostEnd);
    this.hostStart = hasHost ? timeEnd + 1 : NONE;
    this.hostEnd = hasHost ? hostEnd : NONE;
    const hasApp = !isNil(buf, hostEnd + 1, appEnd);
    this.appStart = hasApp ? hostEnd + 1 : NONE;
    this.appEnd = hasApp ? appEnd : NONE;
    const hasProcid = !isNil(buf, appEnd + 1, procidEnd);
    this.procidStart = hasProcid ? appEnd + 1 : NONE;
    this.procidEnd = hasProcid ? procidEnd : NONE;
    const hasMsgid = !isNil(buf, procidEnd + 1, msgidEnd);
    this.msgidStart = hasMsgid ? procidEnd + 1 : NONE;
    this.msgidEnd = hasMsgid ? msgidEnd : NONE;
    this.#dataAndText(buf, msgidEnd + 1, end);
    return true;
  }

  #dataAndText(buf: Buffer, from: number, end: number): void {
    let at = from;
    if (buf[at] === DASH && (at + 1 === end || buf[at + 1] === SPACE)) at++;
    else {
      const closed = dataEnd(buf, from, end);
      if (closed > from) {
        this.dataStart = from;
        this.dataEnd = closed;
        at = closed;
      }
    }
    if (at > from && at < end && buf[at] === SPACE) at++;
    const hasMark = buf[at] === 0xef && buf[at + 1] === 0xbb && buf[at + 2] === 0xbf && at + 2 < end;
    this.textStart = hasMark ? at + 3 : at;
  }

  #parse3164(buf: Buffer, header: number, end: number): void {
    const timeEnd = pastTime(buf, header, end);
    const hasTime = timeEnd > header;
    if (hasTime) {
      this.timeStart = header;
      this.timeEnd = timeEnd;
    }
    let at = hasTime ? timeEnd + 1 : header;
    const first = wordEnd(buf, at, end);
    if (first === at) return this.#textFrom(at);
    const tagEnd = this.#tag(buf, at, first, end);
    if (tagEnd > at) return this.#textFrom(tagEnd);
    // Without a time the first word may as well be the text's.
    if (hasTime && first < end && first - at <= MAX_HOST_BYTES) {
      this.hostStart = at;
      this.hostEnd = first;
      at = first + 1;
      const secondEnd = this.#tag(buf, at, wordEnd(buf, at, end), end);
      if (secondEnd > at) return this.#textFrom(secondEnd);
    }
    this.#textFrom(at);
  }

  /** `sshd[4711]:` or `sshd:` as the word [from .. to) ends it; answers where the text begins, `from` where it is no tag. */
  #tag(buf: Buffer, from: number, to: number, end: number): number {
    const last = to - 1;
    if (last <= from || last - from > MAX_TAG_BYTES || buf[last] !== COLON) return from;
    this.appStart = from;
    this.appEnd = last;
    if (buf[last - 1] === CLOSE) {
      let open = last - 3;
      while (open > from && buf[open] !== OPEN) open--;
      if (open > from) {
        this.appEnd = open;
        this.procidStart = open + 1;
        this.procidEnd = last - 1;
      }
    }
    return to < end ? to + 1 : to;
  }

  #textFrom(at: number): void {
    this.textStart = Math.min(at, this.textEnd);
  }

  #clear(): void {
    this.form = 'none';
    this.priority = NONE;
    this.timeStart = this.timeEnd = NONE;
    this.hostStart = this.hostEnd = NONE;
    this.appStart = this.appEnd = NONE;
    this.procidStart = this.procidEnd = NONE;
    this.msgidStart = this.msgidEnd = NONE;
    this.dataStart = this.dataEnd = NONE;
  }
}

/** Where the word that begins at `from` ends: at a space, or at `end`. */
function wordEnd(buf: Buffer, from: number, end: number): number {
  if (from >= end) return end;
  let at = from;
  while (at < end && buf[at] !== SPACE) at++;
  return at;
}

function isNil(buf: Buffer, from: number, to: number): boolean {
  return to === from + 1 && buf[from] === DASH;
}

/** Where the time of RFC 3164, or one of RFC 3339, that stands at `from` before a space ends; `from` where there is none. */
function pastTime(buf: Buffer, from: number, end: number): number {
  const to = from + STAMP_BYTES;
  if (to < end && buf[to] === SPACE && isStamp(buf, from)) return to;
  if (from >= end || !isDigit(buf[from])) return from;
  const word = wordEnd(buf, from, Math.min(end, from + MAX_TIME_BYTES));
  return word < end && buf[word] === SPACE && isWholeTime(buf, from, word) ? word : from;
}

/** Begins as RFC 3339 has it, `2026-11-22T10:00:00`, and has a zone behind it. */
function isWholeTime(buf: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (length <= WHOLE.length || length > MAX_TIME_BYTES) return false;
  for (let i = 0; i < WHOLE.length; i++) {
    const byte = buf[from + i];
    if (WHOLE[i] === ZERO ? !isDigit(byte) : byte !== WHOLE[i]) return false;
  }
  return true;
}

/** `Nov 22 10:00:00`, also `Nov  2`. */
function isStamp(buf: Buffer, at: number): boolean {
  const month = MONTHS.indexOf(buf.toString('latin1', at, at + 3));
  return (
    month >= 0 &&
    month % 3 === 0 &&
    buf[at + 3] === SPACE &&
    (buf[at + 4] === SPACE || isDigit(buf[at + 4])) &&
    isDigit(buf[at + 5]) &&
    buf[at + 6] === SPACE &&
    isDigit(buf[at + 7]) &&
    isDigit(buf[at + 8]) &&
    buf[at + 9] === COLON &&
    isDigit(buf[at + 10]) &&
    isDigit(buf[at + 11]) &&
    buf[at + 12] === COLON &&
    isDigit(buf[at + 13]) &&
    isDigit(buf[at + 14])
  );
}
