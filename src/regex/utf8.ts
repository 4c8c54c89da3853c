/** One character of UTF-8, as decoders of the platform read it: what is no character is U+FFFD, as long as it could have become one. */

const REPLACEMENT = 0xfffd;

/** Code point << 3 | bytes it takes, of the character at data[at]; at least one byte is there. */
export function decodeChar(data: Uint8Array, at: number, end: number): number {
  const first = data[at];
  if (first < 0x80) return (first << 3) | 1;
  const length = first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length === 1) return (REPLACEMENT << 3) | 1;
  // The second byte's bounds leave out what is written too long, surrogates, and what is beyond the last character.
  let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  let char = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? data[at + i] : 0;
    if (byte < low || byte > high) return (REPLACEMENT << 3) | i;
    char = (char << 6) | (byte & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return (char << 3) | length;
}
