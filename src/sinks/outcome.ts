/** What became of the lines of one delivery until now. */
import type { Delivered, Refused } from '../pipeline/contract.js';

/** A line that a server refuses for good. */
interface RefusedLine extends Omit<Refused, 'rows'> {
  readonly row: number;
  /** Of its stream. */
  readonly labels: string;
}

export class Outcome {
  /** For people, by reason: what goes with the first line that was rejected for it. */
  readonly examples = new Map<string, string>();
  #delivered = 0;
  readonly #rejected = new Map<string, number>();
  /** By block, reason and stream; rows as they came. */
  readonly #refused = new Map<string, Refused & { readonly rows: number[] }>();

  took(lines: number): void {
    this.#delivered += lines;
  }

  /** Lines that are rejected and not known one by one. */
  rejects(reason: string, lines: number, example: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + lines);
    if (!this.examples.has(reason)) this.examples.set(reason, example);
  }

  refuses({ row, labels, ...refused }: RefusedLine, example: string): void {
    const { block, reason } = refused;
    this.rejects(reason, 1, example);
    const key = JSON.stringify([block.lsn, reason, labels]);
    const known = this.#refused.get(key) ?? { ...refused, rows: [] };
    this.#refused.set(key, known);
    known.rows.push(row);
  }

  get result(): Delivered {
    const refused = [...this.#refused.values()];
    for (const { rows } of refused) rows.sort((a, b) => a - b);
    return {
      delivered: this.#delivered,
      rejected: this.#rejected,
      refused: refused.length > 0 ? refused : undefined,
    };
  }
}
