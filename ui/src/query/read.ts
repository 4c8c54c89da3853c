/**
 * A query (docs: src/query/query.ts) as the page sees it while somebody types: read as far as it is understood, each part
 * with its place. The agent alone judges whether a query is right; this knows no regular expressions.
 *
 *   {container="web", env!="dev"} |= "timeout" !~ `x` | level=~"warn|error" | status>=500
 *   or a text to look for
 */

export interface Part {
  /**
   * A label of the selector, a test of the line, the level, a field, a field compared with a number, or the whole query
   * where it is a text to look for.
   */
  readonly kind: 'label' | 'line' | 'level' | 'field' | 'number' | 'text';
  /** Of a label or a field; else empty. */
  readonly name: string;
  /** `= != =~ !~`, `= != < <= > >=` or `|= != |~ !~`; empty for a text. */
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
const FIELD = /\|\s*(?=[a-zA-Z_])/y;
const LEVEL = /^(?:detected_)?level$/;
const NUMBER_TEST = /(?:==?|!=|<=?|>=?)(?=\s*[-+.\d])/y;
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![a-zA-Z0-9_.])/y;
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

  /** Tests of the line, the level and fields, to the end. */
  stages(): boolean {
    for (;;) {
      this.#match(SPACE);
      if (this.#at === this.#text.length) return true;
      const isField = this.#token(FIELD) !== null;
      if (!(isField ? this.#field() : this.#comparison('line', '', LINE_TEST))) return false;
    }
  }

  #field(): boolean {
    const name = this.#token(NAME) ?? '';
    if (LEVEL.test(name)) return this.#comparison('level', '', COMPARISON);
    const operator = this.#token(NUMBER_TEST);
    if (operator === null) return this.#comparison('field', name, COMPARISON);
    const value = this.#token(NUMBER);
    if (value === null) return false;
    this.parts.push({ kind: 'number', name, operator: operator.replace('==', '='), value });
    return true;
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
