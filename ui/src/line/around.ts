/** A line and what is around it, as the page has it: loaded, and grown at both ends. */
import { type Signal, signal } from '@preact/signals';
import { type ApiError, getJson } from '../lib/api.js';
import type { Line } from '../lines/line.js';
import { LineStore } from '../lines/line-store.js';
import { type Context, earlier, later } from './surroundings.js';

export interface LineAddress {
  readonly container: string;
  readonly time: string;
  /** Empty: of either output. */
  readonly stream: string;
}

export interface AroundState {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly line: Line | undefined;
  readonly lines: number;
  /** No lines are known beyond that end; there may be newer ones later. */
  readonly isAtOldest: boolean;
  readonly isAtNewest: boolean;
  readonly error: ApiError | undefined;
}

const FIRST = 50;
const MORE = 200;
/** Known lines that are asked for again, so that the pieces can be joined. */
const OVERLAP = 50;

export class Around {
  readonly store = new LineStore('oldest');
  readonly state: Signal<AroundState> = signal({
    phase: 'loading',
    line: undefined,
    lines: 0,
    isAtOldest: false,
    isAtNewest: false,
    error: undefined,
  });
  readonly #address: LineAddress;
  readonly #over = new AbortController();
  #lines: readonly Line[] = [];
  #isBusy = false;

  constructor(address: LineAddress) {
    this.#address = address;
  }

  load(): Promise<void> {
    return this.#ask(async () => {
      const { container, time, stream } = this.#address;
      const { lines, found } = await this.#context({ container, time, stream }, FIRST, FIRST);
      this.#lines = lines;
      this.store.clear();
      this.store.addNewer(lines);
      this.#set({
        phase: 'ready',
        line: lines[found],
        isAtOldest: lines.length === 0,
        isAtNewest: lines.length === 0,
      });
    });
  }

  loadEarlier(): Promise<void> {
    return this.#ask(async () => {
      if (this.#lines.length === 0 || this.store.isFull) return;
      const { lines } = await this.#context(this.#lines[0], MORE, OVERLAP);
      const more = earlier(this.#lines, lines);
      this.#lines = [...more, ...this.#lines];
      this.store.addOlder(more.toReversed());
      this.#set({ isAtOldest: more.length === 0 });
    });
  }

  loadLater(): Promise<void> {
    return this.#ask(async () => {
      const last = this.#lines.at(-1);
      if (!last || this.store.isFull) return;
      const { lines } = await this.#context(last, OVERLAP, MORE);
      const more = later(this.#lines, lines);
      this.#lines = [...this.#lines, ...more];
      this.store.addNewer(more);
      this.#set({ isAtNewest: more.length === 0 });
    });
  }

  close(): void {
    this.#over.abort();
  }

  #context({ container, time, stream }: LineAddress, before: number, after: number): Promise<Context> {
    const params = { container, time, before, after, ...(stream !== '' && { stream }) };
    return getJson<Context>('api/v1/context', { params, signal: this.#over.signal });
  }

  /** One question at a time: another one meanwhile is not asked. */
  async #ask(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy || this.#over.signal.aborted) return;
    this.#isBusy = true;
    try {
      await work();
    } catch (error) {
      if (!this.#over.signal.aborted)
        this.#set({ phase: this.#lines.length > 0 ? 'ready' : 'failed', error: error as ApiError });
    }
    this.#isBusy = false;
  }

  #set(change: Partial<AroundState>): void {
    this.state.value = { ...this.state.value, error: undefined, lines: this.#lines.length, ...change };
  }
}
