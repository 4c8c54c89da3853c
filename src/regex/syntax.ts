/**
 * Regular expressions in RE2's syntax, read into a tree:
 *
 *   x  .  [a-z]  [^a-z]  [[:alpha:]]  \d \D \w \W \s \S  \n \r \t \f \v \a  \x41 \x{1F600}  \. and other punctuation  \Q…\E
 *   xy  x|y  (x)  (?:x)  (?P<name>x)  (?i) (?s) (?m) (?i:x)  x* x+ x? x{2} x{2,} x{2,5}  ^ $ \A \z \b \B
 *
 * What RE2 has beyond that is refused: octal numbers and classes of Unicode (\p). How greedy a repetition is makes
 * no difference to whether there is a match, only to what groups hold (captures.ts). No Node.js: the page reads patterns too.
 */
import { ANY, type CharSet, complement, folded, LAST_CHAR, NEWLINE, union } from './chars.js';

export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge';

export type Node =
  | { readonly kind: 'char'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  /** `max` may be Infinity. */
  | {
      readonly kind: 'repeat';
      readonly part: Node;
      readonly min: number;
      readonly max: number;
      /** As few as possible. */
      readonly isLazy: boolean;
    }
  /** Remembers what `part` matched; numbered from 1 in the order of their opening brackets. */
  | {
      readonly kind: 'group';
      readonly part: Node;
      readonly number: number;
      readonly name: string | undefined;
    };

/** What is wrong with a regular expression, and at which character, counted from 0. */
export class PatternError extends SyntaxError {
  readonly what: string;
  readonly at: number;

  constructor(what: string, at: number) {
    super(`The regular expression is wrong at character ${at + 1}: ${what}.`);
    this.what = what;
    this.at = at;
  }
}

const MAX_REPEAT = 1000;
const MAX_DEPTH = 100;
const DIGITS: CharSet = [[0x30, 0x39]];
export const WORDS: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: CharSet = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const CLASSES: Readonly<Record<string, CharSet>> = { d: DIGITS, w: WORDS, s: SPACES };
const NAMED: Readonly<Record<string, string>> = {
  alnum: '09AZaz',
  alpha: 'AZaz',
  ascii: '\0\x7f',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  word: '09AZ__az',
  xdigit: '09AFaf',
};
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'textStart',
  z: 'textEnd',
  b: 'wordEdge',
  B: 'noWordEdge',
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  /** Repetitions are lazy, but those with a `?` behind them. */
  readonly U: boolean;
}

/** Throws a PatternError. `dotAll`: a dot is a newline too, as with (?s). */
export function parsePattern(pattern: string, dotAll = false): Node {
  return new Parser(pattern, { i: false, m: false, s: dotAll, U: false }).parse();
}

class Parser {
  readonly #pattern: string;
  #flags: Flags;
  #at = 0;
  #depth = 0;
  #groups = 0;

  constructor(pattern: string, flags: Flags) {
    this.#pattern = pattern;
    this.#flags = flags;
  }

  parse(): Node {
    const node = this.#alternatives();
    if (this.#at < this.#pattern.length) throw this.#wrong('this ) closes nothing');
    return node;
  }

  #alternatives(): Node {
    if (++this.#depth > MAX_DEPTH) throw this.#wrong('groups are nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at])) {
      if (this.#take('\\Q')) {
        parts.push(...this.#quoted());
        continue;
      }
      const atom = this.#atom();
      if (atom) parts.push(this.#repeated(atom));
    }
    return { kind: 'sequence', parts };
  }

  /** What stands between \Q and \E. */
  #quoted(): Node[] {
    const parts: Node[] = [];
    while (this.#at < this.#pattern.length && !this.#take('\\E')) {
      const part = this.#literal(this.#next());
      // Only the last of them is repeated.
      const isLast = this.#pattern.startsWith('\\E', this.#at);
      if (isLast) this.#at += 2;
      parts.push(isLast ? this.#repeated(part) : part);
      if (isLast) break;
    }
    return parts;
  }

  #repeated(part: Node): Node {
    const range = this.#repetition();
    if (!range) return part;
    const isLazy = this.#take('?') !== this.#flags.U;
    if ('*+?'.includes(this.#pattern[this.#at] ?? '-') || COUNTS.test(this.#rest))
      throw this.#wrong('a repetition of a repetition needs a group around the inner one');
    const [min, max] = range;
    return { kind: 'repeat', part, min, max, isLazy };
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at, this.#at + 12);
  }

  #repetition(): [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const match = COUNTS.exec(this.#rest);
    if (!match) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? undefined : Number(match[3]);
    if (min > MAX_REPEAT || (max ?? min) > MAX_REPEAT)
      throw this.#wrong(`at most ${MAX_REPEAT} repetitions can be asked for`);
    if ((max ?? min) < min) throw this.#wrong('the second number is below the first');
    this.#at += match[0].length;
    return [min, max ?? Number.POSITIVE_INFINITY];
  }

  /** Undefined where flags were set only. */
  #atom(): Node | undefined {
    const char = this.#pattern[this.#at];
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { kind: 'char', set: this.#class() };
    if (this.#take('.')) return { kind: 'char', set: this.#flags.s ? ANY : complement([[NEWLINE, NEWLINE]]) };
    if (this.#take('^')) return { kind: 'assert', what: this.#flags.m ? 'lineStart' : 'textStart' };
    if (this.#take('$')) return { kind: 'assert', what: this.#flags.m ? 'lineEnd' : 'textEnd' };
    if (this.#take('\\')) {
      const what = ASSERTIONS[this.#pattern[this.#at] ?? ''];
      if (what === undefined) return { kind: 'char', set: this.#folded(this.#escape()) };
      this.#at++;
      return { kind: 'assert', what };
    }
    if ('*+?'.includes(char)) throw this.#wrong('there is nothing to repeat');
    return this.#literal(this.#next());
  }

  #literal(char: number): Node {
    return { kind: 'char', set: this.#folded([[char, char]]) };
  }

  #folded(set: CharSet): CharSet {
    return this.#flags.i ? folded(set) : set;
  }

  /** The set, or all that is not in it, cases being folded before: the sign for Kelvin is a \w then, so no \W. */
  #orRest(set: CharSet, isNegated: boolean): CharSet {
    return isNegated ? complement(this.#folded(set)) : set;
  }

  #group(): Node | undefined {
    const before = this.#flags;
    const open = this.#at - 1;
    let name: string | undefined;
    let isGroup = true;
    if (this.#take('?')) {
      const head = GROUP.exec(this.#pattern.slice(this.#at, this.#at + 100));
      if (!head)
        throw this.#wrong('of (? only (?:…), (?P<name>…), and the flags i, m, s and U are known', open);
      this.#at += head[0].length;
      name = head[1];
      isGroup = name !== undefined;
      this.#setFlags(head[2] ?? '', head[3] ?? '');
      if (head[0].endsWith(')')) return undefined;
    }
    const number = isGroup ? ++this.#groups : 0;
    const part = this.#alternatives();
    if (!this.#take(')')) throw this.#wrong('a ( is not closed');
    this.#flags = before;
    return isGroup ? { kind: 'group', part, number, name } : part;
  }

  #setFlags(on: string, off: string): void {
    const { i, m, s, U } = this.#flags;
    const is = (flag: string, now: boolean) => (now || on.includes(flag)) && !off.includes(flag);
    this.#flags = { i: is('i', i), m: is('m', m), s: is('s', s), U: is('U', U) };
  }

  #class(): CharSet {
    const isNegated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let isFirst = true; isFirst || !this.#take(']'); isFirst = false) {
      if (this.#at >= this.#pattern.length) throw this.#wrong('a [ is not closed');
      const first = this.#classChars();
      const isRange = first.length === 1 && first[0][0] === first[0][1] && this.#isRangeAhead;
      if (!isRange) {
        ranges.push(...first);
        continue;
      }
      this.#at++;
      const [[from]] = first;
      const last = this.#classChars();
      const to = last.length === 1 && last[0][0] === last[0][1] ? last[0][0] : -1;
      if (to < from) throw this.#wrong('the range ends before it begins');
      ranges.push([from, to]);
    }
    const set = this.#folded(union(ranges));
    return isNegated ? complement(set) : set;
  }

  get #isRangeAhead(): boolean {
    const after = this.#pattern[this.#at + 1];
    return this.#pattern[this.#at] === '-' && after !== undefined && after !== ']';
  }

  #classChars(): CharSet {
    const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#rest);
    if (named) {
      const pairs = NAMED[named[2]];
      if (pairs === undefined || !Object.hasOwn(NAMED, named[2]))
        throw this.#wrong(`there is no class ${named[0]}`);
      this.#at += named[0].length;
      const set = Array.from({ length: pairs.length / 2 }, (_, i) => {
        return [pairs.charCodeAt(i * 2), pairs.charCodeAt(i * 2 + 1)] as const;
      });
      return this.#orRest(set, named[1] === '^');
    }
    if (this.#take('\\')) return this.#escape();
    const char = this.#next();
    return [[char, char]];
  }

  /** What stands behind a backslash. */
  #escape(): CharSet {
    const hex = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(this.#rest);
    if (hex) {
      const char = Number.parseInt(hex[1] ?? hex[2], 16);
      if (char > LAST_CHAR) throw this.#wrong('there is no such character');
      this.#at += hex[0].length;
      return [[char, char]];
    }
    const name = this.#pattern[this.#at] ?? '';
    const group = Object.hasOwn(CLASSES, name.toLowerCase()) ? CLASSES[name.toLowerCase()] : undefined;
    if (group) {
      this.#at++;
      return this.#orRest(group, name !== name.toLowerCase());
    }
    if (name === 'p' || name === 'P') throw this.#wrong(`\\${name} is not known here; write ranges as [α-ω]`);
    if (/^$|[0-9A-Za-z]/.test(name) && !Object.hasOwn(CONTROLS, name))
      throw this.#wrong(`\\${name} is not known`);
    const literal = this.#next();
    const char = CONTROLS[name] ?? literal;
    return [[char, char]];
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): number {
    const char = this.#pattern.codePointAt(this.#at) ?? 0;
    this.#at += char > 0xffff ? 2 : 1;
    return char;
  }

  #wrong(what: string, at = this.#at): PatternError {
    return new PatternError(what, at);
  }
}

const COUNTS = /^\{(\d{1,4})(,(\d{1,4})?)?\}/;
const GROUP = /^(?:P?<([A-Za-z_][A-Za-z0-9_]*)>|([imsU]*)(?:-([imsU]+))?[:)])/;
