/**
 * Writes bytes as the inside of a JSON string: quotes, backslashes and control characters escaped (those of U+007F to
 * U+009F too, which some terminals obey), and U+FFFD for what is not UTF-8, as TextDecoder does it (one for each longest
 * part that could have begun a character).
 */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) PLAIN[byte] = 1;
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

const HEX = Buffer.from('0123456789abcdef');
const SHORT = new Uint8Array(0x20);
for (const [byte, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const) {
  SHORT[byte] = letter.charCodeAt(0);
}

/** A byte can become this many. */
export const MAX_GROWTH = 6;

/** Writes `bytes[from .. to)` at `at` of the same buffer, which has room for MAX_GROWTH times as much. Returns the end. */
export function writeJsonText(bytes: Buffer, from: number, to: number, at: number): number {
  let source = from;
  let end = at;
  while (source < to) {
    const runStart = source;
    while (source < to && PLAIN[bytes[source]] === 1) source++;
    bytes.copyWithin(end, runStart, source);
    end += source - runStart;
    if (source === to) break;
    const byte = bytes[source];
    if (byte < 0x80) {
      end = writeEscape(bytes, byte, end);
      source++;
      continue;
    }
    const length = characterLength(bytes, source, to);
    if (length === 2 && byte === 0xc2 && bytes[source + 1] < 0xa0) {
      end = writeEscape(bytes, bytes[source + 1], end);
      source += 2;
    } else if (length > 0) {
      for (let i = 0; i < length; i++) bytes[end++] = bytes[source++];
    } else {
      bytes[end++] = 0xef;
      bytes[end++] = 0xbf;
      bytes[end++] = 0xbd;
      source -= length;
    }
  }
  return end;
}

function writeEscape(bytes: Buffer, byte: number, at: number): number {
  let end = at;
  bytes[end++] = 0x5c;
  if (byte >= 0x20 && byte < 0x7f) {
    bytes[end++] = byte;
  } else if (byte < 0x20 && SHORT[byte] !== 0) {
    bytes[end++] = SHORT[byte];
  } else {
    bytes[end++] = 0x75;
    bytes[end++] = 0x30;
    bytes[end++] = 0x30;
    bytes[end++] = HEX[byte >> 4];
    bytes[end++] = HEX[byte & 15];
  }
  return end;
}

/** Bytes of the character that begins at `at` with a byte >= 0x80; negative: minus the bytes that begin no character. */
function characterLength(bytes: Buffer, at: number, to: number): number {
  const lead = bytes[at];
  let needed: number;
  let low = 0x80;
  let high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) needed = 1;
  else if (lead >= 0xe0 && lead <= 0xef) {
    needed = 2;
    if (lead === 0xe0) low = 0xa0;
    if (lead === 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    needed = 3;
    if (lead === 0xf0) low = 0x90;
    if (lead === 0xf4) high = 0x8f;
  } else return -1;
  for (let i = 1; i <= needed; i++) {
    const byte = at + i < to ? bytes[at + i] : 0;
    if (byte < low || byte > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return needed + 1;
}
