/**
 * The ledger as tables that add up from left to right: what is 0 everywhere, and need not be, is left out; the last column is
 * what is missing for it to add up.
 */
import type { JournalLine, LedgerReport, SinkLine, SourceLine } from '../telemetry/ledger/report.js';
import { terminalText } from './terminal-text.js';

/** One column: its sign before its title, and the figure of a row. */
interface Column<Row> {
  readonly title: string;
  readonly sign?: '+' | '-' | '=';
  readonly isOptional?: true;
  readonly of: (row: Row) => number | undefined;
}

const SOURCE_COLUMNS: readonly Column<SourceLine>[] = [
  { title: 'read', of: ({ read }) => read },
  { title: 'generated', sign: '+', isOptional: true, of: ({ generated }) => generated },
  { title: 'filtered', sign: '-', isOptional: true, of: ({ filtered }) => sum(filtered) },
  { title: 'merged', sign: '-', isOptional: true, of: ({ merged }) => merged },
  { title: 'held', sign: '-', isOptional: true, of: ({ held }) => held },
  { title: 'journaled', sign: '=', of: ({ journaled }) => journaled },
  {
    title: 'unaccounted',
    of: ({ unaccounted: { reader, processors, journal } }) => reader + processors + journal,
  },
];

const JOURNAL_COLUMNS: readonly Column<JournalLine>[] = [
  { title: 'journaled', of: ({ encoded }) => encoded },
  { title: 'before the ledger', sign: '+', isOptional: true, of: ({ before }) => before },
  { title: 'on the disk', sign: '=', of: ({ committed }) => committed },
  { title: 'not yet there', sign: '+', of: ({ uncommitted }) => uncommitted },
  { title: 'unaccounted', of: ({ unaccounted }) => unaccounted },
];

const SINK_COLUMNS: readonly Column<SinkLine>[] = [
  { title: 'on the disk', of: ({ journaled }) => journaled },
  { title: 'delivered', sign: '=', of: ({ delivered }) => delivered },
  { title: 'rejected', sign: '+', isOptional: true, of: ({ rejected }) => sum(rejected) },
  { title: 'lost', sign: '+', isOptional: true, of: ({ lost }) => sum(lost) },
  { title: 'not for it', sign: '+', isOptional: true, of: ({ passedOver }) => passedOver },
  { title: 'before its time', sign: '+', isOptional: true, of: ({ before }) => before },
  { title: 'pending', sign: '+', of: ({ pending }) => pending },
  { title: 'unaccounted', of: ({ unaccounted }) => unaccounted && unaccounted.cursor + unaccounted.answers },
];

/** Lines with a newline each. Names come from anybody: nothing in them reaches the terminal as a command. */
export function ledgerTable({ since, sources, journal, sinks, unaccounted }: LedgerReport): string {
  const parts = [
    `Lines since ${since.slice(0, 19).replace('T', ' ')} UTC, over restarts.\n`,
    sources.length > 0
      ? table('container', sourceRows(sources), SOURCE_COLUMNS)
      : 'Nothing has been read yet.\n',
    table('', [['journal', journal]], JOURNAL_COLUMNS),
    sinks.length > 0
      ? table(
          'sink',
          sinks.map((sink) => [sink.sink, sink]),
          SINK_COLUMNS,
        )
      : 'There are no sinks.\n',
    reasons(sources, sinks),
    verdict(unaccounted),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

export function isAccountedFor({ unaccounted }: LedgerReport): boolean {
  return Object.values(unaccounted).every((lines) => lines === 0);
}

/** Each container, and all together where there are several. */
function sourceRows(sources: readonly SourceLine[]): [string, SourceLine][] {
  const kinds = new Set(sources.map(({ source }) => source));
  const rows = sources.map((row): [string, SourceLine] => [
    kinds.size > 1 ? `${row.source}/${row.container}` : row.container,
    row,
  ]);
  return rows.length > 1 ? [...rows, ['together', together(sources)]] : rows;
}

function together(sources: readonly SourceLine[]): SourceLine {
  const total = (of: (row: SourceLine) => number): number => sources.reduce((sum, row) => sum + of(row), 0);
  return {
    ...sources[0],
    read: total(({ read }) => read),
    generated: total(({ generated }) => generated),
    filtered: { all: total(({ filtered }) => sum(filtered)) },
    merged: total(({ merged }) => merged),
    held: total(({ held }) => held),
    journaled: total(({ journaled }) => journaled),
    unaccounted: {
      reader: total(({ unaccounted }) => unaccounted.reader),
      processors: total(({ unaccounted }) => unaccounted.processors),
      journal: total(({ unaccounted }) => unaccounted.journal),
    },
  };
}

function table<Row>(
  head: string,
  rows: readonly (readonly [name: string, row: Row])[],
  columns: readonly Column<Row>[],
): string {
  const shown = columns.filter(
    ({ isOptional, of }) => !isOptional || rows.some(([, row]) => (of(row) ?? 0) !== 0),
  );
  const cells = [
    [head, ...shown.map(({ title, sign }) => (sign ? `${sign} ${title}` : title))],
    ...rows.map(([name, row]) => [terminalText(name, false), ...shown.map(({ of }) => count(of(row)))]),
  ];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  return cells
    .map(
      (row) =>
        `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}\n`,
    )
    .join('');
}

/** A sink that is not open yet does not know what is pending. */
function count(lines: number | undefined): string {
  return lines === undefined ? '?' : lines.toLocaleString('en-US');
}

/** What is filtered, rejected and lost, by reason. */
function reasons(sources: readonly SourceLine[], sinks: readonly SinkLine[]): string {
  const filtered = sources.flatMap(({ container, filtered }) => told(`${container} filtered`, filtered));
  const refused = sinks.flatMap(({ sink, rejected, redriven, lost }) => [
    ...told(`${sink} rejected`, rejected),
    ...(redriven > 0 ? [`${sink} took of these later, out of the dead letters: ${count(redriven)}`] : []),
    ...told(`${sink} lost`, lost),
  ]);
  return [...filtered, ...refused].map((line) => `${terminalText(line, false)}\n`).join('');
}

function told(who: string, lines: Readonly<Record<string, number>>): string[] {
  const parts = Object.entries(lines).map(([reason, lines]) => `${reason} ${count(lines)}`);
  return parts.length > 0 ? [`${who}: ${parts.join(', ')}`] : [];
}

function verdict(unaccounted: LedgerReport['unaccounted']): string {
  const off = Object.entries(unaccounted).filter(([, lines]) => lines !== 0);
  if (off.length === 0) return 'Every line is accounted for.\n';
  const stages = off.map(([stage, lines]) => `${count(lines)} at ${stage}`).join(', ');
  return `${terminalText(`Not accounted for: ${stages}. Please report it.`, false)}\n`;
}

function sum(lines: Readonly<Record<string, number>>): number {
  return Object.values(lines).reduce((sum, lines) => sum + lines, 0);
}
