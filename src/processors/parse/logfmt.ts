/**
 * logfmt: `time=2026-11-22T12:00:00Z level=info msg="it \"works\"" debug took=1.5s`.
 *
 * Pairs are divided by white space; values in double quotes have escapes as Go writes them; a word that is no pair is
 * passed over. A quote that is not closed makes the line something else.
 */

import type { FieldSet } from '../../pipeline/fields.js';
import { BACKSLASH, closingQuote, EQUALS, find, QUOTE, SPACE, standsAt } from './bytes.js';
import { unescape } from './escapes.js';
import type { Format } from './format.js';
import { KeyNames } from './key-names.js';

/** So many pairs of a line are looked at. */
const MAX_PAIRS = 512;

export class LogfmtFormat implements Format {
  readonly #fields: FieldSet;
  readonly #isStrict: boolean;
  readonly #names: KeyNames;

  /** `isStrict`: only lines of nothing but pairs, two at least. */
  constructor(fields: FieldSet, isStrict: boolean) {
    this.#fields = fields;
    this.#isStrict = isStrict;
    this.#names = new KeyNames(fields, (raw) => raw.toString());
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    this.#names.begin();
    const { root } = this.#names;
    let pairs = 0;
    let before = root;
    for (let at = start; ; ) {
      while (at < end && data[at] <= SPACE) at++;
      if (at >= end) break;
      const from = at;
      while (at < end && data[at] > SPACE && data[at] !== EQUALS && data[at] !== QUOTE) at++;
      const isPair = at > from && at < end && data[at] === EQUALS;
      if (!isPair) {
        if (this.#isStrict) return 'logfmt';
        while (at < end && data[at] > SPACE) at++;
        continue;
      }
      const isFirst = before === root;
      const guess = isFirst ? root.first : before.next;
      const name =
        guess?.raw.length === at - from && standsAt(guess.raw, data, from, at)
          ? guess
          : this.#names.find(root, data, from, at);
      if (isFirst) root.first = name;
      else before.next = name;
      before = name;
      at++;
      if (data[at] === QUOTE && at < end) {
        const close = closingQuote(data, at + 1, end);
        if (close === end) return 'logfmt';
        if (name.slot) this.#putQuoted(name.slot, data, at + 1, close);
        at = close + 1;
      } else {
        const value = at;
        while (at < end && data[at] > SPACE) at++;
        if (name.slot) this.#fields.put(name.slot, value, at);
      }
      if (++pairs === MAX_PAIRS) break;
    }
    return pairs >= (this.#isStrict ? 2 : 1) ? undefined : 'logfmt';
  }

  #putQuoted(slot: Parameters<FieldSet['put']>[0], data: Buffer, from: number, to: number): void {
    if (!slot.isWanted) return;
    if (find(data, BACKSLASH, from, to) === to) this.#fields.put(slot, from, to);
    else this.#fields.putDecoded(slot, to - from, (into, at) => unescape(data, from, to, into, at));
  }
}
