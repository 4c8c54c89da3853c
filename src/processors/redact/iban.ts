/**
 * Numbers of bank accounts (ISO 13616): country, two check digits, then as many letters and digits as the country has, in one
 * piece or in groups of four. The whole, country and check digits put behind, is 1 modulo 97.
 */
import { ALNUM, blankLength, DIGIT, isKind, isWordStart, UPPER } from './bytes.js';
import { DIGITS, type Finding, type Rule, UPPERS } from './rule.js';

/** Characters in all, by country, as the register has them. */
const LENGTHS =
  'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27' +
  'GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22' +
  'MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28' +
  'TL23TN24TR26UA29VA22VG24XK20YE30';
const LENGTH_BY_COUNTRY = new Map(
  [...LENGTHS.matchAll(/([A-Z]{2})(\d\d)/g)].map(([, country, length]) => [
    country.charCodeAt(0) * 256 + country.charCodeAt(1),
    Number(length),
  ]),
);

export const IBAN: Rule = {
  name: 'iban',
  places: [{ before: UPPERS, first: UPPERS, second: DIGITS }],
  find(data, at, start, end, found: Finding) {
    const from = at - 2;
    if (from < start || at + 1 >= end || !isKind(data[at + 1], DIGIT)) return false;
    const length = LENGTH_BY_COUNTRY.get(data[from] * 256 + data[from + 1]);
    if (length === undefined || !isWordStart(data, from, start)) return false;
    const gap = blankLength(data, from + 4, end);
    let rest = 0;
    let head = 0;
    let to = from;
    for (let count = 0; count < length; count++) {
      if (gap > 0 && count > 0 && count % 4 === 0) {
        if (blankLength(data, to, end) !== gap) return false;
        to += gap;
      }
      if (to >= end || !isKind(data[to], UPPER | DIGIT)) return false;
      const value = valueOf(data[to]);
      // What comes first counts last.
      if (count < 4) head = head * (value > 9 ? 100 : 10) + value;
      else rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
      to++;
    }
    if (to < end && isKind(data[to], ALNUM)) return false;
    // Two letters and two digits: six digits in all.
    if ((rest * 1_000_000 + head) % 97 !== 1) return false;
    found.from = from;
    found.to = to;
    return true;
  },
};

/** 0 to 9, and 10 for A to 35 for Z. */
function valueOf(byte: number): number {
  return isKind(byte, DIGIT) ? byte - 0x30 : byte - 0x37;
}
