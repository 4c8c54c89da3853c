/**
 * Private keys in PEM's form (RFC 7468), as RSA, EC, OpenSSH and PGP have it:
 *
 *   -----BEGIN <…>PRIVATE KEY<…>-----  base64  -----END <…>PRIVATE KEY<…>-----
 *
 * in one line (joined, or with `\n` written out). Where the end is missing the rest of the line goes, where the beginning is
 * missing all before the end. Keys over several lines: key-lines.ts.
 */
import { hasAt } from './bytes.js';
import type { Finding, Rule } from './rule.js';

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const RULE = '-----';
const KEY = 'PRIVATE KEY';
/** What may follow: `PRIVATE KEY BLOCK`. */
const MAX_TITLE = 64;

export const PRIVATE_KEY: Rule = {
  name: 'private_key',
  places: [{ before: '-', first: '-', second: 'BE' }],
  find(data, at, start, end, found: Finding) {
    const from = at - RULE.length;
    if (from < start) return false;
    if (hasAt(data, from, end, BEGIN)) {
      const title = titleEnd(data, from + BEGIN.length, end);
      if (title === 0) return false;
      found.from = from;
      found.to = keyEnd(data, title, end);
      return true;
    }
    if (!hasAt(data, from, end, END)) return false;
    const title = titleEnd(data, from + END.length, end);
    if (title === 0) return false;
    found.from = start;
    found.to = title;
    return true;
  },
};

/** True where data[start .. end) holds the beginning of a key, and its end is not behind it. */
export function endsInKey(data: Buffer, start: number, end: number): boolean {
  const line = data.subarray(start, end);
  const begin = line.lastIndexOf(BEGIN);
  return begin >= 0 && titleEnd(line, begin + BEGIN.length, line.length) > 0 && line.indexOf(END, begin) < 0;
}

/** Where the five dashes behind a title with `PRIVATE KEY` end; 0 where it is another title. A line that is cut ends there. */
function titleEnd(data: Uint8Array, from: number, end: number): number {
  const most = Math.min(end, from + MAX_TITLE);
  let hasKey = false;
  for (let at = from; at < most; at++) {
    if (hasAt(data, at, end, KEY)) hasKey = true;
    if (hasAt(data, at, end, RULE)) return hasKey ? at + RULE.length : 0;
  }
  return hasKey && most === end ? end : 0;
}

/** Behind the end that belongs to it, else the line's. */
function keyEnd(data: Uint8Array, from: number, end: number): number {
  const text = Buffer.from(data.buffer, data.byteOffset, end);
  const at = text.indexOf(END, from);
  if (at < 0) return end;
  return titleEnd(data, at + END.length, end) || at;
}
