/** Backslashes in quoted texts, as JSON and Go write them. */

const [BACKSLASH, LOWER_U, UPPER_U, LOWER_X] = Buffer.from('\\uUx');
/** What a letter behind a backslash stands for. */
const ESCAPES = new Uint8Array(256);
for (const [letter, char] of ['""', "''", '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t', 'v\v', 'a\x07'])
  ESCAPES[letter.charCodeAt(0)] = char.charCodeAt(0);
const HEX = Int8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
});
const REPLACEMENT = 0xfffd;
const LAST_CHAR = 0x10ffff;

/** Of so many digits; less than 0 where they are none. */
export function hexAt(data: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = HEX[data[i]];
    if (!(digit >= 0)) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/**
 * Writes what data[from .. to) stands for in UTF-8, and answers where it ends; that is never more than it was. An escape that
 * is not known stays as it is; \\x is a byte.
 */
export function unescape(data: Buffer, from: number, to: number, into: Buffer, at: number): number {
  for (let i = from; i < to; i++) {
    const byte = data[i];
    if (byte !== BACKSLASH || i + 1 >= to) {
      into[at++] = byte;
      continue;
    }
    const letter = data[i + 1];
    const digits = letter === LOWER_U ? 4 : letter === UPPER_U ? 8 : letter === LOWER_X ? 2 : 0;
    const char = digits > 0 && i + 1 + digits < to ? hexAt(data, i + 2, digits) : -1;
    if (char >= 0) {
      i += 1 + digits;
      if (letter === LOWER_X) {
        into[at++] = char;
        continue;
      }
      const low = isHigh(char) && i + 6 < to && isEscapeU(data, i + 1) ? hexAt(data, i + 3, 4) : -1;
      if (isLow(low)) {
        at = putChar(0x10000 + ((char - 0xd800) << 10) + (low - 0xdc00), into, at);
        i += 6;
      } else at = putChar(isHigh(char) || isLow(char) || char > LAST_CHAR ? REPLACEMENT : char, into, at);
    } else if (ESCAPES[letter] > 0) {
      into[at++] = ESCAPES[letter];
      i++;
    } else into[at++] = byte;
  }
  return at;
}

function isEscapeU(data: Buffer, at: number): boolean {
  return data[at] === BACKSLASH && data[at + 1] === LOWER_U;
}

function isHigh(char: number): boolean {
  return char >= 0xd800 && char < 0xdc00;
}

function isLow(char: number): boolean {
  return char >= 0xdc00 && char < 0xe000;
}

function putChar(char: number, into: Buffer, at: number): number {
  if (char < 0x80) {
    into[at++] = char;
    return at;
  }
  if (char < 0x800) into[at++] = 0xc0 | (char >> 6);
  else {
    if (char < 0x10000) into[at++] = 0xe0 | (char >> 12);
    else {
      into[at++] = 0xf0 | (char >> 18);
      into[at++] = 0x80 | ((char >> 12) & 0x3f);
    }
    into[at++] = 0x80 | ((char >> 6) & 0x3f);
  }
  into[at++] = 0x80 | (char & 0x3f);
  return at;
}
