/** Addresses of hosts, version 4 and 6. Only on request: versions (`1.2.3.4`) look the same, and most people want addresses. */
import { isIPv4, isIPv6 } from 'node:net';
import { ALNUM, DIGIT, isHex, isKind, isWordStart, runStart, textOf } from './bytes.js';
import { DIGITS, type Finding, type Rule } from './rule.js';

const COLON = 0x3a;
const DOT = 0x2e;
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const MAX_ADDRESS = 45;

export const IP: Rule = {
  name: 'ip',
  places: [
    { first: DIGITS, second: '.' },
    { first: `${DIGITS}abcdefABCDEF:`, second: ':' },
  ],
  find(data, at, start, end, found: Finding) {
    return data[at] === DOT ? version4(data, at, start, end, found) : version6(data, at, start, end, found);
  },
};

function version4(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean {
  const from = runStart(data, Math.max(start, at - 4), at, DIGIT);
  if (!isWordStart(data, from, start) || (from > start && data[from - 1] === DOT)) return false;
  const most = Math.min(end, from + 16);
  let to = from;
  while (to < most && (isKind(data[to], DIGIT) || data[to] === DOT)) to++;
  while (data[to - 1] === DOT) to--;
  if ((to < end && isKind(data[to], ALNUM)) || !isIPv4(textOf(data, from, to))) return false;
  found.from = from;
  found.to = to;
  return true;
}

function version6(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean {
  const least = Math.max(start, at - 5);
  let from = at;
  while (from > least && (isHex(data[from - 1]) || data[from - 1] === COLON)) from--;
  // Only the beginning of a run is asked about: an address has a colon among its first five bytes.
  if (!isWordStart(data, from, start) || (from > start && data[from - 1] === COLON)) return false;
  const most = Math.min(end, from + MAX_ADDRESS + 1);
  let to = from;
  while (to < most && (isHex(data[to]) || data[to] === COLON || data[to] === DOT)) to++;
  while (to > from && (data[to - 1] === DOT || (data[to - 1] === COLON && data[to - 2] !== COLON))) to--;
  if (to - from < 4 || (to < end && isKind(data[to], ALNUM)) || !isIPv6(textOf(data, from, to))) return false;
  found.from = from;
  found.to = to;
  return true;
}
