/** A query (src/query) asked of the rows of a draft. */
import type { Draft } from '../pipeline/draft.js';
import type { Labels } from '../pipeline/streams.js';
import { compileQuery, type LineFilter, parseQuery } from '../query/index.js';
import type { Budget } from '../regex/index.js';

const NO_FIELDS = Buffer.alloc(0);

export class LineQuery {
  readonly #filter: LineFilter;

  /** `budget` is renewed by the caller before each line. */
  constructor(text: string, budget: Budget) {
    this.#filter = compileQuery(parseQuery(text), budget);
  }

  wantsStream(labels: Labels): boolean {
    return this.#filter.wantsStream(labels);
  }

  /** To be called before the rows of each draft. What lines and fields they have must not be changed before they are asked for. */
  begin({ arena, tail, metadata }: Draft): void {
    this.#filter.begin(arena.subarray(0, tail), metadata?.bytes ?? NO_FIELDS);
  }

  /** Of a row of a stream that is wanted; undefined where it would take too long to know. */
  wants(draft: Draft, row: number, labels: Labels): boolean | undefined {
    const { metadata } = draft;
    const { unjudged } = this.#filter;
    const from = metadata?.start[row] ?? 0;
    const to = metadata?.end[row] ?? 0;
    if (this.#filter.test(draft.start[row], draft.end[row], from, to, labels)) return true;
    return this.#filter.unjudged === unjudged ? false : undefined;
  }
}
