/**
 * Runs a program over bytes of UTF-8 in time linear in their length, whatever the pattern and the text. (The language's own
 * engine backtracks: 28 hostile characters can cost it seconds.)
 *
 * The sets of threads that occur are numbered and remembered with what follows them by class of the next character: a known
 * text costs two look-ups in tables a byte. What is remembered is bounded; a text that needs more is run set by set, at the cost of
 * one pass over the program a character, and with the next text the tables begin anew. All of it takes from a budget, and ends with it.
 */
import { type Budget, BYTES_A_STEP } from './budget.js';
import { includes, NEWLINE } from './chars.js';
import { ASSERT, CHAR, classOf, MATCH as MATCHES, type Program, SPLIT } from './program.js';
import { type Assertion, WORDS } from './syntax.js';
import { decodeChar } from './utf8.js';

/** What is remembered at most, in numbers of four bytes each: entries of the table, and threads in sets. */
const MAX_TABLE = 32 * 1024;
const MAX_THREADS = 32 * 1024;

/** Entries of the table that are no states. States are multiples of the table's width from there on. */
const UNKNOWN = 0;
const MATCH = -1;
const DEAD = -2;
const FULL = -3;
/** What things cost in steps, as measured: a character beyond ASCII; a split; a set that is made or looked up, and each of its threads. */
const WIDE_STEPS = 3;
const SPLIT_STEPS = 8;
const SET_STEPS = 64;
const THREAD_STEPS = 8;

/** What stands before the next character, and what the next one is. */
const START = 0;
const LINE = 1;
const WORD = 2;
const OTHER = 3;
const END = 4;

interface ThreadSet {
  /** Instructions that take a character, assert or match, ascending. */
  readonly threads: Int32Array;
  readonly before: number;
}

export class Machine {
  readonly #program: Program;
  readonly #budget: Budget;
  /** Is the whole text asked about, or any part of it? */
  readonly #isWhole: boolean;
  readonly #asserts: boolean;
  /** Of each class, and of the end. */
  readonly #kinds: Uint8Array;
  readonly #width: number;
  #table: Int32Array;
  #sets: ThreadSet[] = [];
  #byHash = new Map<number, number[]>();
  #threads = 0;
  #isFull = false;
  #start = 0;
  /** Threads of the set that is being made, and which instructions were seen for it. */
  #next: Int32Array;
  #length = 0;
  #seen: Int32Array;
  #generation = 0;

  constructor(program: Program, isWhole: boolean, budget: Budget) {
    this.#program = program;
    this.#budget = budget;
    this.#isWhole = isWhole;
    this.#asserts = program.ops.includes(ASSERT);
    const { bounds } = program;
    this.#kinds = Uint8Array.from({ length: bounds.length + 1 }, (_, i) => {
      if (i === bounds.length) return END;
      return bounds[i] === NEWLINE ? LINE : includes(WORDS, bounds[i]) ? WORD : OTHER;
    });
    this.#width = bounds.length + 1;
    this.#table = new Int32Array(this.#width * 8);
    this.#next = new Int32Array(program.length);
    this.#seen = new Int32Array(program.length);
    this.#forget();
  }

  /** Is there a match in data[start .. end)? Undefined where the budget is spent before that is known. */
  test(data: Uint8Array, start: number, end: number): boolean | undefined {
    const budget = this.#budget;
    if (budget.left <= 0) return undefined;
    if (this.#isFull) this.#forget();
    const { ascii, bounds } = this.#program;
    let state = this.#start;
    let wide = 0;
    let at = start;
    while (at < end) {
      const byte = data[at];
      let charClass: number;
      let to = at + 1;
      if (byte < 0x80) {
        charClass = ascii[byte];
      } else {
        const decoded = decodeChar(data, at, end);
        charClass = classOf(bounds, decoded >> 3);
        to = at + (decoded & 7);
        wide++;
      }
      let next = this.#table[state + charClass];
      if (next <= 0) {
        if (next === UNKNOWN) next = this.#step(state, charClass);
        if (next === FULL) break;
        if (next <= 0 || budget.left <= 0) {
          state = next;
          break;
        }
      }
      state = next;
      at = to;
    }
    budget.left -= Math.ceil((at - start) / BYTES_A_STEP) + wide * WIDE_STEPS;
    if (at < end) {
      if (state > 0) return budget.left > 0 ? this.#simulate(state, data, at, end) : undefined;
      return state === MATCH;
    }
    const last = this.#table[state + bounds.length];
    return (last === UNKNOWN ? this.#step(state, bounds.length) : last) === MATCH;
  }

  /** What follows the state with a character of this class; remembered but where all is full. */
  #step(state: number, charClass: number): number {
    const { threads, before } = this.#sets[state / this.#width];
    const hasMatch = this.#advance(threads, threads.length, before, charClass);
    let next = DEAD;
    if (hasMatch) next = MATCH;
    else if (this.#length > 0) next = this.#numbered(this.#asserts ? this.#kinds[charClass] : START);
    if (next !== FULL) this.#table[state + charClass] = next;
    return next;
  }

  /**
   * Makes the set #next of threads, lets each take one character of the class, and answers whether one matched before it.
   * At the end of the text no threads are left. It runs once a character in the worst case: the loop holds what it needs.
   */
  #advance(threads: Int32Array, count: number, before: number, charClass: number): boolean {
    const { ops, takes } = this.#program;
    const classes = this.#width - 1;
    const isEnd = charClass === classes;
    const holding = this.#asserts ? this.#passing(threads, count, before, charClass) : threads;
    const holds = this.#asserts ? this.#length : count;
    this.#begin();
    const seen = this.#seen;
    const generation = this.#generation;
    const next = this.#next;
    let length = 0;
    for (let i = 0; i < holds; i++) {
      const at = holding[i];
      if (ops[at] === CHAR) {
        const to = at + 1;
        if (isEnd || takes[at * classes + charClass] === 0 || seen[to] === generation) continue;
        if (ops[to] === SPLIT) {
          this.#length = length;
          this.#add(to);
          length = this.#length;
        } else {
          seen[to] = generation;
          next[length++] = to;
        }
      } else if (ops[at] === MATCHES && (!this.#isWhole || isEnd)) {
        return true;
      }
    }
    this.#length = length;
    if (!this.#isWhole && !isEnd) this.#add(0);
    this.#budget.left -= holds + this.#length;
    return false;
  }

  /** The threads, and what those lead to that assert what is true between `before` and the class. */
  #passing(threads: Int32Array, count: number, before: number, charClass: number): Int32Array {
    const after = this.#kinds[charClass];
    this.#begin();
    for (let i = 0; i < count; i++) this.#add(threads[i]);
    this.#budget.left -= count;
    for (let i = 0; i < this.#length; i++) {
      const what = this.#program.assertions[this.#next[i]];
      if (what !== undefined && holds(what, before, after)) this.#add(this.#next[i] + 1);
    }
    return this.#next.slice(0, this.#length);
  }

  #begin(): void {
    this.#length = 0;
    this.#generation++;
  }

  /** Adds the thread, or where it stands once it has done all splits. */
  #add(at: number): void {
    if (this.#seen[at] === this.#generation) return;
    this.#seen[at] = this.#generation;
    if (this.#program.ops[at] !== SPLIT) {
      this.#next[this.#length++] = at;
      return;
    }
    const open = [...this.#program.targets[at]];
    let steps = SPLIT_STEPS + open.length;
    for (let to = open.pop(); to !== undefined; to = open.pop()) {
      steps++;
      if (this.#seen[to] === this.#generation) continue;
      this.#seen[to] = this.#generation;
      if (this.#program.ops[to] === SPLIT) open.push(...this.#program.targets[to]);
      else this.#next[this.#length++] = to;
    }
    this.#budget.left -= steps;
  }

  /** The state of the set #next. */
  #numbered(before: number): number {
    const threads = this.#next.slice(0, this.#length).sort();
    this.#budget.left -= SET_STEPS + threads.length * THREAD_STEPS;
    let hash = before;
    for (const thread of threads) hash = (Math.imul(hash, 31) + thread) & 0x3fffffff;
    const same = this.#byHash.get(hash);
    for (const index of same ?? []) {
      const set = this.#sets[index];
      if (set.before === before && equal(set.threads, threads)) return index * this.#width;
    }
    const index = this.#sets.length;
    const size = (index + 1) * this.#width;
    this.#threads += threads.length;
    if (index > 1 && (size > MAX_TABLE || this.#threads > MAX_THREADS)) {
      this.#isFull = true;
      return FULL;
    }
    if (size > this.#table.length) {
      const table = new Int32Array(this.#table.length * 2);
      table.set(this.#table);
      this.#table = table;
    }
    this.#sets.push({ threads, before });
    if (same) same.push(index);
    else this.#byHash.set(hash, [index]);
    return index * this.#width;
  }

  #forget(): void {
    this.#table.fill(UNKNOWN);
    // Number 0 is not used: it says in the table that nothing is known.
    this.#sets = [{ threads: new Int32Array(0), before: START }];
    this.#byHash.clear();
    this.#threads = 0;
    this.#isFull = false;
    this.#begin();
    this.#add(0);
    this.#start = this.#numbered(START);
  }

  /** The rest of a text, from the state at hand, with nothing remembered. */
  #simulate(state: number, data: Uint8Array, start: number, end: number): boolean | undefined {
    const { bounds } = this.#program;
    const set = this.#sets[state / this.#width];
    let { before } = set;
    let count = set.threads.length;
    let threads: Int32Array = new Int32Array(this.#program.length);
    threads.set(set.threads);
    for (let at = start; at < end && count > 0; ) {
      const decoded = decodeChar(data, at, end);
      const charClass = classOf(bounds, decoded >> 3);
      this.#budget.left -= WIDE_STEPS;
      if (this.#advance(threads, count, before, charClass)) return true;
      if (this.#budget.left <= 0) return undefined;
      // What was made is what is asked next, and the other way round.
      [threads, this.#next] = [this.#next, threads];
      count = this.#length;
      before = this.#asserts ? this.#kinds[charClass] : START;
      at += decoded & 7;
    }
    return count > 0 && this.#advance(threads, count, before, bounds.length);
  }
}

function holds(what: Assertion, before: number, after: number): boolean {
  switch (what) {
    case 'textStart':
      return before === START;
    case 'textEnd':
      return after === END;
    case 'lineStart':
      return before === START || before === LINE;
    case 'lineEnd':
      return after === END || after === LINE;
    default:
      return ((before === WORD) !== (after === WORD)) === (what === 'wordEdge');
  }
}

function equal(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
