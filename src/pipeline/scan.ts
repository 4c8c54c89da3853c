/** Reads a short text of a person token by token: selectors of streams (match.ts) and queries. */

/** Something is wrong at one place of the text. The message says what, where, and what is accepted. */
export class ScanError extends SyntaxError {
  /** Which character, counted from 1. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const VALUE = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;

/** A place in the text; white space between tokens counts for nothing. */
export class Scan {
  readonly #text: string;
  readonly #what: string;
  readonly #accepted: string;
  #at = 0;

  /** `what` the text is and what is `accepted`, for messages. */
  constructor(text: string, what: string, accepted: string) {
    this.#text = text;
    this.#what = what;
    this.#accepted = accepted;
  }

  /** Where the next token begins, counted from 0. */
  get at(): number {
    while (/\s/.test(this.#text[this.#at] ?? '-')) this.#at++;
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.at)) return false;
    this.#at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.wrong(`${token} is expected here`, this.at);
  }

  /** `form` is sticky. */
  isAt(form: RegExp): boolean {
    form.lastIndex = this.at;
    return form.test(this.#text);
  }

  /** `form` is sticky. */
  token(form: RegExp, what: string): string {
    form.lastIndex = this.at;
    const match = form.exec(this.#text);
    if (!match) throw this.wrong(`${what} is expected here`, this.at);
    this.#at += match[0].length;
    return match[0];
  }

  /** A value in double quotes, with escapes as in Go and JSON, or in backquotes, without any. */
  value(): Value {
    const at = this.at;
    const quoted = this.token(VALUE, 'a value in double quotes or backquotes');
    if (quoted.startsWith('`')) return { text: quoted.slice(1, -1), placeOf: (index) => at + 1 + index };
    try {
      return { text: JSON.parse(quoted) as string, placeOf: (index) => at + rawIndex(quoted, index) };
    } catch {
      throw this.wrong('this value has an escape that is not known (a backslash is written as \\\\)', at);
    }
  }

  end(after: string): void {
    if (!this.isAtEnd) throw this.wrong(`nothing is expected behind ${after}`, this.at);
  }

  /** `at` counts from 0. */
  wrong(what: string, at: number): ScanError {
    return new ScanError(`At character ${at + 1} of the ${this.#what}: ${what}. ${this.#accepted}`, at + 1);
  }
}

export interface Value {
  readonly text: string;
  /** Where in the scanned text the character of the value with this index stands, counted from 0. */
  placeOf(index: number): number;
}

/** Where in the quoted text the character with this index of the unquoted one stands. */
function rawIndex(quoted: string, index: number): number {
  const escape = /\\u....|\\.|[^\\]/gsy;
  escape.lastIndex = 1;
  for (let i = 0; i < index; i++) escape.exec(quoted);
  return escape.lastIndex;
}
