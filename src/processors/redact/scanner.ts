/** Finds what rules are for in a text, in one pass over its bytes. */
import type { RedactRule } from '../../config/processor-types.js';
import { doubled } from '../../runtime/columns.js';
import type { Finding, Rule } from './rule.js';

const BYTES = 256;

export class Scanner {
  /** By two bytes: which of #sets is to be asked; 0: nobody, as nearly always. */
  readonly #askedBy = new Uint8Array(BYTES * BYTES);
  readonly #sets: (readonly Rule[])[] = [[]];
  /** By set and the byte before the two: whether to ask. */
  readonly #befores = new Uint8Array(BYTES * BYTES);
  readonly #finding: Finding = { rule: 'credentials', from: 0, to: 0 };

  /** What was found: data[from[i] .. to[i]) by the rule names[i]; ascending, and nothing twice. */
  count = 0;
  from = new Uint32Array(16);
  to = new Uint32Array(16);
  names: RedactRule[] = [];

  /** Where several find something at a place, the first one counts. */
  constructor(rules: readonly Rule[]) {
    const places = rules.flatMap((rule) => rule.places.map((place) => ({ rule, place })));
    const byPair = new Map<number, number[]>();
    for (const [number, { place }] of places.entries())
      for (const first of place.first)
        for (const second of place.second) {
          const pair = first.charCodeAt(0) * BYTES + second.charCodeAt(0);
          const asked = byPair.get(pair);
          if (asked) asked.push(number);
          else byPair.set(pair, [number]);
        }
    const sets = new Map<string, number>();
    for (const [pair, numbers] of byPair) {
      const key = numbers.join();
      const known = sets.get(key);
      const set = known ?? sets.size + 1;
      this.#askedBy[pair] = set;
      if (known !== undefined) continue;
      sets.set(key, set);
      const asked = numbers.map((number) => places[number]);
      this.#sets[set] = [...new Set(asked.map(({ rule }) => rule))];
      for (const { place } of asked) {
        if (place.before === undefined) this.#befores.fill(1, set * BYTES, (set + 1) * BYTES);
        for (const char of place.before ?? '') this.#befores[set * BYTES + char.charCodeAt(0)] = 1;
      }
    }
    if (sets.size >= BYTES) throw new RangeError('the rules have too many combinations of places');
  }

  /** Leaves in `count`, `from`, `to` and `names` what stands in data[start .. end). */
  scan(data: Uint8Array, start: number, end: number): void {
    this.count = 0;
    let floor = start;
    for (let at = this.#next(data, start, start, end); at < end; at = this.#next(data, at, floor, end)) {
      const first = at - 1 < floor ? 0 : data[at - 1];
      const set = this.#askedBy[first * BYTES + data[at]];
      const before = at - 2 < floor ? 0 : data[at - 2];
      if (this.#befores[set * BYTES + before] === 1 && this.#ask(set, data, at, floor, end)) {
        floor = this.#finding.to;
        at = floor;
      } else at++;
    }
  }

  /**
   * The first place from `from` on where somebody is to be asked, or `end`. Four bytes at a time: most are of no interest to
   * anybody. (As a loop of its own it is compiled well: within others it takes four times as long.)
   */
  #next(data: Uint8Array, from: number, floor: number, end: number): number {
    const askedBy = this.#askedBy;
    const befores = this.#befores;
    let second = from - 2 < floor ? 0 : data[from - 2];
    let first = from - 1 < floor ? 0 : data[from - 1];
    let at = from;
    for (const last = end - 3; at < last; at += 4) {
      const a = data[at];
      const b = data[at + 1];
      const c = data[at + 2];
      const d = data[at + 3];
      const setA = askedBy[first * BYTES + a];
      const setB = askedBy[a * BYTES + b];
      const setC = askedBy[b * BYTES + c];
      const setD = askedBy[c * BYTES + d];
      if ((setA | setB | setC | setD) !== 0) {
        if (befores[setA * BYTES + second] !== 0) return at;
        if (befores[setB * BYTES + first] !== 0) return at + 1;
        if (befores[setC * BYTES + a] !== 0) return at + 2;
        if (befores[setD * BYTES + b] !== 0) return at + 3;
      }
      second = c;
      first = d;
    }
    for (; at < end; at++) {
      const byte = data[at];
      const set = askedBy[first * BYTES + byte];
      if (befores[set * BYTES + second] !== 0) return at;
      second = first;
      first = byte;
    }
    return end;
  }

  #ask(set: number, data: Uint8Array, at: number, start: number, end: number): boolean {
    const rules = this.#sets[set];
    const finding = this.#finding;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      finding.rule = rule.name;
      if (!rule.find(data, at, start, end, finding)) continue;
      this.#add(finding);
      return true;
    }
    return false;
  }

  #add({ rule, from, to }: Finding): void {
    if (this.count === this.from.length) {
      this.from = doubled(this.from);
      this.to = doubled(this.to);
    }
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.names[this.count++] = rule;
  }
}
