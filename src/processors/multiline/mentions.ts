/**
 * Lines that name an error: `java.io.IOException: …`, `request failed: TypeError [ERR_X]: …`, whatever stands before.
 * What all such names end in is looked for in all lines of a batch at once, natively; most batches have none.
 */
import type { Draft } from '../../pipeline/draft.js';
import { isNameByte, text } from './line.js';

const ENDINGS = ['Error', 'Exception', 'Throwable'].map((word) => ({
  // Native search takes another way for more than six bytes, eight times slower where the first one is frequent.
  head: text(word.slice(0, 5)),
  word: text(word),
}));
/** So many names are looked at in one line. */
const MAX_NAMES = 8;
const MAX_NAME = 256;
/** Of a line that is longer only the beginning is looked at. */
const MAX_LOOK = 16 * 1024;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACE = 0x7b;
/** Before a name: white space, `(`, `[`, `:` or `>`. Not a quote or `=`: that is a field's value, which has no lines behind it. */
const BEFORE = new Set(text(' \t([:>'));
/** Within a name: packages and namespaces, nested and generic classes. */
const WITHIN = new Set(text('.\\+`'));

export class Mentions {
  /** By ending: where it begins, ascending. */
  readonly #places: number[][] = ENDINGS.map(() => []);
  readonly #next: number[] = ENDINGS.map(() => 0);
  #isEmpty = true;

  /** Reads the lines of `draft`, from row `first` on, as they are now. */
  look(draft: Draft, first: number): void {
    this.#isEmpty = true;
    for (let i = 0; i < ENDINGS.length; i++) {
      this.#places[i].length = 0;
      this.#next[i] = 0;
    }
    const { arena, start, end, length, tail } = draft;
    let hasLong = false;
    for (let row = first; row < length; row++) if (end[row] - start[row] > MAX_LOOK) hasLong = true;
    if (!hasLong) return this.#find(arena, 0, tail);
    for (let row = first; row < length; row++)
      this.#find(arena, start[row], Math.min(end[row], start[row] + MAX_LOOK));
    for (const places of this.#places) places.sort((a, b) => a - b);
  }

  /** Whether the line arena[start .. end), which was there when `look` was called, names an error. */
  has(arena: Buffer, start: number, end: number): boolean {
    if (this.#isEmpty) return false;
    for (let i = 0; i < ENDINGS.length; i++) {
      const places = this.#places[i];
      let next = this.#next[i];
      // Lines mostly come in the order of their bytes.
      if (next > 0 && places[next - 1] >= start) next = firstFrom(places, start);
      else while (next < places.length && places[next] < start) next++;
      this.#next[i] = next;
      const { length } = ENDINGS[i].word;
      const last = Math.min(places.length, next + MAX_NAMES);
      for (; next < last && places[next] + length <= end; next++)
        if (isName(arena, start, end, places[next], length)) return true;
    }
    return false;
  }

  #find(arena: Buffer, from: number, to: number): void {
    const bytes = arena.subarray(from, to);
    for (let i = 0; i < ENDINGS.length; i++) {
      const { head, word } = ENDINGS[i];
      for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + head.length)) {
        if (!goesOn(bytes, at, word, head.length)) continue;
        this.#places[i].push(from + at);
        this.#isEmpty = false;
      }
    }
  }
}

/** A name whose ending begins at `place`, with a colon or nothing behind it: `Error: …`, `Error [code]: …`, `[Error] {`. */
function isName(data: Buffer, start: number, end: number, place: number, ending: number): boolean {
  if (data[start] === BRACE) return false;
  const at = place + ending;
  if (at < end && data[at] !== COLON && data[at] !== CR) {
    const isCode = data[at] === SPACE && at + 1 < end && data[at + 1] === BRACKET;
    const opens = data[at] === SPACE && at + 2 === end && data[at + 1] === BRACE;
    if (!isCode && !opens) return false;
  }
  let from = place;
  const least = Math.max(start, from - MAX_NAME);
  while (from > least && (isNameByte(data[from - 1]) || WITHIN.has(data[from - 1]))) from--;
  return from === start || BEFORE.has(data[from - 1]);
}

/** Whether `word` is at `at`, the first `known` bytes of which are. */
function goesOn(bytes: Buffer, at: number, word: Buffer, known: number): boolean {
  for (let i = known; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/** Index of the first number that is `value` or more. */
function firstFrom(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
