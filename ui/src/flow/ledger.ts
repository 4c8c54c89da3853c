/**
 * The ledger as statements whose two sides a reader can add up: what came in, what became of it, and the difference. The
 * sums are made here from the single figures; what the agent itself says is unaccounted for stands beside them.
 */

import type { JournalLine, LedgerReport, SinkLine, SourceLine } from '../../../src/telemetry/ledger/shape.js';

type ByReason = Readonly<Record<string, number>>;

/** What of `GET /api/v1/ledger` the statements are made of. */
export interface Ledger extends Omit<LedgerReport, 'sources' | 'journal' | 'sinks'> {
  readonly sources: readonly SourceFigures[];
  readonly journal: Omit<JournalLine, 'unaccounted'>;
  readonly sinks: readonly SinkFigures[];
}

export type SourceFigures = Omit<SourceLine, 'pushed' | 'appended' | 'unaccounted'>;

export type SinkFigures = Omit<SinkLine, 'pending' | 'unaccounted'> & {
  /** Not there until the sink is open. */
  readonly pending?: number | undefined;
};

/** A row of figures, one for each column; undefined where it is not known yet. */
export interface Row {
  readonly label: string;
  /** For people who meet the word for the first time. */
  readonly help: string;
  readonly values: readonly (number | undefined)[];
  /** What it is made of, by reason, and what became of it later. */
  readonly parts: readonly { readonly label: string; readonly values: readonly number[] }[];
}

export interface Statement {
  readonly title: string;
  /** As a sum in words. */
  readonly identity: string;
  readonly columns: readonly string[];
  readonly into: readonly Row[];
  readonly outOf: readonly Row[];
  /** Of each side by column, and what is between them. */
  readonly sumInto: readonly (number | undefined)[];
  readonly sumOutOf: readonly (number | undefined)[];
  readonly difference: readonly (number | undefined)[];
}

export function statements(ledger: Ledger): Statement[] {
  const sources = sourceStatement(ledger.sources);
  return [...(sources ? [sources] : []), journalStatement(ledger), ...sinkStatements(ledger.sinks)];
}

/** Stages at which lines are unaccounted for; none is as it must be. */
export function brokenStages({ unaccounted }: Ledger): { readonly stage: string; readonly lines: number }[] {
  return Object.entries(unaccounted).flatMap(([stage, lines]) => (lines === 0 ? [] : [{ stage, lines }]));
}

function sourceStatement(lines: readonly SourceFigures[]): Statement | undefined {
  const bySource = new Map<string, SourceFigures[]>();
  for (const line of lines) {
    const list = bySource.get(line.source);
    if (list) list.push(line);
    else bySource.set(line.source, [line]);
  }
  if (bySource.size === 0) return undefined;
  const columns = [...bySource.values()];
  const figure = (read: (line: SourceFigures) => number): number[] =>
    columns.map((column) => column.reduce((sum, line) => sum + read(line), 0));
  return statement({
    title: 'Into the journal',
    identity: 'read + generated = filtered + merged + held + journaled',
    columns: [...bySource.keys()],
    into: [
      row(
        'Read',
        'Lines that sources took from logs.',
        figure(({ read }) => read),
      ),
      row(
        'Generated',
        'Lines that the agent wrote itself, such as those that say where lines are missing.',
        figure(({ generated }) => generated),
      ),
    ],
    outOf: [
      byReason(
        'Filtered',
        'Left out by a processor or by choice.',
        columns.map((column) => added(column.map(({ filtered }) => filtered))),
      ),
      row(
        'Merged',
        'Became part of another line.',
        figure(({ merged }) => merged),
      ),
      row(
        'Held',
        'Wait in a processor for what belongs to them.',
        figure(({ held }) => held),
      ),
      row(
        'Journaled',
        'Are in the journal.',
        figure(({ journaled }) => journaled),
      ),
    ],
  });
}

function journalStatement({ journal }: Ledger): Statement {
  return statement({
    title: 'The journal',
    identity: 'before + encoded = committed + uncommitted',
    columns: ['journal'],
    into: [
      row('Before', 'Were there before the ledger began.', [journal.before]),
      row('Encoded', 'Went in since.', [journal.encoded]),
    ],
    outOf: [
      row('Committed', 'Are durable on the disk.', [journal.committed]),
      row('Uncommitted', 'Go with the next commit, at most 200 ms from now as a rule.', [
        journal.uncommitted,
      ]),
    ],
  });
}

function sinkStatements(sinks: readonly SinkFigures[]): Statement[] {
  if (sinks.length === 0) return [];
  const figure = <T>(read: (sink: SinkFigures) => T): T[] => sinks.map((sink) => read(sink));
  return [
    statement({
      title: 'Out to the sinks',
      identity: 'journaled = before + delivered + rejected + lost + passed over + pending',
      columns: figure(({ sink }) => sink),
      into: [
        row(
          'Journaled',
          'Committed to the journal.',
          figure(({ journaled }) => journaled),
        ),
      ],
      outOf: [
        row(
          'Before',
          'Were journaled before the sink was there.',
          figure(({ before }) => before),
        ),
        row(
          'Delivered',
          'The sink has them.',
          figure(({ delivered }) => delivered),
        ),
        rejectedRow(sinks),
        byReason(
          'Lost',
          'Left the journal before the sink had them; a gap tells of each.',
          figure(({ lost }) => lost),
        ),
        row(
          'Passed over',
          'The sink does not want them (its match).',
          figure(({ passedOver }) => passedOver),
        ),
        row(
          'Pending',
          'Wait for the sink.',
          figure(({ pending }) => pending),
        ),
      ],
    }),
  ];
}

function rejectedRow(sinks: readonly SinkFigures[]): Row {
  const help = 'The sink would not take them: they became dead letters.';
  const all = byReason(
    'Rejected',
    help,
    sinks.map(({ rejected }) => rejected),
  );
  const redriven = sinks.map(({ redriven }) => redriven);
  if (redriven.every((lines) => lines === 0)) return all;
  return { ...all, parts: [...all.parts, { label: 'of these, redriven', values: redriven }] };
}

function statement(given: Pick<Statement, 'title' | 'identity' | 'columns' | 'into' | 'outOf'>): Statement {
  const sumInto = sums(given.into, given.columns.length);
  const sumOutOf = sums(given.outOf, given.columns.length);
  const difference = sumInto.map((sum, at) => {
    const other = sumOutOf[at];
    return sum === undefined || other === undefined ? undefined : sum - other;
  });
  return { ...given, sumInto, sumOutOf, difference };
}

function sums(rows: readonly Row[], columns: number): (number | undefined)[] {
  return Array.from({ length: columns }, (_, at) =>
    rows.reduce<number | undefined>((sum, { values }) => {
      const value = values[at];
      return sum === undefined || value === undefined ? undefined : sum + value;
    }, 0),
  );
}

function row(label: string, help: string, values: readonly (number | undefined)[]): Row {
  return { label, help, values, parts: [] };
}

function byReason(label: string, help: string, columns: readonly ByReason[]): Row {
  const reasons = [...new Set(columns.flatMap((column) => Object.keys(column)))].sort();
  return {
    label,
    help,
    values: columns.map((column) => Object.values(column).reduce((sum, lines) => sum + lines, 0)),
    parts: reasons.map((reason) => ({
      label: reason,
      values: columns.map((column) => (Object.hasOwn(column, reason) ? column[reason] : 0)),
    })),
  };
}

function added(records: readonly ByReason[]): ByReason {
  const total = new Map<string, number>();
  for (const record of records)
    for (const [reason, lines] of Object.entries(record)) total.set(reason, (total.get(reason) ?? 0) + lines);
  return Object.fromEntries(total);
}
