/** What a processor did and could not do, and the mark of lines that it could not handle. */
import type { ProcessorFigures } from '../pipeline/contract.js';
import type { Draft } from '../pipeline/draft.js';
import { fieldName } from '../pipeline/metadata.js';

/** Of a line that a processor could not handle: `<processor>: <reason>`, of the first one that could not. */
const ERROR = fieldName('processing_error');

export class Tally implements ProcessorFigures {
  lines = 0;
  readonly failed = new Map<string, number>();
  readonly done = new Map<string, number>();
  readonly #processor: string;
  /** Values of the mark, by reason. */
  readonly #marks = new Map<string, Buffer>();

  constructor(processor: string) {
    this.#processor = processor;
  }

  did(what: string, times = 1): void {
    this.done.set(what, (this.done.get(what) ?? 0) + times);
  }

  /** Counts and marks a line that passes unchanged. Reasons are few and fixed: they become labels of a metric. */
  fail(draft: Draft, row: number, reason: string): void {
    this.failed.set(reason, (this.failed.get(reason) ?? 0) + 1);
    let mark = this.#marks.get(reason);
    if (!mark) {
      mark = Buffer.from(`${this.#processor}: ${reason}`);
      this.#marks.set(reason, mark);
    }
    const fields = draft.fields();
    if (!fields.find(row, ERROR)) fields.add(row, ERROR, mark, 0, mark.length);
  }
}
