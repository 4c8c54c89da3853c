/**
 * What goes through the agent a second: of each container, source, processor and sink, and into the journal. Totals are looked at
 * every five seconds, whether somebody asks or not, so that whoever opens the page sees the minutes before. It costs a few
 * milliseconds a minute for a hundred containers, and two numbers and 60 small ones for each of them.
 */
import type { Scope } from '../../runtime/scope.js';
import { Rates } from './rates.js';

export const ACTIVITY_STEP_MS = 5_000;

/** Totals of this run. */
export interface ActivityTotals {
  /** By id. */
  containers(): Iterable<readonly [id: string, { readonly lines: number; readonly bytes: number }]>;
  /** By name. */
  sources(): Iterable<readonly [name: string, { readonly lines: number; readonly bytes: number }]>;
  /** Lines that went on. */
  processors(): Iterable<readonly [name: string, lines: number]>;
  sinks(): Iterable<readonly [name: string, lines: number]>;
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
    const read = [
      ...map(totals.containers(), keyOf.container),
      ...map(totals.sources(), keyOf.source),
    ] as const;
    activity.lines.sample(now, [
      ...read.map(([key, { lines }]) => [key, lines] as const),
      ...map(totals.processors(), keyOf.processor),
      ...map(totals.sinks(), keyOf.sink),
      [keyOf.journal, totals.journal()],
    ]);
    activity.bytes.sample(
      now,
      read.map(([key, { bytes }]) => [key, bytes] as const),
    );
  };
  look();
  scope.interval('activity', ACTIVITY_STEP_MS, look);
  return activity;
}

function map<T>(
  entries: Iterable<readonly [name: string, value: T]>,
  key: (name: string) => string,
): (readonly [key: string, value: T])[] {
  return Array.from(entries, ([name, value]) => [key(name), value] as const);
}
