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

export class SearchSession {
  readonly store: LineStore;
  readonly state: Signal<SearchState>;
  readonly #address: SearchAddress;
  readonly #run = new SearchRun();
  #close: () => void = () => undefined;

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
    return this.state.value.continueAt !== null && !this.store.isFull;
  }

  /** Nothing where there is no more, or while it is still loading. */
  loadMore(): void {
    const { phase, continueAt, from, to } = this.#run.state;
    if (phase !== 'done' || continueAt === null || this.store.isFull) return;
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
    if (lines.length === 0) return;
    if (this.#address.order === 'newest') this.store.addOlder(lines);
    else this.store.addNewer(lines);
  }
}

/** True where the query itself is what is wrong: the bar says it. */
export function isAboutQuery(failure: SearchState['failure']): boolean {
  return failure?.at !== undefined;
}
