/** Kinds of bytes, and colours among them. Bytes beyond ASCII are letters of no kind. */

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[A-Z]/.test(char) ? 3 : /[a-z]/.test(char) ? 1 : /[0-9]/.test(char) ? 4 : 0;
});
/** Each letter in lower case; 0 for what is none. */
export const LETTERS = Uint8Array.from(KINDS, (kind, byte) => ((kind & 1) === 0 ? 0 : byte | 0x20));
const ESCAPE = 0x1b;
const BRACKET = 0x5b;

/** Of no byte at all: false. */
export function isLetter(byte: number | undefined): boolean {
  return (KINDS[byte as number] & 1) !== 0;
}

export function isCapital(byte: number | undefined): boolean {
  return (KINDS[byte as number] & 2) !== 0;
}

export function isDigit(byte: number | undefined): boolean {
  return (KINDS[byte as number] & 4) !== 0;
}

/** Where what is no colour goes on: behind the sequences ESC [ … letter that begin at `at`. */
export function pastColours(data: Buffer, at: number, end: number): number {
  while (at + 1 < end && data[at] === ESCAPE && data[at + 1] === BRACKET) {
    at += 2;
    while (at < end && !isLetter(data[at])) at++;
    at++;
  }
  return Math.min(at, end);
}
