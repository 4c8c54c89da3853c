/**
 * Numbers of credit cards: of an issuer's range and length, in one piece or in the groups that are printed on cards, all
 * with the same sign between them, and with Luhn's check digit.
 *
 * Numbers of 19 digits count in groups only: in one piece they are mostly numbers of traces, of which every hundredth
 * would be taken for a card.
 */
import { ALNUM, blankLength, DIGIT, isKind, isWordStart, PERCENT, runEnd } from './bytes.js';
import { DIGITS, type Finding, OTHERS, type Rule } from './rule.js';

const SPACE = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const LEAST_DIGITS = 14;
const MAX_DIGITS = 19;
/** How many digits stand in each group. */
const GROUPS: readonly (readonly number[])[] = [
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 4, 3],
];

/** A fraction is none, and what is behind a dash is the number of an order. */
const BEFORE = OTHERS.replace('.', '').replace('-', '');

const digits = new Uint8Array(MAX_DIGITS);

export const CARD: Rule = {
  name: 'credit_card',
  places: [
    { before: BEFORE, first: '2', second: '234567' },
    { before: BEFORE, first: '3456', second: DIGITS },
  ],
  find(data, second, start, end, found: Finding) {
    const at = second - 1;
    // Most are the beginning of a short number.
    if (at + LEAST_DIGITS > end || !isKind(data[at + 2], DIGIT) || !isKind(data[at + 3], DIGIT)) return false;
    if (!isWordStart(data, at, start)) return false;
    const runs = runEnd(data, at, Math.min(end, at + MAX_DIGITS + 1), DIGIT);
    const to = runs - at === 4 ? groupsEnd(data, at, end) : runs;
    if (to === 0) return false;
    const isGrouped = to !== runs;
    const count = take(data, at, to);
    if (!isGrouped && to < end && isKind(data[to], ALNUM)) return false;
    // The whole part of a number, or of a longer chain of groups.
    if (
      to + 1 < end &&
      (data[to] === DOT || data[to] === DASH || (isGrouped && data[to] === SPACE)) &&
      isKind(data[to + 1], DIGIT)
    )
      return false;
    if (!isOfIssuer(count, isGrouped) || !hasCheckDigit(count)) return false;
    found.from = at;
    found.to = to;
    return true;
  },
};

/** Where groups of digits as on a card end; 0 where they are none. */
function groupsEnd(data: Uint8Array, from: number, end: number): number {
  const gap = gapLength(data, from + 4, end);
  if (gap === 0) return 0;
  const sign = data[from + 4];
  let longest = 0;
  for (const groups of GROUPS) {
    let at = from;
    const isThere = groups.every((size, i) => {
      if (i > 0 && (data[at] !== sign || gapLength(data, at, end) !== gap)) return false;
      if (i > 0) at += gap;
      const to = runEnd(data, at, Math.min(end, at + size + 1), DIGIT);
      if (to - at !== size) return false;
      at = to;
      return true;
    });
    if (isThere && at > longest && !(at < end && isKind(data[at], ALNUM))) longest = at;
  }
  return longest;
}

function gapLength(data: Uint8Array, at: number, end: number): number {
  return at < end && data[at] === DASH ? 1 : blankLength(data, at, end);
}

/** Copies the digits between; answers how many. More than MAX_DIGITS: none. */
function take(data: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    if (data[at] === PERCENT) at += 3;
    if (!isKind(data[at], DIGIT)) continue;
    if (count === MAX_DIGITS) return 0;
    digits[count++] = data[at] - 0x30;
  }
  return count;
}

function isOfIssuer(count: number, isGrouped: boolean): boolean {
  const two = digits[0] * 10 + digits[1];
  const three = two * 10 + digits[2];
  const four = three * 10 + digits[3];
  // American Express; Diners Club.
  if (two === 34 || two === 37) return count === 15;
  if (two === 36 || two === 38 || two === 39 || (three >= 300 && three <= 305)) return count === 14;
  if (count === MAX_DIGITS ? !isGrouped : count !== 16) return false;
  // Visa; Mastercard, twice; JCB; Discover; UnionPay; Maestro.
  return (
    digits[0] === 4 ||
    (two >= 51 && two <= 55) ||
    (four >= 2221 && four <= 2720) ||
    (four >= 3528 && four <= 3589) ||
    four === 6011 ||
    (three >= 644 && three <= 659) ||
    two === 62 ||
    two === 50 ||
    (two >= 56 && two <= 58) ||
    two === 63 ||
    two === 67
  );
}

/** Luhn's sum. One digit alone, as in documents, is none. */
function hasCheckDigit(count: number): boolean {
  let sum = 0;
  let isSame = true;
  for (let i = 0; i < count; i++) {
    const digit = digits[count - 1 - i];
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
    if (digit !== digits[0]) isSame = false;
  }
  return sum % 10 === 0 && !isSame;
}
