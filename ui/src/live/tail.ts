/**
 * The live tail into a store: one stream for as long as somebody looks. It is closed ten seconds after the tab was hidden, and
 * goes on where it was when the tab is shown again (seam.ts). Lines that came too fast, or that could not be kept while
 * the reader looked back, are said where they would stand.
 */
import { signal } from '@preact/signals';
import { ApiError } from '../lib/api.js';
import type { SentEvent } from '../lib/event-parser.js';
import { counted } from '../lib/format.js';
import { href } from '../lib/router.js';
import { openStream } from '../lib/sse.js';
import type { Line } from '../lines/line.js';
import type { LineStore } from '../lines/line-store.js';
import { Seam } from './seam.js';

export type TailState =
  | { readonly is: 'connecting' | 'live' | 'asleep' }
  /** It is tried again. */
  | { readonly is: 'lost'; readonly error: ApiError | undefined }
  /** It is not. */
  | { readonly is: 'refused'; readonly error: ApiError };

/** Figures of the last second. */
export interface TailRates {
  readonly shown: number;
  readonly skipped: number;
}

const FIRST_LINES = 1_000;
const SLEEP_AFTER_MS = 10_000;
const SECOND_MS = 1_000;

export class Tail {
  readonly state = signal<TailState>({ is: 'connecting' });
  /** Undefined until there was a whole second. */
  readonly rates = signal<TailRates | undefined>(undefined);
  readonly #query: string;
  readonly #store: LineStore;
  /** Whether what is full may let go of its oldest lines. */
  readonly #mayDrop: () => boolean;
  readonly #seam = new Seam();
  readonly #ticks: ReturnType<typeof setInterval>;
  #close: (() => void) | undefined;
  #sleep: ReturnType<typeof setTimeout> | undefined;
  #wasOpen = false;
  /** Not yet while the first lines come, which are none of what is written now. */
  #isCounting = false;
  #shown = 0;
  #skipped = 0;
  /** Skipped, and not said yet. */
  #unsaid = 0;
  /** Not kept while the reader looked back; where they begin and end. */
  #held = { count: 0, from: '', to: '' };

  constructor(query: string, store: LineStore, mayDrop: () => boolean) {
    this.#query = query;
    this.#store = store;
    this.#mayDrop = mayDrop;
    this.#ticks = setInterval(() => this.#tick(), SECOND_MS);
    document.addEventListener('visibilitychange', this.#onVisibility);
    if (document.hidden) this.state.value = { is: 'asleep' };
    else this.#open();
  }

  close(): void {
    clearInterval(this.#ticks);
    clearTimeout(this.#sleep);
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#close?.();
  }

  #open(): void {
    this.state.value = { is: 'connecting' };
    this.#close = openStream('api/v1/tail', {
      params: { query: this.#query, n: FIRST_LINES },
      retries: true,
      opened: () => {
        if (this.#wasOpen) this.#seam.reopened();
        this.#wasOpen = true;
        this.#isCounting = false;
        this.state.value = { is: 'live' };
      },
      events: (events) => this.#take(events),
      ended: (error, retryMs) => {
        this.state.value = retryMs === undefined && error ? { is: 'refused', error } : { is: 'lost', error };
      },
    });
  }

  #take(events: readonly SentEvent[]): void {
    let lines: Line[] = [];
    for (const { name, data } of events) {
      if (name === 'message') lines.push(JSON.parse(data) as Line);
      if (name === 'end') this.#onEnd((JSON.parse(data || '{}') as { reason?: string }).reason);
      if (name !== 'skipped') continue;
      this.#add(lines);
      lines = [];
      const { lines: count } = JSON.parse(data) as { lines: number };
      this.#skipped += count;
      this.#unsaid += count;
    }
    this.#add(lines);
  }

  /** What costs the agent too much must not be asked again at once; all other ends are tried again. */
  #onEnd(reason: string | undefined): void {
    if (reason !== 'too_expensive') return;
    this.#close?.();
    const message = 'This query takes more of the agent than it may have.';
    const remedy = 'Make it simpler: a literal text in front of a pattern, or fewer containers.';
    this.state.value = { is: 'refused', error: new ApiError({ code: 'TOO_EXPENSIVE', message, remedy }, 0) };
  }

  #add(sent: readonly Line[]): void {
    const { lines, hasHole } = this.#seam.take(sent);
    if (lines.length === 0) return;
    this.#shown += lines.length;
    if (hasHole)
      this.#say(
        'Lines of the time when this page did not listen may be missing here.',
        this.#store.newestLine?.time,
        lines[0].time,
      );
    if (this.#store.isFull && !this.#mayDrop()) {
      const { count, from } = this.#held;
      this.#held = {
        count: count + lines.length,
        from: from || lines[0].time,
        to: lines[lines.length - 1].time,
      };
      return;
    }
    if (this.#held.count > 0) this.#sayHeld();
    this.#store.addNewer(lines);
  }

  #sayHeld(): void {
    const { count, from, to } = this.#held;
    this.#held = { count: 0, from: '', to: '' };
    this.#say(`${counted(count, 'line')} not kept here while you looked back: nothing is lost.`, from, to);
  }

  #say(words: string, from: string | undefined, to: string): void {
    this.#store.addBreak({ words, href: href('search', { query: this.#query, from, to }) });
  }

  /** Skipped lines are said once a second: a mark for each of the server's would be most of what is shown. */
  #tick(): void {
    if (this.#isCounting) this.rates.value = { shown: this.#shown, skipped: this.#skipped };
    this.#isCounting ||= this.#shown > 0;
    this.#shown = 0;
    this.#skipped = 0;
    if (this.#unsaid === 0) return;
    this.#store.addBreak({ words: `${counted(this.#unsaid, 'line')} not shown: too fast. Nothing is lost.` });
    this.#unsaid = 0;
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#sleep);
    if (!document.hidden) {
      if (this.state.value.is === 'asleep') this.#open();
      return;
    }
    this.#sleep = setTimeout(() => {
      this.#close?.();
      this.state.value = { is: 'asleep' };
    }, SLEEP_AFTER_MS);
  };
}
