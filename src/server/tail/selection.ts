/** Which lines a request is about: of which streams, and what must be in them. */
import { type Labels, LIVE_LANES } from '../../pipeline/streams.js';
import { compileQuery, type LineFilter, queryText } from '../../query/index.js';
import type { TailRequest } from './request.js';

export class Selection {
  /** The same for requests that are about the same lines. */
  readonly key: string;
  /** It does not matter what is in a line. */
  readonly wantsAllLines: boolean;
  readonly #containers: readonly string[];
  readonly #catchUp: boolean;
  readonly #filter: LineFilter;

  constructor({ query, grep, containers, catchUp }: TailRequest) {
    const lines = grep === '' ? query.lines : [...query.lines, { operator: '|=' as const, value: grep }];
    const whole = { ...query, lines };
    this.key = JSON.stringify([queryText(whole), containers, catchUp]);
    this.wantsAllLines = [whole.lines, whole.levels, whole.fields].every((tests) => tests.length === 0);
    this.#containers = containers;
    this.#catchUp = catchUp;
    this.#filter = compileQuery(whole);
  }

  wantsStream(lane: number, container: string, labels: Labels): boolean {
    if (!this.#catchUp && lane >= LIVE_LANES) return false;
    if (this.#containers.length > 0 && !this.#containers.includes(container)) return false;
    return this.#filter.wantsStream(labels);
  }

  /** To be called before the lines of each batch or block; they end before its end. `pairs` as for a LineFilter. */
  begin(data: Buffer, pairs?: Buffer): void {
    this.#filter.begin(data, pairs);
  }

  /** Of a line of a stream that is wanted. */
  wants(start: number, end: number, from: number, to: number, labels: Labels): boolean {
    return this.#filter.test(start, end, from, to, labels);
  }

  /** Lines so far that were not wanted only because to judge them would have taken too long. */
  get unjudged(): number {
    return this.#filter.unjudged;
  }
}
