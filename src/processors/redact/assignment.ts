/**
 * Secrets that are known by the name they are given to, in the forms in which programs write such pairs:
 *
 *   name=value   name = value   name: value   "name":"value"   \"name\":\"value\"   'name' => 'value'
 *   --name value   <name>value</name>   "name":"DB_PASSWORD","value":"…"
 *
 * Names are compared by their end, without case and without _ - and dots: `db.password`, `DB_PASSWORD` and `dbPassword` end in `password`.
 */
import type { RedactRule } from '../../config/processor-types.js';
import {
  ALNUM,
  BACKSLASH,
  DASH,
  hasFoldedAt,
  isKind,
  LETTER,
  lower,
  QUOTE,
  runEnd,
  SPACE,
  upper,
} from './bytes.js';
import type { Finding, Rule } from './rule.js';

/** How sure it is that what follows is a value: in prose a colon is just a colon. */
export type Form = 'strong' | 'weak';

export interface NamedSecret {
  readonly rule: RedactRule;
  /** The end of the name, of small letters and digits. */
  readonly name: string;
  /** The name must be a word of its own there: `pass` is not in `bypass`. */
  readonly isWord?: boolean;
  /** Whether data[from .. to), the value's first bytes, at least one, are of a secret; `key` is where the whole name begins. */
  readonly accepts: (data: Uint8Array, from: number, to: number, form: Form, key: number) => boolean;
}

const COLON = 0x3a;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const LESS = 0x3c;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const DOT = 0x2e;
const MINUS = 0x2d;
const BLANK = 0x20;
const SEMICOLON = 0x3b;
const AMPERSAND = 0x26;
const MAX_NAME = 64;
/** A value is judged by so many of its first bytes: what is refused must not be read again and again. */
const JUDGED = 48;
const MAX_BLANKS = 16;
const VALUE_KEY = 'value';
const IN_NAME = ALNUM | DASH;
/** What a byte may mean for a value that is not quoted. */
const INSIDE = 0;
const ENDS = 1;
/** Where a space, a quote, the end, the next pair or another one of these follows. */
const CLOSES = 2;
const ESCAPES = 3;
const ROLES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (isKind(byte, SPACE | QUOTE) || byte === LESS) return ENDS;
  if (',;&)]}>'.includes(String.fromCharCode(byte))) return CLOSES;
  return byte === BACKSLASH ? ESCAPES : INSIDE;
});

/** In place of a number of backslashes before a quote. */
const NO_QUOTE = -1;
const ELEMENT = -2;

/** Where a value's first bytes stand, as `valueBehind` finds it, and how many backslashes before its quote. */
const value = { from: 0, to: 0, form: 'strong' as Form, slashes: NO_QUOTE };

export class NamedSecrets {
  /** By the last letter of their names. */
  readonly #byLast: (readonly NamedSecret[])[] = [];
  /** The last two letters of one of them, by both. */
  readonly #endings = new Uint8Array(256 * 256);

  constructor(secrets: readonly NamedSecret[]) {
    for (const secret of secrets) {
      const [first, last] = [
        secret.name.charCodeAt(secret.name.length - 2),
        secret.name.charCodeAt(secret.name.length - 1),
      ];
      this.#byLast[last] = [...(this.#byLast[last] ?? []), secret];
      for (const a of [first, upper(first)])
        for (const b of [last, upper(last)]) this.#endings[a * 256 + b] = 1;
    }
  }

  /** The secret with whose name data[start .. nameEnd) ends. */
  of(data: Uint8Array, start: number, nameEnd: number): NamedSecret | undefined {
    if (nameEnd - start < 2 || this.#endings[data[nameEnd - 2] * 256 + data[nameEnd - 1]] === 0)
      return undefined;
    return this.#byLast[lower(data[nameEnd - 1])].find((secret) => isNamed(secret, data, start, nameEnd));
  }
}

/** Asks for the values of all names at once; the name of the rule that is found is the secret's. */
export function assignmentRule(secrets: readonly NamedSecret[]): Rule {
  const named = new NamedSecrets(secrets);
  const ends = [...new Set(secrets.map(({ name }) => name.slice(-2)))];
  return {
    name: 'credentials',
    places: [
      ...ends.map(([first, last]) => ({
        before: first + first.toUpperCase(),
        first: last + last.toUpperCase(),
        second: '=:"\'\\>',
      })),
      { first: ' ', second: '=:' },
      { before: ' "\'=[', first: '-', second: '-' },
    ],
    find(data, at, start, end, found: Finding) {
      if (data[at] === MINUS) return ofOption(named, data, at, start, end, found);
      let nameEnd = at;
      if (data[at - 1] === BLANK)
        while (nameEnd > start && nameEnd > at - MAX_BLANKS && isKind(data[nameEnd - 1], SPACE)) nameEnd--;
      const secret = named.of(data, start, nameEnd);
      return secret !== undefined && take(secret, data, start, nameEnd, end, found);
    },
  };
}

/** `--password hunter2` */
function ofOption(
  named: NamedSecrets,
  data: Uint8Array,
  at: number,
  start: number,
  end: number,
  found: Finding,
): boolean {
  const nameEnd = runEnd(data, at + 1, Math.min(end, at + 1 + MAX_NAME), IN_NAME);
  if (nameEnd >= end || !isKind(data[nameEnd], SPACE)) return false;
  const secret = named.of(data, start, nameEnd);
  if (!secret) return false;
  const from = runEnd(data, nameEnd, Math.min(end, nameEnd + MAX_BLANKS), SPACE);
  if (from >= end || data[from] === MINUS || data[from] === EQUALS || data[from] === COLON) return false;
  readValue(data, from, end);
  return accept(secret, data, at + 1, end, found);
}

function take(
  secret: NamedSecret,
  data: Uint8Array,
  start: number,
  nameEnd: number,
  end: number,
  found: Finding,
): boolean {
  const key = keyStart(data, start, nameEnd);
  if (!valueBehind(data, key, start, nameEnd, end)) return false;
  // Prose has no names of several words: `db_password: hunter`.
  if (nameEnd - key > secret.name.length) value.form = 'strong';
  return accept(secret, data, key, end, found);
}

function accept(secret: NamedSecret, data: Uint8Array, key: number, end: number, found: Finding): boolean {
  const { from, to, form } = value;
  if (to <= from || !secret.accepts(data, from, to, form, key)) return false;
  found.rule = secret.rule;
  found.from = from;
  found.to = to < from + JUDGED ? to : valueEnd(data, from, end, end);
  return true;
}

/** Does data[start .. nameEnd) end in the secret's name? */
function isNamed({ name, isWord }: NamedSecret, data: Uint8Array, start: number, nameEnd: number): boolean {
  let at = nameEnd;
  for (let left = name.length - 1; left >= 0; ) {
    if (--at < start) return false;
    const byte = data[at];
    if (lower(byte) === name.charCodeAt(left)) left--;
    else if (byte !== DOT && !isKind(byte, DASH)) return false;
  }
  return !(isWord && isInsideWord(data, at, start));
}

/** `bypass`, but not `dbPass`. */
function isInsideWord(data: Uint8Array, at: number, start: number): boolean {
  if (at === start || !isKind(data[at - 1], LETTER)) return false;
  return !(data[at] < 0x61 && data[at - 1] >= 0x61);
}

function keyStart(data: Uint8Array, start: number, nameEnd: number): number {
  const least = Math.max(start, nameEnd - MAX_NAME);
  let at = nameEnd;
  while (at > least && (isKind(data[at - 1], IN_NAME) || data[at - 1] === DOT)) at--;
  return at;
}

/** Finds the value of the name data[key .. nameEnd) in `value`; false where the name is given none. */
function valueBehind(data: Uint8Array, key: number, start: number, nameEnd: number, end: number): boolean {
  let at = nameEnd;
  const isQuoted = at < end && (isKind(data[at], QUOTE) || data[at] === BACKSLASH);
  if (isQuoted) {
    at = quoteEnd(data, at, end);
    if (at === 0) return false;
  }
  if (data[at] === GREATER && key > start && data[key - 1] === LESS) return elementText(data, at + 1, end);
  at = blanksEnd(data, at, end);
  if (isQuoted && data[at] === COMMA) {
    at = behindValueKey(data, at + 1, end);
    if (at === 0) return false;
  }
  const sign = data[at];
  if (at >= end || (sign !== EQUALS && sign !== COLON)) return false;
  const afterSign = at + 1;
  // `==`, `:=`, `=>`, `::`: of these the first compares, and the last is of names.
  if (data[afterSign] === sign) return false;
  at = blanksEnd(
    data,
    data[afterSign] === GREATER || data[afterSign] === EQUALS ? afterSign + 1 : afterSign,
    end,
  );
  if (at >= end) return false;
  readValue(data, at, end);
  const isPlain = !isQuoted && sign === COLON && at > afterSign && value.slashes === NO_QUOTE;
  value.form = isPlain && !isWholeLine(data, key, start, end) ? 'weak' : 'strong';
  return true;
}

/** `  password: hunter`, as in YAML. */
function isWholeLine(data: Uint8Array, key: number, start: number, end: number): boolean {
  const least = Math.max(start, key - JUDGED);
  let from = key;
  while (from > least && isKind(data[from - 1], SPACE | DASH) && data[from - 1] !== NEWLINE) from--;
  if (from > start && data[from - 1] !== NEWLINE) return false;
  return value.to === end || data[value.to] === NEWLINE;
}

/** `"name":"DB_PASSWORD","value":"…"`: behind `value` and its quote; 0 where it is not there. */
function behindValueKey(data: Uint8Array, from: number, end: number): number {
  const at = blanksEnd(data, from, end);
  const quote = quoteEnd(data, at, end);
  if (quote === 0 || !hasFoldedAt(data, quote, end, VALUE_KEY)) return 0;
  const closed = quoteEnd(data, quote + VALUE_KEY.length, end);
  return closed === 0 ? 0 : blanksEnd(data, closed, end);
}

/** Behind a quote, maybe with backslashes before it; 0 where there is none. */
function quoteEnd(data: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && at < from + 8 && data[at] === BACKSLASH) at++;
  return at < end && isKind(data[at], QUOTE) ? at + 1 : 0;
}

function blanksEnd(data: Uint8Array, from: number, end: number): number {
  return runEnd(data, from, Math.min(end, from + MAX_BLANKS), SPACE);
}

function elementText(data: Uint8Array, from: number, end: number): boolean {
  value.from = from;
  value.slashes = ELEMENT;
  value.to = valueEnd(data, from, Math.min(end, from + JUDGED), end);
  value.form = 'strong';
  return true;
}

/** The value that begins at `from`, maybe with a quote. */
function readValue(data: Uint8Array, from: number, end: number): void {
  const inside = quoteEnd(data, from, end);
  value.from = inside || from;
  value.slashes = inside ? inside - 1 - from : NO_QUOTE;
  value.to = valueEnd(data, value.from, Math.min(end, value.from + JUDGED), end);
  value.form = 'strong';
}

/** Where the value ends, at `most` at the latest: at the quote that closes it, else at what ends a word. */
function valueEnd(data: Uint8Array, from: number, most: number, end: number): number {
  if (value.slashes === NO_QUOTE) return wordEnd(data, from, most, end);
  if (value.slashes !== ELEMENT) return closingQuote(data, from, most, value.slashes);
  let to = from;
  while (to < most && data[to] !== LESS) to++;
  return to;
}

/** `slashes` stood before the opening quote: as many stand before the closing one, and others are of the value. */
function closingQuote(data: Uint8Array, from: number, end: number, slashes: number): number {
  const quote = data[from - 1];
  let before = 0;
  for (let at = from; at < end; at++) {
    if (data[at] === BACKSLASH) before++;
    else {
      if (data[at] === quote && (slashes > 0 ? before <= slashes : before % 2 === 0))
        return at - Math.min(before, slashes);
      before = 0;
    }
  }
  return end;
}

function wordEnd(data: Uint8Array, from: number, most: number, end: number): number {
  let at = from;
  for (; at < most; at++) {
    const role = ROLES[data[at]];
    if (role === INSIDE) continue;
    if (role === ENDS) break;
    if (role === CLOSES ? endsHere(data, at, end) : isEscapedEnd(data, at + 1, end)) break;
  }
  return at;
}

/** Behind a backslash: a quote, or the n of a newline. */
function isEscapedEnd(data: Uint8Array, at: number, end: number): boolean {
  return at < end && (isKind(data[at], QUOTE) || data[at] === 0x6e);
}

/** Of a sign that closes: what follows is no more of the value. */
function endsHere(data: Uint8Array, at: number, end: number): boolean {
  const next = data[at + 1];
  if (at + 1 >= end || isKind(next, SPACE | QUOTE) || next === BACKSLASH || ROLES[next] === CLOSES)
    return true;
  const sign = data[at];
  if (sign !== COMMA && sign !== SEMICOLON && sign !== AMPERSAND) return false;
  const name = runEnd(data, at + 1, Math.min(end, at + 1 + MAX_NAME), ALNUM | DASH);
  return name > at + 1 && name < end && (data[name] === EQUALS || data[name] === COLON);
}
