/** Looking into a file without reading it: where a clean cut can be made, and when its records were written. */
import { PIECE_BYTES, skipNuls } from './decode.js';
import type { LogFile, PlainFile } from './log-file.js';
import { RecordParser } from './record.js';

const WINDOWS = [256 * 1024, 4 * 1024 * 1024];
const LONGEST_RECORD = 128 * 1024;
const NEWLINE = 0x0a;

/**
 * The last place in (low, high] where a record ends and neither stdout nor stderr is in the middle of a line, as far as
 * the 4 MiB before `high` tell. `low` where there is none; `low` is the beginning of a record.
 */
export function lastCleanCut(file: PlainFile, low: number, high: number): number {
  const parser = new RecordParser();
  for (const window of WINDOWS) {
    const from = Math.max(low, high - window);
    const buf = Buffer.allocUnsafe(Math.max(0, high - from));
    const length = file.readNow(buf, buf.length, from);
    parser.begin(buf);
    let at = from === low ? 0 : afterNewline(buf, 0, length);
    let cut = -1;
    let outIsOpen = false;
    let errIsOpen = false;
    for (let end = afterNewline(buf, at, length); end > 0; end = afterNewline(buf, at, length)) {
      if (parser.parse(buf, at, end - 1)) {
        const isOpen = !parser.endsLine && parser.textEnd - parser.textStart >= PIECE_BYTES;
        if (parser.isStderr) errIsOpen = isOpen;
        else outIsOpen = isOpen;
      } else {
        outIsOpen = false;
      }
      if (!outIsOpen && !errIsOpen) cut = end;
      at = end;
    }
    if (cut > 0) return from + cut;
    if (from === low) break;
  }
  return low;
}

/** The end of the last record that ends at or before `offset`; 0 where none does. */
export function atRecordStart(file: PlainFile, offset: number): number {
  for (let window = 1; ; window *= 256) {
    const from = Math.max(0, offset - window);
    const buf = Buffer.allocUnsafe(offset - from);
    const length = file.readNow(buf, buf.length, from);
    const newline = buf.subarray(0, length).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    if (from === 0) return 0;
  }
}

/** Whether a record may begin at `offset`. NUL bytes count as the end of one: they are skipped piece by piece. */
export function isRecordStart(file: PlainFile, offset: number): boolean {
  if (offset === 0) return true;
  const before = Buffer.alloc(1, 'x');
  return file.readNow(before, 1, offset - 1) === 1 && (before[0] === NEWLINE || before[0] === 0);
}

/** Searches the file for a newline from `from` on: its offset, or -1 and how far the file went. */
export async function findNewline(
  file: LogFile,
  from: number,
  buf: Buffer,
): Promise<{ end: number; searched: number }> {
  let searched = from;
  for (let bytes = buf.length; bytes === buf.length && !file.isClosed; searched += bytes) {
    bytes = await file.read(buf, buf.length, searched);
    const newline = buf.subarray(0, bytes).indexOf(NEWLINE);
    if (newline >= 0) return { end: searched + newline, searched: searched + newline };
  }
  return { end: -1, searched };
}

/** Seconds since 1970 of the file's first record; undefined where it has none with a time. */
export function firstTime(file: LogFile): number | undefined {
  const head = file.head(LONGEST_RECORD);
  const parser = new RecordParser();
  parser.begin(head);
  for (let at = 0, end = 0; ; at = end) {
    end = afterNewline(head, at, head.length);
    if (end === 0) return undefined;
    if (parser.parse(head, at, end - 1) && parser.time.seconds > 0) return parser.time.seconds;
  }
}

/** Where the records of this time or later begin in a file whose times rise. */
export function findTime(file: PlainFile, seconds: number, nanos = 0): number {
  let low = 0;
  let high = file.size;
  // Everything before `low` is earlier; `high` is the beginning of a record that is not, or the end.
  while (low < high) {
    const record = recordAfter(file, Math.floor((low + high) / 2), high) ?? recordAfter(file, low, high);
    if (!record) return high;
    if (record.seconds < seconds || (record.seconds === seconds && record.nanos < nanos)) low = record.end;
    else if (record.start < high) high = record.start;
    else break;
  }
  return low;
}

interface TimedRecord {
  readonly start: number;
  readonly end: number;
  readonly seconds: number;
  readonly nanos: number;
}

/** The first record with a time that begins at or after `from` and before `to`. */
function recordAfter(file: PlainFile, from: number, to: number): TimedRecord | undefined {
  const parser = new RecordParser();
  const base = atRecordStart(file, from);
  for (const window of WINDOWS) {
    const buf = Buffer.allocUnsafe(Math.min(window, to - base));
    const length = file.readNow(buf, buf.length, base);
    parser.begin(buf);
    for (let at = 0, end = 0; ; at = end) {
      end = afterNewline(buf, at, length);
      if (end === 0) break;
      if (base + at < from || !parser.parse(buf, skipNuls(buf, at, end - 1), end - 1)) continue;
      if (parser.time.seconds === 0) continue;
      const { seconds, nanos } = parser.time;
      return { start: base + at, end: base + end, seconds, nanos };
    }
  }
  return undefined;
}

/** The index after the next newline; 0 where there is none. */
function afterNewline(buf: Buffer, from: number, to: number): number {
  const newline = buf.indexOf(NEWLINE, from);
  return newline < 0 || newline >= to ? 0 : newline + 1;
}
