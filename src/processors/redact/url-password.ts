/**
 * The password in `scheme://name:password@host` (RFC 3986), and in the form without a scheme that drivers of MySQL write:
 * `name:password@tcp(host:3306)`. The name stays.
 */
import { isKind, LETTER, QUOTE, SPACE } from './bytes.js';
import { isPlaceholder } from './placeholder.js';
import type { Finding, Rule } from './rule.js';

const SLASH = 0x2f;
const COLON = 0x3a;
const AT = 0x40;
/** Of name, password and host together. */
const MAX_AUTHORITY = 1024;
/** What ends an authority: white space, quotes, and what may not be in one. */
const ENDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  isKind(byte, SPACE | QUOTE) || '/?#<>\\^{}|'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

export const URL_PASSWORD: Rule = {
  name: 'url_password',
  places: [
    { before: ':', first: '/', second: '/' },
    { first: '@', second: 'tu' },
  ],
  find(data, at, start, end, found: Finding) {
    return data[at] === SLASH
      ? inUrl(data, at, start, end, found)
      : beforeDriver(data, at, start, end, found);
  },
};

function inUrl(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean {
  // In JSON slashes are escaped now and then.
  if (at - 3 < start || data[at - 2] !== COLON || !isKind(data[at - 3], LETTER | 1)) return false;
  let colon = 0;
  let sign = 0;
  const most = Math.min(end, at + 1 + MAX_AUTHORITY);
  for (let to = at + 1; to < most; to++) {
    const byte = data[to];
    if (byte === COLON && colon === 0) colon = to;
    else if (byte === AT) sign = to;
    else if (ENDS[byte] === 1) break;
  }
  return sign > colon + 1 && colon > 0 && isPassword(data, colon + 1, sign, found);
}

function beforeDriver(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean {
  const isDriver = [0x74, 0x63, 0x70, 0x28].every((byte, i) => data[at + i] === byte);
  const isSocket = [0x75, 0x6e, 0x69, 0x78, 0x28].every((byte, i) => data[at + i] === byte);
  if (at + 4 >= end || !(isDriver || isSocket)) return false;
  const least = Math.max(start, at - 1 - MAX_AUTHORITY);
  let colon = 0;
  for (let from = at - 2; from >= least && !isKind(data[from], SPACE | QUOTE); from--)
    if (data[from] === COLON) colon = from;
  return colon > 0 && colon + 1 < at - 1 && isPassword(data, colon + 1, at - 1, found);
}

function isPassword(data: Uint8Array, from: number, to: number, found: Finding): boolean {
  if (isPlaceholder(data, from, to)) return false;
  found.from = from;
  found.to = to;
  return true;
}
