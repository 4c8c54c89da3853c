/**
 * Find a text in line after line of one arena or block: one native search serves all lines up to its hit.
 *
 * Native searches are quick, but not linear in what is looked for: with hostile texts each place costs as much as the text
 * is long. So they look for its first MAX_HEAD bytes, and what follows is compared at hits.
 */

import { escaped } from './text.js';

/** Which hits are inside a line; how one is found is up to the two below. */
abstract class Finder {
  readonly #length: number;
  /** There is no hit in [#from, #hit), and one at #hit. */
  #from = 0;
  #hit = -1;

  constructor(length: number) {
    this.#length = length;
  }

  /** To be called before each batch or block: an arena's bytes change between them. */
  begin(_data: Buffer): void {
    this.#from = 0;
    this.#hit = -1;
  }

  /** True where the line data[start .. end) holds the text. */
  isIn(start: number, end: number): boolean {
    if (start < this.#from || start > this.#hit) {
      const hit = this.search(start);
      this.#from = start;
      this.#hit = hit < 0 ? Number.POSITIVE_INFINITY : hit;
    }
    // A hit that begins inside and ends outside is none, and neither is any later one.
    return this.#hit + this.#length <= end;
  }

  /** Where the first hit from `start` on begins, or -1. */
  protected abstract search(start: number): number;
}

export type { Finder };

const MAX_HEAD = 64;

/** Finds it byte by byte. */
export class ExactFinder extends Finder {
  readonly #head: Buffer;
  readonly #rest: Buffer;
  #data: Buffer = Buffer.alloc(0);

  constructor(text: string) {
    const bytes = Buffer.from(text);
    super(bytes.length);
    this.#head = bytes.subarray(0, MAX_HEAD);
    this.#rest = bytes.subarray(MAX_HEAD);
  }

  override begin(data: Buffer): void {
    super.begin(data);
    this.#data = data;
  }

  protected override search(start: number): number {
    let hit = this.#data.indexOf(this.#head, start);
    while (hit >= 0 && !this.#isWhole(hit)) hit = this.#data.indexOf(this.#head, hit + 1);
    return hit;
  }

  #isWhole(hit: number): boolean {
    const from = hit + this.#head.length;
    const to = from + this.#rest.length;
    return to <= this.#data.length && this.#data.compare(this.#rest, 0, this.#rest.length, from, to) === 0;
  }
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
  #base = 0;
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
    this.#isOdd = this.#hasOdd ? undefined : false;
  }

  get isSure(): boolean {
    return !this.#isCut && !this.#holdsOdd;
  }

  override isIn(start: number, end: number): boolean {
    return this.#holdsOdd || super.isIn(start, end);
  }

  protected override search(start: number): number {
    let text = this.#text;
    if (text === undefined || start < this.#base) {
      text = this.#data.toString('latin1', start);
      this.#text = text;
      this.#base = start;
    }
    this.#form.lastIndex = start - this.#base;
    return this.#form.test(text) ? this.#base + this.#form.lastIndex - this.#length : -1;
  }

  get #holdsOdd(): boolean {
    this.#isOdd ??= ODD_FORMS.some((form) => this.#data.includes(form));
    return this.#isOdd;
  }
}
