/**
 * Find a text in line after line of one arena or block: one native search serves all lines up to its hit.
 *
 * Native searches are quick, but not linear in what is looked for: with hostile texts each place costs as much as the text
 * is long. So they look for its first MAX_HEAD bytes, and what follows is compared at hits, a few times; where hits go on to
 * be none the rest is searched byte by byte, which is linear.
 */

import { escaped } from './text.js';

/** Which hits are inside a line; how one is found is up to the two below. */
abstract class Finder {
  readonly #length: number;
  #end = 0;
  /** There is no hit in [#from, #hit), and one at #hit. */
  #from = 0;
  #hit = -1;

  constructor(length: number) {
    this.#length = length;
  }

  /** To be called before each batch or block: an arena's bytes change between them. */
  begin(data: Buffer): void {
    this.#end = data.length;
    this.#from = 0;
    this.#hit = -1;
  }

  /** True where the line data[start .. end) holds the text. */
  isIn(start: number, end: number): boolean {
    // Lines that lie anywhere would have all that follows them searched anew each time.
    if (start < this.#from) return this.search(start, end) >= 0;
    if (start > this.#hit) {
      const hit = this.search(start, this.#end);
      this.#from = start;
      this.#hit = hit < 0 ? Number.POSITIVE_INFINITY : hit;
    }
    // A hit that begins inside and ends outside is none, and neither is any later one.
    return this.#hit + this.#length <= end;
  }

  /** Where the first hit in [start, end) begins, or -1. */
  protected abstract search(start: number, end: number): number;
}

export type { Finder };

const MAX_HEAD = 64;
const MAX_FALSE_HITS = 16;

/** Finds it byte by byte. */
export class ExactFinder extends Finder {
  readonly #text: Buffer;
  readonly #head: Buffer;
  #data: Buffer = Buffer.alloc(0);
  /** Of each beginning of the text how long the longest other one is that it ends with; made when it is first needed. */
  #borders: Uint32Array | undefined;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    super(bytes.length);
    this.#text = bytes;
    this.#head = bytes.subarray(0, MAX_HEAD);
  }

  override begin(data: Buffer): void {
    super.begin(data);
    this.#data = data;
  }

  protected override search(start: number, end: number): number {
    const data = end < this.#data.length ? this.#data.subarray(0, end) : this.#data;
    const { length } = this.#text;
    let hit = data.indexOf(this.#head, start);
    for (let falseHits = 0; hit >= 0; falseHits++) {
      if (hit + length > end) return -1;
      if (length <= MAX_HEAD || data.compare(this.#text, 0, length, hit, hit + length) === 0) return hit;
      if (falseHits === MAX_FALSE_HITS) return this.#searchByteByByte(hit + 1, end);
      hit = data.indexOf(this.#head, hit + 1);
    }
    return -1;
  }

  /** Knuth, Morris, Pratt. */
  #searchByteByByte(start: number, end: number): number {
    this.#borders ??= bordersOf(this.#text);
    const borders = this.#borders;
    const text = this.#text;
    const data = this.#data;
    let known = 0;
    for (let at = start; at < end; at++) {
      while (known > 0 && data[at] !== text[known]) known = borders[known];
      if (data[at] === text[known] && ++known === text.length) return at + 1 - known;
    }
    return -1;
  }
}

function bordersOf(text: Buffer): Uint32Array {
  const borders = new Uint32Array(text.length + 1);
  for (let at = 1, known = 0; at < text.length; at++) {
    while (known > 0 && text[at] !== text[known]) known = borders[known];
    if (text[at] === text[known]) known++;
    borders[at + 1] = known;
  }
  return borders;
}

/** Letters of which a form outside of ASCII is the same where case does not matter: ſ and the sign for Kelvin. */
const ODD = /[ks]/;
const ODD_FORMS = [Buffer.from('ſ'), Buffer.from('\u212a')];

/**
 * Finds where a text of ASCII may be, case not mattering: there may be none where the text is longer than MAX_HEAD, or
 * where the data holds one of the odd letters; `isSure` tells whether there is.
 */
export class CaselessFinder extends Finder {
  readonly #form: RegExp;
  readonly #length: number;
  readonly #hasOdd: boolean;
  readonly #isCut: boolean;
  #data: Buffer = Buffer.alloc(0);
  /** From #base on, a byte a character; made when it is first searched. */
  #text: string | undefined;
  #base = -1;
  #isOdd: boolean | undefined;

  constructor(text: string) {
    const head = text.slice(0, MAX_HEAD);
    super(head.length);
    // Only its cases are alternatives: there is nothing to go back for.
    this.#form = new RegExp(escaped(head), 'gi');
    this.#length = head.length;
    this.#hasOdd = ODD.test(head);
    this.#isCut = text.length > MAX_HEAD;
  }

  override begin(data: Buffer): void {
    super.begin(data);
    this.#data = data;
    this.#text = undefined;
    this.#base = -1;
    this.#isOdd = this.#hasOdd ? undefined : false;
  }

  get isSure(): boolean {
    return !this.#isCut && !this.#holdsOdd;
  }

  override isIn(start: number, end: number): boolean {
    return this.#holdsOdd || super.isIn(start, end);
  }

  protected override search(start: number, end: number): number {
    if (end < this.#data.length || start < this.#base)
      return this.#searchIn(this.#data.toString('latin1', start, end), start, start);
    if (this.#text === undefined) {
      this.#text = this.#data.toString('latin1', start, end);
      this.#base = start;
    }
    return this.#searchIn(this.#text, this.#base, start);
  }

  #searchIn(text: string, base: number, start: number): number {
    this.#form.lastIndex = start - base;
    return this.#form.test(text) ? base + this.#form.lastIndex - this.#length : -1;
  }

  get #holdsOdd(): boolean {
    this.#isOdd ??= ODD_FORMS.some((form) => this.#data.includes(form));
    return this.#isOdd;
  }
}
