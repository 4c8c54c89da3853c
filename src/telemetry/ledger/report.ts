/**
 * The ledger of all lines, as of one moment: what was read, what became of it on its way into the journal, and what became
 * of the journal's lines at each sink. Durable, so over restarts; each figure is counted where it happens, and what does not
 * add up is a difference, by stage:
 *
 *   reader        what decoders counted        - what came in batches
 *   processors    pushed + generated - filtered - merged - held - what went on
 *   journal       what went on                 - what was encoded; encoded - committed - still to be committed
 *   sink/<name>   journaled - dealt with - pending; dealt with - what became of it
 *
 * All are 0, or lines were lost count of. A stage sums up amounts, so that one line too many does not hide one too few.
 */
import type { SourceKey } from '../../pipeline/contract.js';
import { BEFORE_TOTALS, RETIRED, sourceOf } from '../../pipeline/totals.js';
import { FiguresByKey, type KeyFigures } from './figures.js';
import type { JournalLine, LedgerReport, SinkFigures, SinkLine, SourceLine } from './shape.js';

export type { JournalLine, LedgerReport, SinkLine, SourceLine } from './shape.js';

/** Of which its first twelve digits are shown, as Docker does. */
const CONTAINER_ID = /^([0-9a-f]{12})[0-9a-f]{52}$/;

export interface SinkBalance extends SinkFigures {
  /** Dealt with, however that ended, `before` included. */
  readonly taken: number;
}

/** What the ledger is made of. */
export interface LedgerView {
  readonly journal: {
    readonly stats: { readonly linesJournaled: number; readonly linesUncommitted: number };
    readonly totalsSince: number;
    total(name: string): number;
    totals(prefix: string): ReadonlyMap<string, number>;
  };
  /** Pending is undefined until a sink is open. */
  sinks(): readonly {
    readonly name: string;
    readonly totals: SinkBalance;
    readonly pending: number | undefined;
  }[];
  /** Whose lines are those of a source key; undefined where nobody knows. */
  readonly containerOf: (key: SourceKey) => string | undefined;
}

/** Synchronous, so that all is of one moment. */
export function ledgerReport(view: LedgerView): LedgerReport {
  const sources = sourceLines(view);
  const journal = journalLine(
    view.journal,
    sources.reduce((sum, { journaled }) => sum + journaled, 0),
  );
  const sinks = view.sinks().map((sink) => sinkLine(sink, journal.committed));
  const amounts = { reader: 0, processors: 0, journal: 0 };
  for (const { unaccounted } of sources)
    for (const stage of ['reader', 'processors', 'journal'] as const)
      amounts[stage] += Math.abs(unaccounted[stage]);
  const since = new Date(view.journal.totalsSince).toISOString();
  return { since, sources, journal, sinks, unaccounted: stagesOf(amounts, journal, sinks) };
}

/** What does not add up, by stage; `sources` are the amounts of all of them. */
export function stagesOf(
  sources: { readonly reader: number; readonly processors: number; readonly journal: number },
  journal: JournalLine,
  sinks: readonly SinkLine[],
): LedgerReport['unaccounted'] {
  const stages: Record<string, number> = { ...sources };
  stages['journal'] += Math.abs(journal.unaccounted);
  for (const { sink, unaccounted } of sinks)
    stages[`sink/${sink}`] = Math.abs(unaccounted?.cursor ?? 0) + Math.abs(unaccounted?.answers ?? 0);
  return stages;
}

function sourceLines({ journal, containerOf }: LedgerView): SourceLine[] {
  const figures = new FiguresByKey();
  for (const [name, lines] of journal.totals('')) figures.put(name, lines);
  const lines = [...figures.all].map(([key, figures]) => sourceLine(key, figures, containerOf));
  return lines.sort((a, b) => compare(a.source, b.source) || compare(rank(a), rank(b)));
}

function sourceLine(key: SourceKey, figures: KeyFigures, containerOf: LedgerView['containerOf']): SourceLine {
  const { read, pushed, generated, filtered, merged, held, appended, journaled, unaccounted } = figures;
  const source = sourceOf(key);
  const own = key.slice(source.length + 1).replace(CONTAINER_ID, '$1');
  return {
    source,
    container: own === RETIRED ? RETIRED : (containerOf(key) ?? own),
    key,
    read,
    pushed,
    generated,
    filtered: Object.fromEntries(filtered ?? []),
    merged,
    held,
    appended,
    journaled,
    unaccounted,
  };
}

/** `encoded`: of all sources. */
export function journalLine(journal: LedgerView['journal'], encoded: number): JournalLine {
  const before = journal.total(BEFORE_TOTALS);
  const { linesJournaled: committed, linesUncommitted: uncommitted } = journal.stats;
  return { before, encoded, committed, uncommitted, unaccounted: before + encoded - committed - uncommitted };
}

export function sinkLine(
  { name, totals, pending }: ReturnType<LedgerView['sinks']>[number],
  journaled: number,
): SinkLine {
  const { before, delivered, rejected, lost, passedOver, redriven, taken } = totals;
  const became = before + delivered + sum(rejected) + sum(lost) + passedOver;
  return {
    sink: name,
    journaled,
    before,
    delivered,
    rejected,
    lost,
    passedOver,
    redriven,
    pending,
    unaccounted:
      pending === undefined ? undefined : { cursor: journaled - taken - pending, answers: taken - became },
  };
}

/** What was forgotten comes last. */
function rank({ container }: SourceLine): string {
  return container === RETIRED ? '\uffff' : container;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sum(lines: Readonly<Record<string, number>>): number {
  return Object.values(lines).reduce((sum, lines) => sum + lines, 0);
}
