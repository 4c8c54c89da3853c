/**
 * Regular expressions in RE2's manner: matched against a whole text in time linear in its length, whatever the pattern
 * and the text. (The language's own engine backtracks: 28 hostile characters can cost it seconds.)
 *
 *   x  .  [a-z]  [^a-z]  \d \D \w \W \s \S  \n \r \t \f \v  \x41 \x{1F600}  \. and other punctuation
 *   xy  x|y  (x)  (?:x)  x*  x+  x?  x{2}  x{2,}  x{2,5}  ^ and $  (?i) at the very beginning
 *
 * A pattern becomes a program of a few instructions, run over all its threads at once, a character at a time.
 */

/** Code points: pairs of a first and a last one. */
type CharSet = readonly (readonly [number, number])[];

type Instruction =
  | { readonly op: 'char'; readonly set: CharSet; readonly isNegated: boolean }
  | { readonly op: 'begin' | 'end' | 'match' }
  /** Goes on at each of `to`. */
  | { readonly op: 'split'; readonly to: number[] };

/** Appends a part of the pattern to the program; may be called again for a repetition. */
type Part = (program: Instruction[]) => void;

const MAX_INSTRUCTIONS = 10_000;
const MAX_REPEAT = 1000;
const MAX_DEPTH = 100;
const LAST_CHAR = 0x10ffff;

const DIGITS: CharSet = [[0x30, 0x39]];
const WORDS: CharSet = [
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
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };

/**
 * A test of whole texts. Throws a SyntaxError that says what is wrong and at which character of the pattern, counted
 * from 1.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const foldsCase = pattern.startsWith('(?i)');
  const program: Instruction[] = [];
  new Parser(pattern, foldsCase ? 4 : 0).parse()(program);
  emit(program, { op: 'match' });
  return (text) => runs(program, text, foldsCase);
}

function emit(program: Instruction[], instruction: Instruction): number {
  if (program.length >= MAX_INSTRUCTIONS)
    throw new SyntaxError('The regular expression is too large: its repetitions multiply.');
  return program.push(instruction) - 1;
}

class Parser {
  readonly #pattern: string;
  #at: number;
  #depth = 0;

  constructor(pattern: string, from: number) {
    this.#pattern = pattern;
    this.#at = from;
  }

  parse(): Part {
    const part = this.#alternatives();
    if (this.#at < this.#pattern.length) throw this.#wrong('this ) closes nothing');
    return part;
  }

  #alternatives(): Part {
    if (++this.#depth > MAX_DEPTH) throw this.#wrong('groups are nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0] : (program) => emitAlternatives(program, parts);
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at])) {
      parts.push(this.#repeated(this.#atom()));
    }
    return (program) => {
      for (const part of parts) part(program);
    };
  }

  #repeated(part: Part): Part {
    const range = this.#repetition();
    if (!range) return part;
    // How greedy it is does not matter to whether the whole text matches.
    this.#take('?');
    if ('*+?'.includes(this.#pattern[this.#at] ?? '-') || this.#counts.test(this.#rest))
      throw this.#wrong('a repetition of a repetition needs a group around the inner one');
    const [min, max] = range;
    return (program) => {
      for (let i = 0, before = -1; i < min && program.length > before; i++) {
        before = program.length;
        part(program);
      }
      if (max === Number.POSITIVE_INFINITY) {
        const split = emit(program, { op: 'split', to: [program.length + 1] });
        part(program);
        emit(program, { op: 'split', to: [split] });
        leadTo(program, split, program.length);
      } else {
        const splits: number[] = [];
        for (let i = min; i < max; i++) {
          splits.push(emit(program, { op: 'split', to: [program.length + 1] }));
          part(program);
        }
        for (const split of splits) leadTo(program, split, program.length);
      }
    };
  }

  readonly #counts = /^\{(\d{1,4})(,(\d{1,4})?)?\}/;

  get #rest(): string {
    return this.#pattern.slice(this.#at, this.#at + 12);
  }

  #repetition(): [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const match = this.#counts.exec(this.#rest);
    if (!match) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? undefined : Number(match[3]);
    if (min > MAX_REPEAT || (max ?? min) > MAX_REPEAT)
      throw this.#wrong(`at most ${MAX_REPEAT} repetitions can be asked for`);
    if ((max ?? min) < min) throw this.#wrong('the second number is below the first');
    this.#at += match[0].length;
    return [min, max ?? Number.POSITIVE_INFINITY];
  }

  #atom(): Part {
    const char = this.#pattern[this.#at];
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return this.#class();
    if (this.#take('.')) return charPart([[0, LAST_CHAR]]);
    if (this.#take('^')) return (program) => void emit(program, { op: 'begin' });
    if (this.#take('$')) return (program) => void emit(program, { op: 'end' });
    if (this.#take('\\')) return charPart(this.#escape());
    if ('*+?'.includes(char)) throw this.#wrong('there is nothing to repeat');
    const literal = this.#next();
    return charPart([[literal, literal]]);
  }

  #group(): Part {
    if (this.#take('?') && !this.#take(':'))
      throw this.#wrong('of (? only (?:…), and (?i) at the very beginning, are known');
    const part = this.#alternatives();
    if (!this.#take(')')) throw this.#wrong('a ( is not closed');
    return part;
  }

  #class(): Part {
    const isNegated = this.#take('^');
    const set: (readonly [number, number])[] = [];
    for (let isFirst = true; isFirst || !this.#take(']'); isFirst = false) {
      if (this.#at >= this.#pattern.length) throw this.#wrong('a [ is not closed');
      if (this.#pattern.startsWith('[:', this.#at))
        throw this.#wrong('classes by name are not known; write a-z, \\d, \\w or \\s');
      const first = this.#classChars();
      const isRange = first.length === 1 && first[0][0] === first[0][1] && this.#isRangeAhead;
      if (!isRange) {
        set.push(...first);
        continue;
      }
      this.#at++;
      const [[from]] = first;
      const last = this.#classChars();
      const to = last.length === 1 && last[0][0] === last[0][1] ? last[0][0] : -1;
      if (to < from) throw this.#wrong('the range ends before it begins');
      set.push([from, to]);
    }
    return charPart(set, isNegated);
  }

  get #isRangeAhead(): boolean {
    const after = this.#pattern[this.#at + 1];
    return this.#pattern[this.#at] === '-' && after !== undefined && after !== ']';
  }

  #classChars(): CharSet {
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
    if (Object.hasOwn(CLASSES, name)) {
      this.#at++;
      return CLASSES[name];
    }
    if (/^$|[0-9A-Za-z]/.test(name) && !Object.hasOwn(CONTROLS, name))
      throw this.#wrong(`\\${name} is not known`);
    const literal = this.#next();
    const char = CONTROLS[name] ?? literal;
    return [[char, char]];
  }

  #take(text: string): boolean {
    if (this.#pattern[this.#at] !== text) return false;
    this.#at++;
    return true;
  }

  #next(): number {
    const char = this.#pattern.codePointAt(this.#at) ?? 0;
    this.#at += char > 0xffff ? 2 : 1;
    return char;
  }

  #wrong(what: string): SyntaxError {
    return new SyntaxError(`The regular expression is wrong at character ${this.#at + 1}: ${what}.`);
  }
}

function charPart(set: CharSet, isNegated = false): Part {
  return (program) => void emit(program, { op: 'char', set, isNegated });
}

function emitAlternatives(program: Instruction[], parts: readonly Part[]): void {
  const choice = emit(program, { op: 'split', to: [] });
  const ends: number[] = [];
  for (const part of parts) {
    leadTo(program, choice, program.length);
    part(program);
    ends.push(emit(program, { op: 'split', to: [] }));
  }
  for (const end of ends) leadTo(program, end, program.length);
}

function leadTo(program: Instruction[], split: number, to: number): void {
  const instruction = program[split];
  if (instruction.op === 'split') instruction.to.push(to);
}

function complement(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [first, last] of set) {
    rest.push([from, first - 1]);
    from = last + 1;
  }
  return [...rest, [from, LAST_CHAR]];
}

function runs(program: readonly Instruction[], text: string, foldsCase: boolean): boolean {
  const seenAt = new Int32Array(program.length).fill(-1);
  let threads: number[] = [];
  /** Adds where the thread stands once it has done all that takes no character. */
  const follow = (first: number, at: number, into: number[]): void => {
    const open = [first];
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (seenAt[pc] === at) continue;
      seenAt[pc] = at;
      const instruction = program[pc];
      if (instruction.op === 'split') open.push(...instruction.to);
      else if (instruction.op === 'begin' ? at === 0 : instruction.op === 'end' && at === text.length)
        open.push(pc + 1);
      else into.push(pc);
    }
  };
  follow(0, 0, threads);
  for (let at = 0; at < text.length && threads.length > 0; ) {
    const char = text.codePointAt(at) ?? 0;
    at += char > 0xffff ? 2 : 1;
    const next: number[] = [];
    for (const pc of threads) {
      const instruction = program[pc];
      if (instruction.op === 'char' && holds(instruction.set, char, foldsCase) !== instruction.isNegated)
        follow(pc + 1, at, next);
    }
    threads = next;
  }
  return threads.some((pc) => program[pc].op === 'match');
}

function holds(set: CharSet, char: number, foldsCase: boolean): boolean {
  if (set.some(([first, last]) => char >= first && char <= last)) return true;
  if (!foldsCase) return false;
  const text = String.fromCodePoint(char);
  return [text.toLowerCase(), text.toUpperCase()].some((other) => {
    const folded = other.codePointAt(0) ?? 0;
    const isOne = String.fromCodePoint(folded) === other;
    return isOne && set.some(([first, last]) => folded >= first && folded <= last);
  });
}
