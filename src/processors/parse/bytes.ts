/** Small steps through the bytes of a line. */

export const [SPACE, QUOTE, BACKSLASH, EQUALS, OPEN, CLOSE, LESS, COLON, DASH, ZERO, NINE] =
  Buffer.from(' "\\=[]<:-09');

/** Do the bytes of `word` stand at `at`, before `end`? */
export function standsAt(word: Buffer, data: Buffer, at: number, end: number): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (data[at + i] !== word[i]) return false;
  return true;
}

/** Where the next `byte` is at or behind `at`; `end` where there is none. */
export function find(data: Buffer, byte: number, at: number, end: number): number {
  while (at < end && data[at] !== byte) at++;
  return at;
}

export function pastDigits(data: Buffer, at: number, end: number): number {
  while (at < end && data[at] >= ZERO && data[at] <= NINE) at++;
  return at;
}

/** Where the quote is that closes a text which begins at `at`, behind its opening one; `end` where there is none. */
export function closingQuote(data: Buffer, at: number, end: number): number {
  while (at < end && data[at] !== QUOTE) at += data[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, end);
}

/** Does the line stand for a clock's time at `at`, as 15:04:05 does? */
export function isClock(data: Buffer, at: number, end: number): boolean {
  if (at + 8 > end) return false;
  for (let i = 0; i < 8; i++) {
    const byte = data[at + i];
    if (i === 2 || i === 5 ? byte !== COLON : byte < ZERO || byte > NINE) return false;
  }
  return true;
}

/** Does a day stand at `at`, as 2006-01-02 does, and a `T` behind it? */
export function isDayAndT(data: Buffer, at: number, end: number): boolean {
  if (at + 11 > end || data[at + 10] !== 0x54) return false;
  for (let i = 0; i < 10; i++) {
    const byte = data[at + i];
    if (i === 4 || i === 7 ? byte !== DASH : byte < ZERO || byte > NINE) return false;
  }
  return true;
}
