/** Puts words in the place of secrets: rules that are built in, then the user's own patterns, on what is left. */
import type { RedactPattern } from '../../config/processor-types.js';
import { Budget, compileFinder, type Finder } from '../../regex/index.js';
import type { Rule } from './rule.js';
import { Scanner } from './scanner.js';

/** In the place of a text that own patterns are too costly for: nobody knows what it holds. */
const UNCHECKED = Buffer.from('[REDACTED: not checked]');

/** What became of a text. */
export type Verdict = 'clean' | 'changed' | 'unchecked';

interface OwnRule {
  readonly name: string;
  readonly finder: Finder;
  readonly replacement: Buffer;
}

export function markOf(rule: string): Buffer {
  return Buffer.from(`[REDACTED:${rule}]`);
}

export class Redactor {
  /** What takes the place of the last text that was not clean: out[0 .. length). */
  out = Buffer.alloc(4096);
  length = 0;
  readonly #scanner: Scanner;
  readonly #marks = new Map<string, Buffer>();
  readonly #own: readonly OwnRule[];
  readonly #budget = new Budget();
  #spare = Buffer.alloc(4096);

  constructor(rules: readonly Rule[], patterns: readonly RedactPattern[]) {
    this.#scanner = new Scanner(rules);
    this.#own = patterns.map(({ name, pattern, replace }) => ({
      name,
      finder: compileFinder(pattern, this.#budget),
      replacement: replace === undefined ? markOf(name) : Buffer.from(replace),
    }));
  }

  /** Before each line, with whose fields it shares what it may cost. */
  renew(): void {
    this.#budget.renew();
  }

  /** Tells `did` each secret of data[start .. end). */
  redact(data: Buffer, start: number, end: number, did: (rule: string) => void): Verdict {
    const scanner = this.#scanner;
    scanner.scan(data, start, end);
    const isChanged = scanner.count > 0;
    if (isChanged) this.#replaceFound(data, start, end, did);
    return this.#own.length === 0
      ? isChanged
        ? 'changed'
        : 'clean'
      : this.#redactOwn(data, start, end, isChanged, did);
  }

  #replaceFound(data: Buffer, start: number, end: number, did: (rule: string) => void): void {
    const { count, from, to, names } = this.#scanner;
    this.length = 0;
    let at = start;
    for (let i = 0; i < count; i++) {
      const name = names[i];
      const mark = this.#markOf(name);
      this.#put(data, at, from[i]);
      this.#put(mark, 0, mark.length);
      at = to[i];
      did(name);
    }
    this.#put(data, at, end);
  }

  #redactOwn(
    data: Buffer,
    start: number,
    end: number,
    wasChanged: boolean,
    did: (rule: string) => void,
  ): Verdict {
    let isChanged = wasChanged;
    for (const rule of this.#own) {
      const text = isChanged ? this.out : data;
      const from = isChanged ? 0 : start;
      const to = isChanged ? this.length : end;
      const answer = this.#replaceMatches(rule, text, from, to, did);
      if (answer === undefined) {
        this.length = 0;
        this.#put(UNCHECKED, 0, UNCHECKED.length);
        return 'unchecked';
      }
      isChanged ||= answer;
    }
    return isChanged ? 'changed' : 'clean';
  }

  /** Leaves in `out` what is made of the text, where it answers true; undefined: too costly. */
  #replaceMatches(
    { name, finder, replacement }: OwnRule,
    text: Buffer,
    start: number,
    end: number,
    did: (rule: string) => void,
  ): boolean | undefined {
    let copied = start;
    let hasMatch = false;
    let found = finder.find(text, start, end);
    while (found) {
      const from = finder.starts[0];
      const to = finder.ends[0];
      // A match of nothing hides nothing.
      if (to > from) {
        // What is read may be `out` itself.
        if (!hasMatch) [this.out, this.#spare] = [this.#spare, this.out];
        if (!hasMatch) this.length = 0;
        hasMatch = true;
        this.#put(text, copied, from);
        this.#put(replacement, 0, replacement.length);
        did(name);
        copied = to;
      }
      const next = to > from ? to : to + 1;
      found = next <= end && finder.findFrom(text, start, next, end);
    }
    if (found === undefined) return undefined;
    if (hasMatch) this.#put(text, copied, end);
    return hasMatch;
  }

  #markOf(name: string): Buffer {
    const known = this.#marks.get(name);
    if (known) return known;
    const mark = markOf(name);
    this.#marks.set(name, mark);
    return mark;
  }

  #put(source: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.out.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.out.length * 2));
      this.out.copy(larger, 0, 0, this.length);
      this.out = larger;
    }
    source.copy(this.out, this.length, from, to);
    this.length = length;
  }
}
