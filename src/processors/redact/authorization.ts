/**
 * What stands behind `Bearer` and `Basic`, in headers and elsewhere (RFC 6750, RFC 7617). In prose these are words: so a bearer token
 * must look like one (`Bearer authentication failed` does not), and basic credentials be base64 of a name, a colon and
 * a password. Behind `Authorization:` whatever follows counts.
 */
import {
  ALNUM,
  DASH,
  DIGIT,
  DOT,
  hasFoldedAt,
  isKind,
  isWordStart,
  LOWER,
  PLUS,
  QUOTE,
  runEnd,
  SPACE,
  textOf,
  UPPER,
} from './bytes.js';
import type { Finding, Rule } from './rule.js';

const TOKEN = ALNUM | DASH | PLUS | DOT;
const COLON = 0x3a;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const LEAST_TOKEN = 8;
/** Without a digit: so long is no word. */
const LEAST_LETTERS = 32;
const LEAST_BASE64 = 4;
/** As much of it as is decoded to see whether it is text. */
const MAX_DECODED = 256;
const HEADER = 'authorization';
/** Quotes, colons and spaces between it and the scheme. */
const MAX_SIGNS = 8;
const MAX_SCHEME = 32;

export const BEARER: Rule = {
  name: 'bearer',
  places: [{ first: 'bB', second: 'eE' }],
  find(data, at, start, end, found: Finding) {
    const token = behindWord('bearer', data, at, start, end);
    if (token === 0) return false;
    const to = runEnd(data, token, end, TOKEN);
    const isInHeader = isBehindHeader(data, at - 1, start);
    if (to === token || isParameter(data, token, to, end) || !(isInHeader || isToken(data, token, to)))
      return false;
    found.from = token;
    found.to = to;
    return true;
  },
};

export const BASIC: Rule = {
  name: 'basic',
  places: [{ first: 'bB', second: 'aA' }],
  find(data, at, start, end, found: Finding) {
    const token = behindWord('basic', data, at, start, end);
    if (token === 0) return false;
    const to = runEnd(data, token, end, TOKEN);
    const isInHeader = isBehindHeader(data, at - 1, start);
    if (
      to === token ||
      isParameter(data, token, to, end) ||
      !(isInHeader || isNameAndPassword(data, token, to))
    )
      return false;
    found.from = token;
    found.to = to;
    return true;
  },
};

/** `Authorization: Token 9944…`, `Authorization: ApiKey …`: any other scheme. */
export const OTHER_SCHEME: Rule = {
  name: 'credentials',
  places: [{ before: 'oO', first: 'nN', second: ':="\'\\' }],
  find(data, at, start, end, found: Finding) {
    if (!hasFoldedAt(data, Math.max(start, at - HEADER.length), at, HEADER)) return false;
    let scheme = at;
    while (scheme < end && scheme < at + MAX_SIGNS && !isKind(data[scheme], ALNUM)) scheme++;
    const schemeEnd = runEnd(data, scheme, Math.min(end, scheme + MAX_SCHEME), ALNUM | DASH);
    if (schemeEnd === scheme || data[schemeEnd] !== 0x20 || schemeEnd + 1 >= end) return false;
    const word = textOf(data, scheme, schemeEnd).toLowerCase();
    if (word === 'bearer' || word === 'basic') return false;
    const to = runEnd(data, schemeEnd + 1, end, TOKEN);
    if (to - schemeEnd - 1 < LEAST_TOKEN) return false;
    found.from = schemeEnd + 1;
    found.to = to;
    return true;
  },
};

/** What is behind the word that begins before `at`, and white space; 0 where the word is another one, or nothing is. */
function behindWord(word: string, data: Uint8Array, at: number, start: number, end: number): number {
  const from = at - 1;
  const wordEnd = from + word.length;
  if (!hasFoldedAt(data, from, end, word) || !isWordStart(data, from, start)) return 0;
  let token = runEnd(data, wordEnd, Math.min(end, wordEnd + MAX_DECODED), SPACE);
  // As in URLs and in forms.
  if (token === wordEnd && data[token] === PERCENT && hasFoldedAt(data, token, end, '%20')) token += 3;
  return token > wordEnd ? token : 0;
}

/** Does `authorization:` stand before, in any of the usual forms? */
function isBehindHeader(data: Uint8Array, word: number, start: number): boolean {
  let at = word;
  const least = Math.max(start, word - MAX_SIGNS);
  while (at > least && !isKind(data[at - 1], ALNUM)) at--;
  return at < word && hasFoldedAt(data, Math.max(start, at - HEADER.length), at, HEADER);
}

/** Not `Bearer realm="…"`: the run of a token ends behind the sign there. */
function isParameter(data: Uint8Array, from: number, to: number, end: number): boolean {
  if (to >= end || data[to - 1] !== EQUALS || !isKind(data[to], QUOTE)) return false;
  return runEnd(data, from, to - 1, LOWER | DASH) === to - 1;
}

function isToken(data: Uint8Array, from: number, to: number): boolean {
  if (to - from < LEAST_TOKEN) return false;
  let kinds = 0;
  for (let at = from; at < to; at++) kinds |= DIGIT_OR_CASE[data[at]];
  return (kinds & DIGIT) !== 0 || (to - from >= LEAST_LETTERS && kinds === (UPPER | LOWER));
}

const DIGIT_OR_CASE = Uint8Array.from({ length: 256 }, (_, byte) =>
  isKind(byte, DIGIT) ? DIGIT : isKind(byte, UPPER) ? UPPER : isKind(byte, LOWER) ? LOWER : 0,
);

/** Base64 of text with a colon in it. */
function isNameAndPassword(data: Uint8Array, from: number, to: number): boolean {
  if (to - from < LEAST_BASE64) return false;
  const text = Buffer.from(textOf(data, from, Math.min(to, from + MAX_DECODED)), 'base64');
  return text.includes(COLON) && text.every((byte) => byte >= 0x20 && byte !== 0x7f);
}
