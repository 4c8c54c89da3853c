/**
 * Where a pattern matches, and what its groups hold: the match that begins first, and of those the one that a backtracking
 * engine would find.
 *
 * It goes back too, but never twice over the same ground: where ways through the program join, each place of the text is
 * marked, and whoever comes there again turns round. So steps are at most instructions times bytes, and the budget's.
 */
import type { Budget } from './budget.js';
import { NEWLINE } from './chars.js';
import type { Machine } from './machine.js';
import { ASSERT, CHAR, classOf, type Program, SAVE, SPLIT } from './program.js';
import type { Assertion } from './syntax.js';
import { decodeChar } from './utf8.js';

/** Of marks, in numbers of 32 bits; a text that needs more is too costly. */
const MAX_MARKS = 1024 * 1024;
/** What is kept of the stack for the next text. */
const KEPT_STACK = 64 * 1024;

const WORD_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Za-z_]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

export class Finder {
  /** Names of the groups by number; undefined for those without, as 0 is, which is the whole match. */
  readonly names: readonly (string | undefined)[];
  /** Of each group, by number: where what it holds begins and ends; -1 where it took no part in the match. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #program: Program;
  readonly #machine: Machine;
  readonly #budget: Budget;
  /** Of each instruction: which mark it has, -1 where only one way leads to it. */
  readonly #marked: Int32Array;
  readonly #markCount: number;
  /** 1 for classes of characters that a match may begin with; of no use where it may be of no length. */
  readonly #begins: Uint8Array;
  readonly #mayBeEmpty: boolean;
  readonly #saves: Int32Array;
  #marks = new Int32Array(256);
  #stack = new Int32Array(1024);

  constructor(program: Program, machine: Machine, names: readonly (string | undefined)[], budget: Budget) {
    this.#program = program;
    this.#machine = machine;
    this.#budget = budget;
    this.names = names;
    this.starts = new Int32Array(names.length);
    this.ends = new Int32Array(names.length);
    this.#saves = new Int32Array(names.length * 2);
    [this.#marked, this.#markCount] = joinsOf(program);
    this.#begins = new Uint8Array(program.bounds.length);
    this.#mayBeEmpty = markBegins(program, this.#begins);
  }

  /** Looks in data[start .. end), which is the whole text. Undefined where the budget is spent before that is known. */
  find(data: Uint8Array, start: number, end: number): boolean | undefined {
    const isThere = this.#machine.test(data, start, end);
    return isThere === true ? this.findFrom(data, start, start, end) : isThere;
  }

  /** As `find`, a match that begins at `from` or behind it. */
  findFrom(data: Uint8Array, start: number, from: number, end: number): boolean | undefined {
    const marks = ((end - from + 1) * this.#markCount + 31) >>> 5;
    if (marks > MAX_MARKS) return undefined;
    if (marks > this.#marks.length) this.#marks = new Int32Array(marks * 2);
    else this.#marks.fill(0, 0, marks);
    const budget = this.#budget;
    // To clear eight of them takes no longer than a step.
    budget.left -= marks >>> 3;
    const { ascii, bounds } = this.#program;
    for (let at = from; at <= end; ) {
      const decoded = at < end ? decodeChar(data, at, end) : 1;
      const charClass = decoded >> 3 < 0x80 ? ascii[decoded >> 3] : classOf(bounds, decoded >> 3);
      if (this.#mayBeEmpty || (at < end && this.#begins[charClass] === 1)) {
        const found = this.#run(data, start, from, at, end);
        if (found !== false) return found;
      } else if (--budget.left < 0) return undefined;
      at += decoded & 7;
    }
    return false;
  }

  /** A match that begins at `at`. */
  #run(data: Uint8Array, start: number, from: number, begin: number, end: number): boolean | undefined {
    const { ops, takes, targets, assertions, slots, bounds, ascii } = this.#program;
    const classes = bounds.length;
    const marked = this.#marked;
    const marks = this.#marks;
    const saves = this.#saves;
    let stack = this.#stack;
    let depth = 0;
    let steps = this.#budget.left;
    let pc = 0;
    let at = begin;
    let found: boolean | undefined = false;
    saves.fill(-1);
    for (;;) {
      let goesOn = true;
      if (--steps < 0) {
        found = undefined;
        break;
      }
      const mark = marked[pc];
      if (mark >= 0) {
        const bit = (at - from) * this.#markCount + mark;
        goesOn = (marks[bit >>> 5] & (1 << (bit & 31))) === 0;
        marks[bit >>> 5] |= 1 << (bit & 31);
      }
      if (goesOn) {
        const op = ops[pc];
        if (op === CHAR) {
          goesOn = at < end;
          if (goesOn) {
            const byte = data[at];
            if (byte < 0x80) {
              goesOn = takes[pc * classes + ascii[byte]] === 1;
              at++;
            } else {
              const decoded = decodeChar(data, at, end);
              goesOn = takes[pc * classes + classOf(bounds, decoded >> 3)] === 1;
              at += decoded & 7;
            }
            pc++;
          }
        } else if (op === SPLIT || op === SAVE) {
          const to = targets[pc];
          if (depth + 2 * to.length + 2 > stack.length) {
            stack = new Int32Array(stack.length * 2);
            stack.set(this.#stack);
            this.#stack = stack;
          }
          if (op === SPLIT) {
            for (let i = to.length - 1; i > 0; i--) {
              stack[depth++] = to[i];
              stack[depth++] = at;
            }
            pc = to[0];
          } else {
            const slot = slots[pc++];
            // Below 0: to be taken back where the way turns out to be none.
            stack[depth++] = -1 - slot;
            stack[depth++] = saves[slot];
            saves[slot] = at;
          }
        } else if (op === ASSERT) {
          goesOn = holds(assertions[pc] as Assertion, data, start, at, end);
          pc++;
        } else {
          found = true;
          break;
        }
      }
      if (goesOn) continue;
      while (depth > 0 && stack[depth - 2] < 0) {
        saves[-1 - stack[depth - 2]] = stack[depth - 1];
        depth -= 2;
      }
      if (depth === 0) break;
      at = stack[--depth];
      pc = stack[--depth];
    }
    this.#budget.left = steps;
    if (this.#stack.length > KEPT_STACK) this.#stack = new Int32Array(1024);
    if (found === true) {
      for (let i = 1; i < this.starts.length; i++) {
        this.starts[i] = saves[i * 2];
        this.ends[i] = saves[i * 2 + 1];
      }
      this.starts[0] = begin;
      this.ends[0] = at;
    }
    return found;
  }
}

/** Which instructions more than one other leads to, numbered. */
function joinsOf({ ops, targets, length }: Program): [marked: Int32Array, count: number] {
  const ways = new Int32Array(length + 1);
  ways[0]++;
  for (let pc = 0; pc < length; pc++) {
    if (ops[pc] === SPLIT) for (const to of targets[pc]) ways[to]++;
    else ways[pc + 1]++;
  }
  let count = 0;
  return [Int32Array.from({ length }, (_, pc) => (ways[pc] > 1 ? count++ : -1)), count];
}

/** Marks the classes that a match may begin with; answers whether it may be of no length. */
function markBegins({ ops, targets, takes, bounds }: Program, begins: Uint8Array): boolean {
  let mayBeEmpty = false;
  const seen = new Set<number>();
  const open = [0];
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    const op = ops[pc];
    if (op === CHAR) {
      for (let i = 0; i < bounds.length; i++) begins[i] |= takes[pc * bounds.length + i];
    } else if (op === SPLIT) open.push(...targets[pc]);
    else if (op === SAVE || op === ASSERT) open.push(pc + 1);
    else mayBeEmpty = true;
  }
  return mayBeEmpty;
}

function holds(what: Assertion, data: Uint8Array, start: number, at: number, end: number): boolean {
  switch (what) {
    case 'textStart':
      return at === start;
    case 'textEnd':
      return at === end;
    case 'lineStart':
      return at === start || data[at - 1] === NEWLINE;
    case 'lineEnd':
      return at === end || data[at] === NEWLINE;
    default: {
      const before = at > start && WORD_BYTES[data[at - 1]] === 1;
      const after = at < end && WORD_BYTES[data[at]] === 1;
      return (before !== after) === (what === 'wordEdge');
    }
  }
}
