/**
 * One search as its events tell it, over all the pages that were loaded of it. Pure: events in, lines and a state out.
 * A page begins with `begin()`; figures of earlier pages are added to those of the one at hand.
 */
import type { SentEvent } from '../lib/event-parser.js';
import type { Line } from '../lines/line.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  /** Of the query: the character that is wrong, counted from 1. */
  readonly at?: number | undefined;
}

export interface SearchState {
  readonly phase: 'working' | 'done' | 'cancelled' | 'failed';
  readonly found: number;
  readonly scannedBytes: number;
  /** Raw, an estimate; 0 while it is not known. */
  readonly totalBytes: number;
  /** All between here and where the search began has been looked at. */
  readonly reachedTime: string | null;
  readonly elapsedMs: number;
  readonly damagedBlocks: number;
  /** That retention took away before they could be searched. */
  readonly removedSegments: number;
  /** Lines that were left out, because to judge them would have taken too long. */
  readonly unjudgedLines: number;
  /** Where there is more behind the limit: the end of the range that is still to be searched. */
  readonly continueAt: string | null;
  /** The page holds no more lines: `continueAt` is for a new search. */
  readonly isFull: boolean;
  /** The range as the agent's clock has it; null until it said so. */
  readonly from: string | null;
  readonly to: string | null;
  readonly failure: Failure | null;
}

interface End {
  readonly reason: 'complete' | 'limit' | 'stopping';
  readonly scannedBytes: number;
  readonly elapsedMs: number;
  readonly damagedBlocks: number;
  readonly removedSegments: number;
  readonly unjudgedLines?: number;
  readonly continueAt?: string;
}

interface Progress {
  readonly scannedBytes: number;
  readonly totalBytes: number;
  readonly reachedTime: string | null;
  /** The range as the agent understood it. */
  readonly from?: string;
  readonly to?: string;
}

type Labels = Readonly<Record<string, string>>;

/** `labels` is the number under which they were told before. */
type NumberedLine = Omit<Line, 'labels'> & { readonly labels: number };

const NOTHING: SearchState = {
  phase: 'working',
  found: 0,
  scannedBytes: 0,
  totalBytes: 0,
  reachedTime: null,
  elapsedMs: 0,
  damagedBlocks: 0,
  removedSegments: 0,
  unjudgedLines: 0,
  continueAt: null,
  isFull: false,
  from: null,
  to: null,
  failure: null,
};

const STOPPING: Failure = {
  code: 'STOPPING',
  message: 'The agent was stopping before all was searched.',
  remedy: 'Search again when it is back.',
};

const BROKEN_OFF: Failure = {
  code: 'DISCONNECTED',
  message: 'The connection to the agent ended before the search did.',
  remedy: 'Search again.',
};

export class SearchRun {
  #state = NOTHING;
  /** What earlier pages came to. */
  #before = NOTHING;
  #labels = new Map<number, Labels>();

  get state(): SearchState {
    return this.#state;
  }

  /** Another page follows. */
  begin(): void {
    this.#before = this.#state;
    this.#labels.clear();
    this.#state = { ...this.#state, phase: 'working', totalBytes: 0, continueAt: null, failure: null };
  }

  /** The lines that come with it, in their final order. What this version does not know is passed over. */
  take({ name, data }: SentEvent): Line[] {
    if (this.#state.phase !== 'working') return [];
    const value: unknown = JSON.parse(data);
    if (name === 'labels')
      for (const [key, labels] of Object.entries(value as Record<string, Labels>))
        this.#labels.set(Number(key), labels);
    else if (name === 'lines') return this.#lines((value as { lines: NumberedLine[] }).lines);
    else if (name === 'progress') this.#progress(value as Progress);
    else if (name === 'end') this.#end(value as End);
    else if (name === 'failed') this.fail((value as { error: Failure }).error);
    return [];
  }

  fail(failure: Failure): void {
    this.#state = { ...this.#state, phase: 'failed', failure };
  }

  cancel(): void {
    if (this.#state.phase === 'working') this.#state = { ...this.#state, phase: 'cancelled' };
  }

  /** No more lines can be held; `continueAt` is where a new search goes on. */
  full(continueAt: string): void {
    this.#state = { ...this.#state, phase: 'done', continueAt, isFull: true };
  }

  /** The answer has ended. It should have said so itself. */
  closed(): void {
    if (this.#state.phase === 'working') this.fail(BROKEN_OFF);
  }

  #lines(lines: readonly NumberedLine[]): Line[] {
    this.#state = { ...this.#state, found: this.#state.found + lines.length };
    return lines.map((line) => ({ ...line, labels: this.#labels.get(line.labels) ?? {} }));
  }

  #progress({ scannedBytes, totalBytes, reachedTime, from, to }: Progress): void {
    this.#state = {
      ...this.#state,
      from: this.#before.from ?? from ?? null,
      to: this.#before.to ?? to ?? null,
      scannedBytes: this.#before.scannedBytes + scannedBytes,
      totalBytes: this.#before.scannedBytes + Math.max(totalBytes, scannedBytes),
      reachedTime: reachedTime ?? this.#state.reachedTime,
    };
  }

  #end({ reason, scannedBytes, elapsedMs, continueAt, ...losses }: End): void {
    this.#state = {
      ...this.#state,
      phase: 'done',
      scannedBytes: this.#before.scannedBytes + scannedBytes,
      elapsedMs: this.#before.elapsedMs + elapsedMs,
      damagedBlocks: this.#before.damagedBlocks + losses.damagedBlocks,
      removedSegments: this.#before.removedSegments + losses.removedSegments,
      unjudgedLines: this.#before.unjudgedLines + (losses.unjudgedLines ?? 0),
      continueAt: continueAt ?? null,
    };
    if (reason === 'stopping') this.fail(STOPPING);
  }
}
