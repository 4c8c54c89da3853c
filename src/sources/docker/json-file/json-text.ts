/** JSON strings in a buffer: finding their end, checking them, and unescaping them in place. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_U = 0x75;

/** What a byte means inside a string: 0 itself, 1 the end, 2 an escape, 3 not allowed. Bytes from 0x80 on are taken as they are. */
const MEANING = new Uint8Array(256);
MEANING.fill(3, 0, 0x20);
MEANING[QUOTE] = 1;
MEANING[BACKSLASH] = 2;

/** Byte for the letter after a backslash; 0 where there is no such escape. */
const SIMPLE = new Uint8Array(256);
for (const [letter, byte] of Object.entries({
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
})) {
  SIMPLE[letter.charCodeAt(0)] = byte;
}

/** Value of a hex digit; 16 where it is none. */
const HEX = new Uint8Array(256).fill(16);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const AFTER_SURROGATES = 0xe000;
const REPLACEMENT = 0xfffd;

/** Finds the end of a string. The fields hold what the last `scan` saw. */
export class TextScanner {
  /** Where the first escape begins; -1 without any. */
  firstEscape = -1;
  /** The text ends in an escaped newline. */
  endsInNewline = false;

  /**
   * The index of the quote that closes the string whose text begins at `from`; -1 where it is no valid JSON string.
   * Never looks past the next newline byte, which must exist.
   */
  scan(buf: Buffer, from: number): number {
    let at = from;
    let first = -1;
    let last = -1;
    for (;;) {
      const meaning = MEANING[buf[at]];
      if (meaning === 0) {
        at++;
      } else if (meaning === 2) {
        if (first < 0) first = at;
        last = at;
        const letter = buf[at + 1];
        if (letter === LETTER_U) {
          if (!isHex4(buf, at + 2)) return -1;
          at += 6;
        } else if (SIMPLE[letter] > 0) {
          at += 2;
        } else {
          return -1;
        }
      } else {
        break;
      }
    }
    if (buf[at] !== QUOTE) return -1;
    this.firstEscape = first;
    this.endsInNewline = last >= 0 && last === at - 2 && buf[at - 1] === LETTER_N;
    return at;
  }
}

function isHex4(buf: Buffer, at: number): boolean {
  for (let i = at; i < at + 4; i++) if (!(HEX[buf[i]] < 16)) return false;
  return true;
}

function hex4(buf: Buffer, at: number): number {
  return (HEX[buf[at]] << 12) | (HEX[buf[at + 1]] << 8) | (HEX[buf[at + 2]] << 4) | HEX[buf[at + 3]];
}

/**
 * Unescapes buf[from .. to) in place, text that `scan` found valid, and returns its new end: never a longer text.
 * Surrogate pairs become their character, lone surrogates U+FFFD, as UTF-8.
 */
export function unescapeInPlace(buf: Buffer, from: number, to: number): number {
  let write = from;
  let read = from;
  while (read < to) {
    const byte = buf[read];
    if (byte !== BACKSLASH) {
      buf[write++] = byte;
      read++;
      continue;
    }
    const letter = buf[read + 1];
    if (letter !== LETTER_U) {
      buf[write++] = SIMPLE[letter];
      read += 2;
      continue;
    }
    let code = hex4(buf, read + 2);
    read += 6;
    if (code >= HIGH_SURROGATE && code < AFTER_SURROGATES) {
      const low = code < LOW_SURROGATE && followedByLow(buf, read, to) ? hex4(buf, read + 2) : 0;
      if (low > 0) {
        code = 0x10000 + ((code - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE);
        read += 6;
      } else {
        code = REPLACEMENT;
      }
    }
    write = writeUtf8(buf, write, code);
  }
  return write;
}

function followedByLow(buf: Buffer, at: number, to: number): boolean {
  if (at + 6 > to || buf[at] !== BACKSLASH || buf[at + 1] !== LETTER_U) return false;
  const code = hex4(buf, at + 2);
  return code >= LOW_SURROGATE && code < AFTER_SURROGATES;
}

function writeUtf8(buf: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    buf[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    buf[at] = 0xc0 | (code >> 6);
    buf[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    buf[at] = 0xe0 | (code >> 12);
    buf[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    buf[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  buf[at] = 0xf0 | (code >> 18);
  buf[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  buf[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  buf[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
