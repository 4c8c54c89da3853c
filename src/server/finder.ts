/** Finds a text in line after line of one arena: one native search serves all lines up to its hit. */
export class Finder {
  readonly #needle: Buffer;
  #data: Buffer | undefined;
  /** There is no hit in [#from, #hit), and one at #hit. */
  #from = 0;
  #hit = 0;

  constructor(text: string) {
    this.#needle = Buffer.from(text);
  }

  /** To be called before each batch or block: an arena's bytes change between them. */
  begin(data: Buffer): void {
    this.#data = data;
    this.#from = 0;
    this.#hit = -1;
  }

  /** True where data[start .. end) holds the text. */
  isIn(start: number, end: number): boolean {
    if (this.#data === undefined) return false;
    if (start < this.#from || start > this.#hit) {
      const hit = this.#data.indexOf(this.#needle, start);
      this.#from = start;
      this.#hit = hit < 0 ? Number.POSITIVE_INFINITY : hit;
    }
    // A hit that begins inside and ends outside is none, and neither is any later one.
    return this.#hit + this.#needle.length <= end;
  }
}
