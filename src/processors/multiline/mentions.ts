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
  /** By ending: where names end, ascending. */
  readonly #ends: number[][] = ENDINGS.map(() => []);
  readonly #next: number[] = ENDINGS.map(() => 0);
  #isEmpty = true;

  /** Reads the arena of `draft` as it is now. */
  look({ arena, tail }: Draft): void {
    this.#isEmpty = true;
    for (let i = 0; i < ENDINGS.length; i++) {
      const { head, word } = ENDINGS[i];
      const ends = this.#ends[i];
      ends.length = 0;
      this.#next[i] = 0;
      for (let at = arena.indexOf(head); at >= 0 && at < tail; at = arena.indexOf(head, at)) {
        const end = at + word.length;
        at += head.length;
        if (end <= tail && endsWith(arena, at, word, head.length)) ends.push(end);
      }
      if (ends.length > 0) this.#isEmpty = false;
    }
  }

  /** Whether the line arena[start .. end), which was there when `look` was called, names an error. */
  has(arena: Buffer, start: number, end: number): boolean {
    if (this.#isEmpty) return false;
    for (let i = 0; i < ENDINGS.length; i++) {
      const ends = this.#ends[i];
      let next = this.#next[i];
      // Lines mostly come in the order of their bytes.
      if (next > 0 && ends[next - 1] > start) next = firstAbove(ends, start);
      else while (next < ends.length && ends[next] <= start) next++;
      this.#next[i] = next;
      const last = Math.min(ends.length, next + MAX_NAMES);
      for (; next < last && ends[next] <= end; next++)
        if (isName(arena, start, end, ends[next], ENDINGS[i].word.length)) return true;
    }
    return false;
  }
}

/** A name that ends at `at`, with a colon or nothing behind it: `Error: …`, `Error [code]: …`, `[Error] {`. */
function isName(data: Buffer, start: number, end: number, at: number, ending: number): boolean {
  if (data[start] === BRACE) return false;
  if (at < end && data[at] !== COLON && data[at] !== CR) {
    const isCode = data[at] === SPACE && at + 1 < end && data[at + 1] === BRACKET;
    const opens = data[at] === SPACE && at + 2 === end && data[at + 1] === BRACE;
    if (!isCode && !opens) return false;
  }
  let from = at - ending;
  if (from < start) return false;
  const least = Math.max(start, from - MAX_NAME);
  while (from > least && (isNameByte(data[from - 1]) || WITHIN.has(data[from - 1]))) from--;
  return from === start || BEFORE.has(data[from - 1]);
}

/** Whether the rest of `word`, from its byte `from` on, is at `at`. */
function endsWith(arena: Buffer, at: number, word: Buffer, from: number): boolean {
  for (let i = from; i < word.length; i++) if (arena[at + i - from] !== word[i]) return false;
  return true;
}

/** Index of the first number above `value`. */
function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
