/** The ledger as the API answers it (report.ts makes it). Types alone: the window reads them too. */

export interface SourceLine {
  readonly source: string;
  /** `_retired`: what was forgotten, all of a source together. */
  readonly container: string;
  readonly key: string;
  readonly read: number;
  readonly pushed: number;
  readonly generated: number;
  /** By reason. */
  readonly filtered: Readonly<Record<string, number>>;
  readonly merged: number;
  readonly held: number;
  readonly appended: number;
  readonly journaled: number;
  readonly unaccounted: { readonly reader: number; readonly processors: number; readonly journal: number };
}

export interface JournalLine {
  /** Journaled before there was a ledger. */
  readonly before: number;
  /** Encoded since, of all sources. */
  readonly encoded: number;
  readonly committed: number;
  readonly uncommitted: number;
  readonly unaccounted: number;
}

/** What became of the lines that a sink dealt with. */
export interface SinkFigures {
  readonly before: number;
  readonly delivered: number;
  /** By reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** By reason. */
  readonly lost: Readonly<Record<string, number>>;
  readonly passedOver: number;
  /** Of the rejected: taken later, out of the dead letters. Not a part of the sum. */
  readonly redriven: number;
}

export interface SinkLine extends SinkFigures {
  readonly sink: string;
  readonly journaled: number;
  /** Undefined until the sink is open; the differences then too. */
  readonly pending: number | undefined;
  /** Journaled less what was dealt with or is pending, and dealt with less what became of it. */
  readonly unaccounted: { readonly cursor: number; readonly answers: number } | undefined;
}

export interface LedgerReport {
  /** When it began, as ISO 8601 has it. */
  readonly since: string;
  /** By source and container. */
  readonly sources: readonly SourceLine[];
  readonly journal: JournalLine;
  readonly sinks: readonly SinkLine[];
  /** Lines by stage; 0 each. */
  readonly unaccounted: Readonly<Record<string, number>>;
}
