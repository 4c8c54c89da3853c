/** What goes through one processor, of all source keys, in this run: for people. The ledger counts by key, and is durable. */
import type { LineAccount, Processor } from './contract.js';

export interface PassageCounts {
  /** Lines that came to it, those that it is not for included. */
  readonly in: number;
  readonly out: number;
  readonly generated: number;
  readonly merged: number;
  /** Now. */
  readonly held: number;
  /** By reason. */
  readonly filtered: ReadonlyMap<string, number>;
}

/** Counts what the stages of a processor tell, and passes it on. */
export class Passage implements LineAccount {
  #account: LineAccount | undefined;
  readonly #counts = { in: 0, out: 0, generated: 0, merged: 0, held: 0 };
  readonly #filtered = new Map<string, number>();

  get counts(): PassageCounts {
    return { ...this.#counts, filtered: this.#filtered };
  }

  /** `lines` come to a stage, which tells `account` through this. */
  enter(lines: number, account: LineAccount): this {
    this.#counts.in += lines;
    this.#account = account;
    return this;
  }

  leave(lines: number): void {
    this.#counts.out += lines;
  }

  /** What was held when the process before this one ended. */
  takenBack(lines: number): void {
    this.#counts.held += lines;
  }

  generated(lines: number): void {
    this.#counts.generated += lines;
    this.#account?.generated(lines);
  }

  filtered(reason: string, lines: number): void {
    this.#filtered.set(reason, (this.#filtered.get(reason) ?? 0) + lines);
    this.#account?.filtered(reason, lines);
  }

  merged(lines: number): void {
    this.#counts.merged += lines;
    this.#account?.merged(lines);
  }

  held(lines: number): void {
    this.#counts.held += lines;
    this.#account?.held(lines);
  }
}

const passages = new WeakMap<Processor, Passage>();

export function passageOf(processor: Processor): Passage {
  const known = passages.get(processor);
  if (known) return known;
  const passage = new Passage();
  passages.set(processor, passage);
  return passage;
}
