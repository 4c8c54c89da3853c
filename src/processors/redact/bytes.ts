/** Kinds of bytes, and what rules ask of the bytes around a place. A byte of a character beyond ASCII is none of the kinds. */

export const DIGIT = 1;
export const UPPER = 2;
export const LOWER = 4;
export const LETTER = UPPER | LOWER;
export const ALNUM = DIGIT | LETTER;
/** - and _ */
export const DASH = 8;
/** What base64 has beside letters and digits, in its usual form: + / = */
export const PLUS = 16;
/** . ~ */
export const DOT = 32;
/** Space, tab and what ends lines. */
export const SPACE = 64;
/** " ' ` */
export const QUOTE = 128;

export const KINDS = new Uint8Array(256);
for (let byte = 0x30; byte <= 0x39; byte++) KINDS[byte] = DIGIT;
for (let byte = 0x41; byte <= 0x5a; byte++) KINDS[byte] = UPPER;
for (let byte = 0x61; byte <= 0x7a; byte++) KINDS[byte] = LOWER;
for (const [kind, bytes] of [
  [DASH, '-_'],
  [PLUS, '+/='],
  [DOT, '.~'],
  [SPACE, ' \t\r\n'],
  [QUOTE, '"\'`'],
] as const)
  for (const char of bytes) KINDS[char.charCodeAt(0)] = kind;

export function isKind(byte: number, kinds: number): boolean {
  return (KINDS[byte] & kinds) !== 0;
}

/** The end of the run of bytes of these kinds that begins at `from`, at most `to`. */
export function runEnd(data: Uint8Array, from: number, to: number, kinds: number): number {
  let at = from;
  while (at < to && (KINDS[data[at]] & kinds) !== 0) at++;
  return at;
}

/** The start of the run of bytes of these kinds that ends before `to`, at least `from`. */
export function runStart(data: Uint8Array, from: number, to: number, kinds: number): number {
  let at = to;
  while (at > from && (KINDS[data[at - 1]] & kinds) !== 0) at--;
  return at;
}

/**
 * Does something begin at `at` that is not the rest of a longer word? Behind an escape (`\n`, `%3D`) it does, though a
 * letter stands there.
 */
export function isWordStart(data: Uint8Array, at: number, start: number, kinds = ALNUM): boolean {
  if (at === start || !isKind(data[at - 1], kinds)) return true;
  if (at - 2 < start) return false;
  const before = data[at - 2];
  if (before === BACKSLASH) return data[at - 1] === 0x6e || data[at - 1] === 0x74 || data[at - 1] === 0x72;
  return at - 3 >= start && data[at - 3] === PERCENT && isHex(before) && isHex(data[at - 1]);
}

/** `text` is of ASCII. */
export function hasAt(data: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (data[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whatever its case; `text` is of small letters and what is no letter. */
export function hasFoldedAt(data: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (lower(data[at + i]) !== text.charCodeAt(i)) return false;
  return true;
}

export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

export function upper(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte & ~0x20 : byte;
}

export function isHex(byte: number): boolean {
  return isKind(byte, DIGIT) || (lower(byte) >= 0x61 && lower(byte) <= 0x66);
}

/** Of the blank at `at`, also as URLs have it; 0 where there is none. */
export function blankLength(data: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  return data[at] === 0x20 ? 1 : data[at] === PERCENT && hasAt(data, at, end, '%20') ? 3 : 0;
}

/** Of data[from .. to), which is short. */
export function textOf(data: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(data[at]);
  return text;
}

export const BACKSLASH = 0x5c;
export const PERCENT = 0x25;
