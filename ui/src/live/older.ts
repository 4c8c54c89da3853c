/** Lines before the first one that is shown, out of the history, as the reader scrolls up to them. */
import { signal } from '@preact/signals';
import type { ApiError } from '../lib/api.js';
import { openStream } from '../lib/sse.js';
import { millisOf, nextNano } from '../lib/time.js';
import { keyOf, type Line } from '../lines/line.js';
import type { LineStore } from '../lines/line-store.js';

export type OlderState =
  | { readonly is: 'idle' | 'loading' }
  /** There is nothing older in the day before; `before`: than this. */
  | { readonly is: 'none'; readonly before: string }
  | { readonly is: 'failed'; readonly error: ApiError };

const COUNT = 500;
const DAY_MS = 86_400_000;

export class OlderLines {
  readonly state = signal<OlderState>({ is: 'idle' });
  readonly #query: string;
  readonly #store: LineStore;
  #close: (() => void) | undefined;

  constructor(query: string, store: LineStore) {
    this.#query = query;
    this.#store = store;
  }

  close(): void {
    this.#close?.();
  }

  /** Asks for more; nothing where it does already, or there is no room. */
  load(): void {
    const { oldestLine, isFull } = this.#store;
    if (!oldestLine || isFull || this.state.value.is === 'loading') return;
    const { time } = oldestLine;
    this.state.value = { is: 'loading' };
    const found: Line[] = [];
    this.#close = openStream('api/v1/search', {
      params: {
        query: this.#query,
        from: new Date(millisOf(time) - DAY_MS).toISOString(),
        // Others of the same nanosecond are asked for too.
        to: nextNano(time),
        limit: COUNT,
        direction: 'backward',
      },
      events: (events) => {
        for (const { name, data } of events) {
          if (name === 'lines') found.push(...(JSON.parse(data) as { lines: Line[] }).lines);
        }
      },
      ended: (error) => {
        if (error) this.state.value = { is: 'failed', error };
        else this.#take(found, time);
      },
    });
  }

  #take(found: readonly Line[], time: string): void {
    const shown = new Set(this.#shownAt(time));
    const lines = found.filter((line) => line.time !== time || !shown.has(keyOf(line)));
    this.state.value = lines.length === 0 ? { is: 'none', before: time } : { is: 'idle' };
    this.#store.addOlder(lines);
  }

  #shownAt(time: string): string[] {
    return this.#store.rows
      .flatMap(({ line, rest }) => (line ? [line, ...rest] : []))
      .filter((line) => line.time === time)
      .map(keyOf);
  }
}
