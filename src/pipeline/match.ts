/**
 * Selectors of streams in Loki's form, compiled to a test of labels:
 *
 *   {env="prod", team!="x", app=~"web-.*", zone!~"eu-(a|b)"}
 *
 * All comparisons must hold. A label that a stream does not have is an empty one; regular expressions (pattern.ts) are
 * of the whole value. Values stand in double quotes, with escapes as in Go and JSON, or in backquotes, without any.
 */
import { compilePattern } from './pattern.js';
import type { Labels } from './streams.js';

export type Matcher = (labels: Labels) => boolean;

const ACCEPTED = 'A selector looks like {env="prod", app=~"web-.*"}; = != =~ and !~ compare.';
const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const VALUE = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;

/** Throws a SyntaxError that says what is wrong, at which character (counted from 1), and what is accepted. */
export function compileMatch(text: string): Matcher {
  const scan = new Scan(text);
  const tests: Matcher[] = [];
  scan.expect('{');
  while (!scan.take('}')) {
    if (tests.length > 0) {
      scan.expect(',');
      if (scan.take('}')) break;
    }
    tests.push(comparison(scan));
  }
  scan.end();
  return (labels) => tests.every((holds) => holds(labels));
}

function comparison(scan: Scan): Matcher {
  const name = scan.token(NAME, 'the name of a label');
  const operator = scan.token(OPERATOR, '= != =~ or !~');
  const at = scan.at;
  const value = unquoted(scan, scan.token(VALUE, 'a value in double quotes or backquotes'), at);
  const holds = operator.endsWith('~') ? pattern(scan, value, at) : (own: string) => own === value;
  const isNegated = operator.startsWith('!');
  return (labels) => holds(Object.hasOwn(labels, name) ? labels[name] : '') !== isNegated;
}

function unquoted(scan: Scan, quoted: string, at: number): string {
  if (quoted.startsWith('`')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw scan.wrong('this value has an escape that is not known (a backslash is written as \\\\)', at);
  }
}

function pattern(scan: Scan, value: string, at: number): (own: string) => boolean {
  try {
    return compilePattern(value);
  } catch (error) {
    throw scan.wrong((error as SyntaxError).message.replace(/\.$/, ''), at);
  }
}

/** A place in the text; white space between tokens counts for nothing. */
class Scan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next token begins. */
  get at(): number {
    while (/\s/.test(this.#text[this.#at] ?? '-')) this.#at++;
    return this.#at;
  }

  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.at)) return false;
    this.#at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.wrong(`${token} is expected here`, this.at);
  }

  token(form: RegExp, what: string): string {
    form.lastIndex = this.at;
    const match = form.exec(this.#text);
    if (!match) throw this.wrong(`${what} is expected here`, this.at);
    this.#at += match[0].length;
    return match[0];
  }

  end(): void {
    if (this.at < this.#text.length) throw this.wrong('nothing is expected behind the }', this.at);
  }

  wrong(what: string, at: number): SyntaxError {
    return new SyntaxError(`At character ${at + 1} of the selector: ${what}. ${ACCEPTED}`);
  }
}
