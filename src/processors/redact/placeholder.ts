/** What stands where a secret would: nothing is to be hidden there. */
import { isKind, lower, UPPER } from './bytes.js';

const WORDS = new Set(
  (
    'null nil none undefined true false empty unset redacted filtered masked hidden removed secret_removed omitted sanitized ' +
    'yes no ok n/a na required optional missing invalid incorrect wrong mismatch expired failed failure accepted rejected ' +
    'changed updated reset unknown disabled enabled denied valid set provided present given not is was are has must cannot ' +
    'should string text password? object function undefined; loading validation'
  ).split(' '),
);
const LONGEST_WORD = 20;
/** Signs of which masks are made: * x X . _ - # • (as bytes) */
const MASK = new Uint8Array(256);
for (const byte of [0x2a, 0x78, 0x58, 0x2e, 0x5f, 0x2d, 0x23, 0xe2, 0x80, 0xa2]) MASK[byte] = 1;

/** `****`, `[REDACTED]`, `null`, `${PASSWORD}`, `%s`, `<password>`. */
export function isPlaceholder(data: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length <= 0 || isMask(data, from, to)) return true;
  const first = data[from];
  const second = length > 1 ? data[from + 1] : 0;
  switch (first) {
    case 0x5b: // [
    case 0x3c: // <
      return length > 2;
    case 0x24: // $
      return second === 0x7b || second === 0x28 || isVariable(data, from + 1, to);
    case 0x25: // %
      return length === 2 || second === 0x7b || second === 0x28;
    case 0x7b: // {
      return second === 0x7b || data[to - 1] === 0x7d;
  }
  return length <= LONGEST_WORD && WORDS.has(foldedText(data, from, to));
}

function isMask(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (MASK[data[at]] === 0) return false;
  return true;
}

function isVariable(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isKind(data[at], UPPER) && data[at] !== 0x5f) return false;
  return true;
}

function foldedText(data: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(lower(data[at]));
  return text;
}
