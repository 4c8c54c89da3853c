/**
 * Private keys that programs print line by line. Behind a line that ends within a key, lines of base64 belong to it, until its end
 * or until a line that is none of a key: these could not be known by what they hold.
 */
import { ALNUM, hasAt, isKind, PLUS, runStart, SPACE } from './bytes.js';

/** A line of a key is 64 to 76 long; what stands before it may be a time and a name. */
const LEAST_BEHIND_HEAD = 32;
/** Base64 is padded: a word of another length is just a word. */
const BASE64_UNIT = 4;
const COLON = 0x3a;

/** Which part of a line behind the beginning of a key is of the key: data[from .. end). Undefined: it is no line of a key. */
export function keyPartOf(data: Uint8Array, start: number, end: number): number | undefined {
  let to = end;
  while (to > start && isKind(data[to - 1], SPACE)) to--;
  if (to === start) return end;
  const from = runStart(data, start, to, ALNUM | PLUS);
  const isWhole = isBlank(data, start, from);
  // The end of this key, or the beginning of another one, which the rule knows.
  if (hasRule(data, start, from)) return undefined;
  const length = to - from;
  if (isWhole && length > 0 && length % BASE64_UNIT === 0) return start;
  if (length >= LEAST_BEHIND_HEAD) return from;
  return isHeader(data, start, to) ? end : undefined;
}

/** `Proc-Type: 4,ENCRYPTED`, `DEK-Info: …`, `Version: GnuPG v2`: nothing of it is secret. */
function isHeader(data: Uint8Array, start: number, end: number): boolean {
  return ['Proc-Type', 'DEK-Info', 'Version', 'Comment'].some(
    (name) => hasAt(data, start, end, name) && data[start + name.length] === COLON,
  );
}

function hasRule(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (hasAt(data, at, to, '-----')) return true;
  return false;
}

function isBlank(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isKind(data[at], SPACE)) return false;
  return true;
}
