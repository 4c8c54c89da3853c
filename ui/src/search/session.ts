/** One search as the page has it: the stream, what it told, and the lines. Ends with `close()`; a new question is a new session. */
import { type Signal, signal } from '@preact/signals';
import type { ApiParams } from '../lib/api.js';
import { openStream } from '../lib/sse.js';
import type { Line } from '../lines/line.js';
import { LineStore } from '../lines/line-store.js';
import type { SearchAddress } from './address.js';
import { SearchRun, type SearchState } from './run.js';

/** Lines that are asked for at a time. */
export const PAGE_LINES = 1000;
/** What a page holds: somewhat less than its list does, because lines come in batches. */
export const MAX_LINES = 40_000;
const MAX_CHARS = 16 * 1024 * 1024;

export class SearchSession {
  readonly store: LineStore;
  readonly state: Signal<SearchState>;
  readonly #address: SearchAddress;
  readonly #run = new SearchRun();
  #close: () => void = () => undefined;
  #chars = 0;

  constructor(address: SearchAddress) {
    this.#address = address;
    this.store = new LineStore(address.order);
    this.state = signal(this.#run.state);
  }

  start(): void {
    this.#open({ from: this.#address.range.from, to: this.#address.range.to });
  }

  /** True where there is more behind the limit, and room for it. */
  get canLoadMore(): boolean {
    const { continueAt, isFull } = this.state.value;
    return continueAt !== null && !isFull;
  }

  /** Nothing where there is no more, or while it is still loading. */
  loadMore(): void {
    const { continueAt, from, to } = this.#run.state;
    if (continueAt === null || !this.canLoadMore) return;
    const { range, order } = this.#address;
    this.#run.begin();
    this.#open(
      order === 'newest'
        ? { from: from ?? range.from, to: continueAt }
        : { from: continueAt, to: to ?? range.to },
    );
  }

  cancel(): void {
    this.#close();
    this.#run.cancel();
    this.state.value = this.#run.state;
  }

  close(): void {
    this.#close();
  }

  #open(range: { readonly from: string; readonly to: string }): void {
    const { query, order } = this.#address;
    const params: ApiParams = {
      query,
      ...range,
      limit: PAGE_LINES,
      direction: order === 'newest' ? 'backward' : 'forward',
    };
    // The end of the page before must not count as the end of this one.
    this.#close();
    this.#close = openStream('api/v1/search', {
      params,
      events: (events) => {
        this.#add(events.flatMap((event) => this.#run.take(event)));
        this.state.value = this.#run.state;
      },
      ended: (error) => {
        if (error) this.#run.fail(error);
        else this.#run.closed();
        this.state.value = this.#run.state;
      },
    });
    this.state.value = this.#run.state;
  }

  #add(lines: Line[]): void {
    const last = lines.at(-1);
    if (!last) return;
    const isNewestFirst = this.#address.order === 'newest';
    if (isNewestFirst) this.store.addOlder(lines);
    else this.store.addNewer(lines);
    for (const { line } of lines) this.#chars += line.length;
    if (this.store.lines < MAX_LINES && this.#chars < MAX_CHARS) return;
    // Others of that very time may follow: a new search repeats those rather than leave some out.
    this.#close();
    this.#run.full(isNewestFirst ? justAfter(last.time) : last.time);
  }
}

/** The next nanosecond. */
export function justAfter(time: string): string {
  const nanos = Number(time.slice(20, -1).padEnd(9, '0')) + 1;
  const second = Date.parse(`${time.slice(0, 19)}Z`) + (nanos === 1e9 ? 1000 : 0);
  return `${new Date(second).toISOString().slice(0, 19)}.${String(nanos % 1e9).padStart(9, '0')}Z`;
}

/** True where the query itself is what is wrong: the bar says it. */
export function isAboutQuery(failure: SearchState['failure']): boolean {
  return failure?.at !== undefined;
}
