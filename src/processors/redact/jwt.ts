/**
 * JSON Web Tokens: `<header>.<payload>.<signature>`, base64url; encrypted ones have five parts. A header is JSON, so that it
 * begins with `eyJ`, which is `{"`. One whose end was cut off is a token still, as far as its payload begins.
 */
import { ALNUM, DASH, hasAt, isWordStart, runEnd } from './bytes.js';
import type { Finding, Rule } from './rule.js';

const DOT = 0x2e;
const URL_SAFE = ALNUM | DASH;
const LEAST_HEADER = 12;
const LEAST_PART = 4;
const PARTS = 5;

export const JWT: Rule = {
  name: 'jwt',
  places: [{ before: 'e', first: 'y', second: 'J' }],
  find(data, at, start, end, found: Finding) {
    const from = at - 2;
    if (from < start || data[from] !== 0x65 || !isWordStart(data, from, start, URL_SAFE)) return false;
    let to = runEnd(data, at + 1, end, URL_SAFE);
    if (to - from < LEAST_HEADER || data[to] !== DOT || to + 1 >= end) return false;
    const isPayloadJson = hasAt(data, to + 1, end, 'eyJ');
    let parts = 1;
    for (; parts < PARTS && to < end && data[to] === DOT; parts++) {
      const next = runEnd(data, to + 1, end, URL_SAFE);
      // Without a signature the last part is empty.
      if (next - to - 1 < LEAST_PART && parts !== 2) break;
      to = next;
    }
    if (parts < 2 || (parts < 3 && !isPayloadJson)) return false;
    found.from = from;
    found.to = to;
    return true;
  },
};
