/** Kinds of bytes, and colours among them. Bytes beyond ASCII are letters of no kind. */

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[A-Z]/.test(char) ? 3 : /[a-z]/.test(char) ? 1 : /[0-9]/.test(char) ? 4 : 0;
});
const ESCAPE = 0x1b;
const BRACKET = 0x5b;

export function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (KINDS[byte] & 1) !== 0;
}

export function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && (KINDS[byte] & 2) !== 0;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && (KINDS[byte] & 4) !== 0;
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
