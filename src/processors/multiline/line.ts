/** One line as grammars look at it, wherever its bytes lie. One object serves all lines: nothing is kept of it. */

/** Text to look for, made once. */
export const text = (ascii: string): Buffer => Buffer.from(ascii, 'latin1');

const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
/** Not white space, colons, quotes, `=`, `,`, `;`, braces. */
const IN_WORD = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= SPACE || ':"\'`=,;{}'.includes(String.fromCharCode(byte)) ? 0 : 1,
);
/** Longer first words are no path and no class. */
const MAX_WORD = 512;

export class Line {
  data: Buffer = Buffer.alloc(0);
  start = 0;
  /** Behind the last byte; a carriage return at the end is not part of what grammars see. */
  end = 0;
  #indent = -1;
  #wordEnd = -1;

  /** The line is data[start .. end). */
  set(data: Buffer, start: number, end: number): void {
    this.data = data;
    this.start = start;
    this.end = end > start && data[end - 1] === CR ? end - 1 : end;
    this.#indent = -1;
    this.#wordEnd = -1;
  }

  get isEmpty(): boolean {
    return this.start === this.end;
  }

  /** How many spaces and tabs it begins with. */
  get indent(): number {
    if (this.#indent < 0) {
      let at = this.start;
      while (at < this.end && isBlank(this.data[at])) at++;
      this.#indent = at - this.start;
    }
    return this.#indent;
  }

  /** Nothing but spaces and tabs. */
  get isBlank(): boolean {
    return this.start + this.indent === this.end;
  }

  /** Where the first word ends, if it is a name or a path: before the first byte that is in none. */
  get wordEnd(): number {
    if (this.#wordEnd < 0) {
      const { data } = this;
      const last = Math.min(this.end, this.start + MAX_WORD);
      let at = this.start;
      while (at < last && IN_WORD[data[at]] === 1) at++;
      this.#wordEnd = at;
    }
    return this.#wordEnd;
  }

  /** Whether it begins with a name or a path, and behind it stands a colon or nothing. */
  get beginsWithName(): boolean {
    const { start, wordEnd, end } = this;
    return wordEnd > start && (wordEnd === end || this.data[wordEnd] === COLON);
  }

  startsWith(text: Buffer): boolean {
    return this.hasAt(this.start, text);
  }

  /** Whether `text` comes first behind its spaces and tabs. */
  goesOnWith(text: Buffer): boolean {
    return this.hasAt(this.start + this.indent, text);
  }

  endsWith(text: Buffer): boolean {
    return this.end - text.length >= this.start && this.hasAt(this.end - text.length, text);
  }

  is(text: Buffer): boolean {
    return this.end - this.start === text.length && this.hasAt(this.start, text);
  }

  /** Whether `text` is at this place of `data`, and within the line. */
  hasAt(at: number, text: Buffer): boolean {
    if (at + text.length > this.end) return false;
    const { data } = this;
    for (let i = 0; i < text.length; i++) if (data[at + i] !== text[i]) return false;
    return true;
  }

  /** For lines that are something special already: it makes an object. */
  includes(text: Buffer): boolean {
    return this.data.subarray(this.start, this.end).includes(text);
  }

  /** Passes digits from `at` on; answers where the first other byte is. */
  digitsEnd(at: number): number {
    let end = at;
    while (end < this.end && isDigit(this.data[end])) end++;
    return end;
  }
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Of a class or function in most languages; letters beyond ASCII count. */
export function isNameByte(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    isDigit(byte) ||
    byte === 0x5f ||
    byte === 0x24 ||
    byte >= 0x80
  );
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
