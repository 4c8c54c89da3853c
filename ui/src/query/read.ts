/**
 * A query (docs: src/query/query.ts) as the page sees it while somebody types: read as far as it is understood, each part
 * with its place. The agent alone judges whether a query is right; this knows no regular expressions.
 *
 *   {container="web", env!="dev"} |= "timeout" !~ `x` | level=~"warn|error"     or a text to look for
 */

export interface Part {
  /** A label of the selector, a test of the line, the level, or the whole query where it is a text to look for. */
  readonly kind: 'label' | 'line' | 'level' | 'text';
  /** Of a label; else empty. */
  readonly name: string;
  /** `= != =~ !~` or `|= != |~ !~`; empty for a text. */
  readonly operator: string;
  /** Without its quotes and escapes. */
  readonly value: string;
}

export interface ReadQuery {
  readonly parts: readonly Part[];
  /** False where something is not understood, or not finished; `parts` are then those before it. */
  readonly isWhole: boolean;
}

const SPACE = /\s*/y;
const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const COMPARISON = /=~|!~|!=|=/y;
const LINE_TEST = /\|=|!=|\|~|!~/y;
const LEVEL = /\|\s*(?:detected_)?level(?![a-zA-Z0-9_])/y;
const VALUE = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y;

/** The agent reads none that is longer; whatever stands in a link, reading it stays cheap. */
export const MAX_QUERY_CHARS = 4000;

export function readQuery(text: string): ReadQuery {
  if (text.length > MAX_QUERY_CHARS) return { parts: [], isWhole: false };
  const trimmed = text.trim();
  if (trimmed === '') return { parts: [], isWhole: true };
  if (!/^[{|!]/.test(trimmed))
    return { parts: [{ kind: 'text', name: '', operator: '', value: trimmed }], isWhole: true };
  const reader = new Reader(text);
  const isWhole = (!reader.take('{') || reader.selector()) && reader.stages();
  return { parts: reader.parts, isWhole };
}

class Reader {
  readonly parts: Part[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(token: string): boolean {
    this.#match(SPACE);
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  /** What follows the opening brace. False where it is not whole. */
  selector(): boolean {
    for (let isFirst = true; !this.take('}'); isFirst = false) {
      if (!isFirst && !this.take(',')) return false;
      if (!isFirst && this.take('}')) return true;
      const name = this.#token(NAME);
      if (name === null || !this.#comparison('label', name, COMPARISON)) return false;
    }
    return true;
  }

  /** Tests of the line and the level, to the end. */
  stages(): boolean {
    for (;;) {
      this.#match(SPACE);
      if (this.#at === this.#text.length) return true;
      const isLevel = this.#token(LEVEL) !== null;
      if (!(isLevel ? this.#comparison('level', '', COMPARISON) : this.#comparison('line', '', LINE_TEST)))
        return false;
    }
  }

  #comparison(kind: Part['kind'], name: string, operators: RegExp): boolean {
    const operator = this.#token(operators);
    const quoted = operator === null ? null : this.#token(VALUE);
    const value = quoted === null ? null : unquoted(quoted);
    if (operator === null || value === null) return false;
    this.parts.push({ kind, name, operator, value });
    return true;
  }

  #token(form: RegExp): string | null {
    this.#match(SPACE);
    return this.#match(form);
  }

  #match(form: RegExp): string | null {
    form.lastIndex = this.#at;
    const match = form.exec(this.#text)?.[0] ?? null;
    this.#at += match?.length ?? 0;
    return match;
  }
}

function unquoted(quoted: string): string | null {
  if (quoted.startsWith('`')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

const ALTERNATIVE = /^(?:[^\\^$.*+?()[\]{}|]|\\[\\^$.*+?()[\]{}|])*$/;

/** The texts that a pattern like `web|db\.1` stands for; null where it is a real pattern. */
export function alternatives(pattern: string): string[] | null {
  const texts = pattern.split(/(?<=(?:^|[^\\])(?:\\\\)*)\|/);
  return texts.every((text) => ALTERNATIVE.test(text))
    ? texts.map((text) => text.replaceAll(/\\(.)/g, '$1'))
    : null;
}
