/**
 * Addresses of e-mail: `name@host.domain`, also with `%40` for the sign, as in URLs. What looks alike and is none: pictures for
 * sharp screens (`icon@2x.png`), units of systemd (`getty@tty1.service`), the user of repositories (`git@host:…`), versions
 * (`left-pad@1.3.0`), objects of Java.
 */
import { ALNUM, hasAt, hasFoldedAt, isKind, LETTER, runStart, textOf } from './bytes.js';
import { DIGITS, type Finding, LOWERS, type Rule, UPPERS } from './rule.js';

const AT = 0x40;
const MAX_NAME = 64;
const MAX_HOST = 253;
const LEAST_DOMAIN = 2;
const MAX_DOMAIN = 24;

/** Ends of names of files and units. */
const NO_DOMAINS = new Set(
  (
    'png jpg jpeg gif svg webp avif ico css js mjs ts json html htm xml yaml yml txt log gz zip tar md ' +
    'service socket target timer slice scope mount device path swap'
  ).split(' '),
);

/** Letters, digits, signs, and everything beyond ASCII. */
const IN_NAME = table('.!#$&*+-/=?^_{|}~');
const IN_HOST = table('.-');

export const EMAIL: Rule = {
  name: 'email',
  places: [
    { first: `${DIGITS}${UPPERS}${LOWERS}_+-`, second: '@' },
    { first: '%', second: '4' },
  ],
  find(data, at, start, end, found: Finding) {
    const isEscaped = data[at] !== AT;
    if (isEscaped && !(at + 1 < end && data[at + 1] === 0x30)) return false;
    const nameEnd = isEscaped ? at - 1 : at;
    const from = nameStart(data, start, nameEnd);
    if (from === nameEnd || nameEnd - from > MAX_NAME) return false;
    const host = isEscaped ? at + 2 : at + 1;
    const to = hostEnd(data, host, end);
    if (to === 0) return false;
    if (nameEnd - from === 3 && hasAt(data, from, nameEnd, 'git')) return false;
    found.from = from;
    found.to = to;
    return true;
  },
};

/** A name holds = & / and more, but in logs these mostly stand before it: what is behind the last of them counts. */
function nameStart(data: Uint8Array, start: number, nameEnd: number): number {
  const least = Math.max(start, nameEnd - MAX_NAME - 1);
  let from = nameEnd;
  while (from > least && IN_NAME[data[from - 1]] === 1) from--;
  for (let at = nameEnd - 1; at >= from; at--)
    if (SPLITS.has(data[at])) {
      from = at + 1;
      break;
    }
  // A dot or a sign in front is of the sentence.
  while (from < nameEnd && !isKind(data[from], ALNUM) && data[from] < 0x80 && data[from] !== 0x5f) from++;
  // Of an escape: `\nmax@…`, `%3Dmax@…`.
  if (
    from > start &&
    data[from - 1] === 0x5c &&
    nameEnd - from > 1 &&
    'nrt'.includes(String.fromCharCode(data[from]))
  )
    from++;
  return from;
}

/** Where the host ends; 0 where there is none with a domain. */
function hostEnd(data: Uint8Array, from: number, end: number): number {
  const most = Math.min(end, from + MAX_HOST);
  let to = from;
  while (to < most && IN_HOST[data[to]] === 1) to++;
  while (to > from && !isKind(data[to - 1], ALNUM) && data[to - 1] < 0x80) to--;
  if (to === from || !(isKind(data[from], ALNUM) || data[from] >= 0x80)) return 0;
  const domain = runStart(data, from, to, LETTER);
  const length = to - domain;
  const isPunycode = hasPunycode(data, from, to);
  if (
    !isPunycode &&
    (length < LEAST_DOMAIN || length > MAX_DOMAIN || domain <= from || data[domain - 1] !== 0x2e)
  )
    return 0;
  return NO_DOMAINS.has(textOf(data, domain, to).toLowerCase()) ? 0 : to;
}

/** `bücher.xn--p1ai` */
function hasPunycode(data: Uint8Array, from: number, to: number): boolean {
  let dot = to;
  while (dot > from && data[dot - 1] !== 0x2e) dot--;
  return dot > from && hasFoldedAt(data, dot, to, 'xn--');
}

const SPLITS = new Set(Array.from('=&/?{|}$#!*', (char) => char.charCodeAt(0)));

function table(signs: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    byte >= 0x80 || isKind(byte, ALNUM) || signs.includes(String.fromCharCode(byte)) ? 1 : 0,
  );
}
