/**
 * What goes through the agent a second: of each container, source, processor and sink, and into the journal. Totals are looked at
 * every five seconds, whether somebody asks or not, so that whoever opens the page sees the minutes before. A look walks over
 * counters where they stand, and makes nothing of them: thousands of quiet logs cost a millisecond.
 */
import type { Scope } from '../../runtime/scope.js';
import { Rates } from './rates.js';

export const ACTIVITY_STEP_MS = 5_000;

export type TellReads = (name: string, lines: number, bytes: number) => void;
export type TellLines = (name: string, lines: number) => void;

/** Each tells the totals of this run that there are; several of one name are added up. */
export interface ActivityTotals {
  /** By id. */
  containers(tell: TellReads): void;
  /** By name. */
  sources(tell: TellReads): void;
  /** Lines that went on. */
  processors(tell: TellLines): void;
  sinks(tell: TellLines): void;
  /** Lines that came to the journal. */
  journal(): number;
}

export interface Activity {
  readonly lines: Rates;
  readonly bytes: Rates;
}

/** Keys of the rates. */
export const keyOf = {
  container: (id: string) => `container/${id}`,
  source: (name: string) => `source/${name}`,
  processor: (name: string) => `processor/${name}`,
  sink: (name: string) => `sink/${name}`,
  journal: 'journal',
};

/** Looks until `scope` closes. */
export function watchActivity(scope: Scope, totals: ActivityTotals): Activity {
  const activity = { lines: new Rates(), bytes: new Rates() };
  const look = (): void => {
    const now = performance.now();
    activity.lines.sample(now, (addLines) =>
      activity.bytes.sample(now, (addBytes) => {
        const read =
          (keyOfName: (name: string) => string): TellReads =>
          (name, lines, bytes) => {
            const key = keyOfName(name);
            addLines(key, lines);
            addBytes(key, bytes);
          };
        totals.containers(read(keyOf.container));
        totals.sources(read(keyOf.source));
        totals.processors((name, lines) => addLines(keyOf.processor(name), lines));
        totals.sinks((name, lines) => addLines(keyOf.sink(name), lines));
        addLines(keyOf.journal, totals.journal());
      }),
    );
  };
  look();
  scope.interval('activity', ACTIVITY_STEP_MS, look);
  return activity;
}
