/**
 * Knows what is on its way in this process, by its probes (src/runtime/probes.ts) and undici's own channels for requests, and
 * strikes in the midst of it: at the moment that was ordered, as soon as lines are uncommitted and requests in flight.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  fileSinkRecorded,
  fileSinkWritten,
  journalAppended,
  journalCommitted,
  sinkRequest,
} from '../runtime/probes.js';
import type { Moment } from './plan.js';

/** What was on its way when it struck. Times in milliseconds since 1970. */
export interface Strike {
  readonly at: number;
  readonly moment: Moment;
  readonly uncommittedLines: number;
  /** Requests whose head was sent and whose answer has not come. */
  readonly requestsInFlight: number;
  /** What a sink acknowledged before this moment is in a commit: the last one was begun after the end of the one before. */
  readonly cursorsSince: number;
}

export interface KillMomentsOptions {
  readonly onFirstLines: () => void;
  /** Nothing more may happen in this process before it returns. */
  readonly strike: (strike: Strike) => void;
}

interface Lines {
  readonly lines: number;
}

interface OfRequest {
  readonly request: unknown;
}

type Hear = (message: unknown) => void;

export class KillMoments {
  readonly #options: KillMomentsOptions;
  #appended = 0;
  #committed = 0;
  #commitsEnded = [0, 0];
  readonly #inFlight = new Set<unknown>();
  #order: { readonly moment: Moment; readonly sinceMs: number; readonly patienceMs: number } | undefined;
  readonly #heard: readonly (readonly [channel: string | symbol, hear: Hear])[];

  constructor(options: KillMomentsOptions) {
    this.#options = options;
    const answered: Hear = (message) => this.#inFlight.delete((message as OfRequest).request);
    this.#heard = [
      [journalAppended.name, (message) => this.#onAppended((message as Lines).lines)],
      [journalCommitted.name, (message) => this.#onCommitted((message as Lines).lines)],
      [fileSinkWritten.name, () => this.#at('written')],
      [fileSinkRecorded.name, () => this.#at('recorded')],
      [sinkRequest.name, () => this.#at('answered')],
      ['undici:client:sendHeaders', (message) => this.#inFlight.add((message as OfRequest).request)],
      ['undici:request:bodySent', () => this.#at('sent')],
      ['undici:request:trailers', answered],
      ['undici:request:error', answered],
    ];
    for (const [channel, hear] of this.#heard) subscribe(channel, hear);
  }

  /**
   * From now on. After `patienceMs` any moment will do at which something is on its way; after twice that any at all.
   */
  order(moment: Moment, patienceMs: number): void {
    this.#order = { moment, sinceMs: performance.now(), patienceMs };
  }

  close(): void {
    for (const [channel, hear] of this.#heard) unsubscribe(channel, hear);
  }

  #onAppended(lines: number): void {
    if (this.#appended === 0) this.#options.onFirstLines();
    this.#appended += lines;
    this.#at('appended');
  }

  #onCommitted(lines: number): void {
    this.#committed += lines;
    this.#commitsEnded = [this.#commitsEnded[1], Date.now()];
    this.#at('committed');
  }

  #at(moment: Moment): void {
    if (!this.#order) return;
    const uncommittedLines = this.#appended - this.#committed;
    const requestsInFlight = this.#inFlight.size;
    const isBusy = uncommittedLines > 0 && requestsInFlight > 0;
    const waited = (performance.now() - this.#order.sinceMs) / this.#order.patienceMs;
    if (!(isBusy && (moment === this.#order.moment || waited > 1)) && waited <= 2) return;
    this.#order = undefined;
    this.#options.strike({
      at: Date.now(),
      moment,
      uncommittedLines,
      requestsInFlight,
      cursorsSince: this.#commitsEnded[0],
    });
  }
}
