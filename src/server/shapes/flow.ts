/** What `GET /api/v1/flow` answers (../flow-view.ts makes it). Types alone: the window reads them too. Times are RFC 3339. */
import type { LedgerReport } from '../../telemetry/ledger/shape.js';

export interface FlowView {
  readonly sources: readonly FlowSource[];
  /** In the order in which lines pass them. */
  readonly processors: readonly FlowProcessor[];
  readonly journal: FlowJournal;
  readonly sinks: readonly FlowSink[];
  readonly ledger: LedgerReport;
}

export interface FlowCondition {
  readonly state: string;
  /** One sentence; empty where nothing is wrong. */
  readonly reason: string;
}

export interface FlowSource extends FlowCondition {
  readonly name: string;
  readonly type: string;
  /** By how they are read. */
  readonly containers: { readonly file: number; readonly api: number; readonly none: number };
  /** Open ones. */
  readonly streams: number;
  /** How many logs may be read through the engine's API at once; 0: without limit. */
  readonly streamCapacity: number;
  /** Logs that wait for their turn. */
  readonly waiting: number;
  /** In this run. */
  readonly lines: number;
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** In this run, of all sources; those of the ledger are durable. */
export interface FlowProcessor {
  readonly name: string;
  readonly type: string;
  /** The selector of the streams that it is for; null: all. */
  readonly match: string | null;
  /** That came to it, those that it is not for included, and that went on. */
  readonly in: number;
  readonly out: number;
  /** That it looked at. */
  readonly lines: number;
  /** Of those that went on. */
  readonly linesPerSecond: number;
  /** By reason. */
  readonly filtered: Readonly<Record<string, number>>;
  readonly merged: number;
  readonly generated: number;
  /** That wait in it now. */
  readonly held: number;
  /** That it could not handle, and that passed unchanged: by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** What it did, in words of its own. */
  readonly done: Readonly<Record<string, number>>;
}

export interface FlowJournal {
  readonly bytes: number;
  /** What it may take at present: `maxBytes`, or less where the disk is short of space. */
  readonly capacity: number;
  readonly maxBytes: number;
  readonly segments: number;
  /** The earliest line, as far as it is known. */
  readonly oldest: string | null;
  /** Since its beginning. */
  readonly lines: number;
  readonly linesPerSecond: number;
  readonly uncommitted: number;
  readonly damagedBlocks: number;
  readonly lastError: string | null;
  /** What is kept for sinks that do not have it yet, the largest first. */
  readonly neededBy: readonly { readonly sink: string; readonly bytes: number }[];
}

export interface FlowSink extends FlowCondition {
  readonly name: string;
  readonly type: string;
  readonly linesPerSecond: number;
  /** Delivered in this run. */
  readonly lines: number;
  readonly pending: number;
  /** Of the journal, from the oldest line that waits on. */
  readonly pendingBytes: number;
  readonly lagSeconds: number;
  readonly circuit: string;
  readonly lastError: string | null;
  /** By reason, in this run. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Lost for it in this run, because the journal was full or damaged. */
  readonly dropped: number;
}
