/**
 * JSON objects, one a line, read byte by byte:
 *
 *   {"a":{"b":1.50},"c":[1, 2],"d":"x\ty","e":null,"f":true}   →   a_b=1.50  c=[1, 2]  d=x⇥y  f=true
 *
 * Numbers, booleans and arrays stay as they are written, strings lose their escapes, null is no field. Objects deeper than
 * FLAT are values like arrays. What JSON.parse refuses is refused, and what is nested deeper than DEEPEST.
 */

import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { standsAt } from './bytes.js';
import { hexAt, unescape } from './escapes.js';
import type { Format } from './format.js';
import { type KeyName, KeyNames } from './key-names.js';

const FLAT = 8;
const DEEPEST = 64;
/** So many keys of a line are looked at; what is behind them is no field. */
const MAX_KEYS = 512;
const [TAB, NEWLINE, RETURN, SPACE, QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE, BRACE, BRACE_END] =
  Buffer.from('\t\n\r "\\:,[]{}');
const [MINUS, PLUS, DOT, ZERO, NINE, UPPER_E, LOWER_E, LOWER_U, LOWER_T, LOWER_F, LOWER_N] =
  Buffer.from('-+.09Eeutfn');

/** In a string: 0 stands for itself, 1 is beyond ASCII, 2 means something. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 2 : byte >= 0x80 ? 1 : 0,
);

/** 1 for a letter that may stand behind a backslash by itself. */
const SIMPLE = new Uint8Array(256);
for (const letter of Buffer.from('"\\/bfnrt')) SIMPLE[letter] = 1;

export class JsonFormat implements Format {
  readonly #fields: FieldSet;
  readonly #names: KeyNames;
  #data: Buffer = Buffer.alloc(0);
  #end = 0;
  #keys = 0;
  /** Of the string that was passed last. */
  #isAscii = true;
  #hasEscapes = false;

  constructor(fields: FieldSet) {
    this.#fields = fields;
    this.#names = new KeyNames(fields, (raw) => JSON.parse(`"${raw.toString()}"`) as string);
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    this.#names.begin();
    this.#data = data;
    this.#end = end;
    this.#keys = 0;
    const at = this.#pastSpace(start);
    if (at >= end || data[at] !== BRACE) return 'json';
    const behind = this.#object(at, this.#names.root, 1);
    return behind >= 0 && this.#pastSpace(behind) === end ? undefined : 'json';
  }

  // Each of the methods below takes a place, and answers the place behind what it passed, or -1 where that is not JSON. At or beyond
  // the line's end bytes are of other lines: whoever takes one for his own is found out where the places are compared.

  #object(at: number, parent: KeyName, depth: number): number {
    const data = this.#data;
    const end = this.#end;
    at = this.#pastSpace(at + 1);
    if (at < end && data[at] === BRACE_END) return at + 1;
    for (let before = parent; ; ) {
      if (at >= end || data[at] !== QUOTE) return -1;
      const from = at + 1;
      const isFirst = before === parent;
      let name = isFirst ? parent.first : before.next;
      if (name !== undefined && isKey(name.raw, data, from, end)) at = from + name.raw.length + 1;
      else {
        at = this.#pastString(from);
        if (at < 0) return -1;
        name = undefined;
        if (this.#keys < MAX_KEYS) {
          this.#keys++;
          name = this.#names.find(parent, data, from, at - 1);
          if (isFirst) parent.first = name;
          else before.next = name;
        }
      }
      at = this.#pastSpace(at);
      if (at >= end || data[at] !== COLON) return -1;
      at = this.#pastSpace(at + 1);
      at = this.#member(at, name, depth);
      if (at < 0) return -1;
      at = this.#pastSpace(at);
      if (data[at] === BRACE_END) return at + 1;
      if (data[at] !== COMMA) return -1;
      at = this.#pastSpace(at + 1);
      if (name !== undefined) before = name;
    }
  }

  /** The value of a key, which becomes a field; without `name` it is only passed. */
  #member(at: number, name: KeyName | undefined, depth: number): number {
    const slot = name?.slot;
    if (name === undefined || slot === undefined) return this.#pastValue(at, depth);
    const byte = this.#data[at];
    if (byte === QUOTE) {
      const to = this.#pastString(at + 1);
      if (to < 0) return -1;
      if (slot.isWanted) {
        if (this.#hasEscapes) this.#putDecoded(slot, at + 1, to - 1);
        else this.#fields.put(slot, at + 1, to - 1, this.#isAscii);
      }
      return to;
    }
    if (byte === BRACE && depth < FLAT) return this.#object(at, name, depth + 1);
    const to = this.#pastValue(at, depth);
    if (to > 0 && byte !== LOWER_N) this.#fields.put(slot, at, to, byte !== BRACE && byte !== OPEN);
    return to;
  }

  /** Any value, which stands `depth` deep. */
  #pastValue(at: number, depth: number): number {
    if (at >= this.#end) return -1;
    const byte = this.#data[at];
    if (byte === QUOTE) return this.#pastString(at + 1);
    if (byte === BRACE || byte === OPEN) return this.#pastNested(at, depth);
    if (byte === LOWER_T) return this.#pastWord(at, TRUE);
    if (byte === LOWER_F) return this.#pastWord(at, FALSE);
    if (byte === LOWER_N) return this.#pastWord(at, NULL);
    return this.#pastNumber(at);
  }

  #pastNested(at: number, depth: number): number {
    if (depth >= DEEPEST) return -1;
    const data = this.#data;
    const end = this.#end;
    const isObject = data[at] === BRACE;
    const close = isObject ? BRACE_END : CLOSE;
    at = this.#pastSpace(at + 1);
    if (at < end && data[at] === close) return at + 1;
    for (;;) {
      if (isObject) {
        if (at >= end || data[at] !== QUOTE) return -1;
        at = this.#pastString(at + 1);
        if (at < 0) return -1;
        at = this.#pastSpace(at);
        if (at >= end || data[at] !== COLON) return -1;
        at = this.#pastSpace(at + 1);
      }
      at = this.#pastValue(at, depth + 1);
      if (at < 0) return -1;
      at = this.#pastSpace(at);
      if (data[at] === close) return at + 1;
      if (data[at] !== COMMA) return -1;
      at = this.#pastSpace(at + 1);
    }
  }

  /** `at` is behind the quote that opens it; answers the place behind the one that closes it. */
  #pastString(at: number): number {
    const data = this.#data;
    const end = this.#end;
    let isAscii = true;
    let hasEscapes = false;
    for (; at < end; at++) {
      const kind = KINDS[data[at]];
      if (kind === 0) continue;
      if (kind === 1) {
        isAscii = false;
        continue;
      }
      const byte = data[at];
      if (byte === QUOTE) {
        this.#isAscii = isAscii;
        this.#hasEscapes = hasEscapes;
        return at + 1;
      }
      if (byte !== BACKSLASH || at + 1 >= end) return -1;
      hasEscapes = true;
      at++;
      if (data[at] === LOWER_U) {
        if (hexAt(data, at + 1, 4) < 0) return -1;
        at += 4;
      } else if (SIMPLE[data[at]] === 0) return -1;
    }
    return -1;
  }

  #pastNumber(at: number): number {
    const data = this.#data;
    const end = this.#end;
    if (data[at] === MINUS) at++;
    const whole = this.#pastDigits(at);
    if (whole === at || (data[at] === ZERO && whole > at + 1)) return -1;
    at = whole;
    if (at < end && data[at] === DOT) {
      const to = this.#pastDigits(at + 1);
      if (to === at + 1) return -1;
      at = to;
    }
    if (at < end && (data[at] === LOWER_E || data[at] === UPPER_E)) {
      at++;
      if (at < end && (data[at] === PLUS || data[at] === MINUS)) at++;
      const to = this.#pastDigits(at);
      if (to === at) return -1;
      at = to;
    }
    return at;
  }

  #pastDigits(at: number): number {
    const data = this.#data;
    const end = this.#end;
    while (at < end && data[at] >= ZERO && data[at] <= NINE) at++;
    return at;
  }

  #pastWord(at: number, word: Buffer): number {
    return standsAt(word, this.#data, at, this.#end) ? at + word.length : -1;
  }

  #pastSpace(at: number): number {
    const data = this.#data;
    const end = this.#end;
    while (at < end) {
      const byte = data[at];
      if (byte > SPACE || (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB)) return at;
      at++;
    }
    return at;
  }

  #putDecoded(slot: Slot, from: number, to: number): void {
    // No escape is shorter than what it stands for.
    this.#fields.putDecoded(slot, to - from, (into, at) => unescape(this.#data, from, to, into, at));
  }
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** Does the key stand at `from`, and the closing quote behind it? */
function isKey(raw: Buffer, data: Buffer, from: number, end: number): boolean {
  return data[from + raw.length] === QUOTE && standsAt(raw, data, from, end);
}
