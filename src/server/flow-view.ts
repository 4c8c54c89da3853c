/** The pipeline with its figures, for a picture of it: sources, journal, sinks, and the ledger that adds up. */
import type { SourceFigures } from '../pipeline/contract.js';
import { type Activity, keyOf } from '../telemetry/activity/activity.js';
import type { ComponentHealth, Health } from '../telemetry/health.js';
import { type LedgerReport, sum } from '../telemetry/ledger/report.js';

export interface FlowView {
  readonly sources: readonly FlowSource[];
  readonly processors: readonly never[];
  readonly journal: FlowJournal;
  readonly sinks: readonly FlowSink[];
  readonly ledger: LedgerReport;
}

interface Condition {
  readonly state: string;
  /** One sentence; empty where nothing is wrong. */
  readonly reason: string;
}

export interface FlowSource extends Condition {
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

export interface FlowSink extends Condition {
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

export interface FlowParts {
  readonly health: Pick<Health, 'components'>;
  readonly activity: Activity;
  readonly sources: readonly {
    readonly name: string;
    readonly type: string;
    figures(): SourceFigures | undefined;
  }[];
  readonly journal: {
    readonly stats: Omit<
      FlowJournal,
      'maxBytes' | 'oldest' | 'lines' | 'linesPerSecond' | 'lastError' | 'uncommitted' | 'neededBy'
    > & {
      readonly linesJournaled: number;
      readonly linesUncommitted: number;
      readonly lastError: string | undefined;
    };
    history(): readonly { readonly span: readonly [first: number, last: number] | undefined }[];
  };
  readonly maxBytes: number;
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    readonly stats: {
      readonly state: string;
      readonly circuit: string;
      readonly linesDelivered: number;
      readonly linesRejected: Readonly<Record<string, number>>;
      readonly linesLost: Readonly<Record<string, number>>;
      readonly linesPending: number;
      readonly bytesPending: number;
      readonly lagSeconds: number;
      readonly lastError: string | undefined;
    };
  }[];
  readonly ledger: LedgerReport;
}

export function flowView(parts: FlowParts): FlowView {
  const sinks = parts.sinks.map((sink) => sinkOf(sink, parts));
  return {
    sources: parts.sources.map((source) => sourceOf(source, parts)),
    processors: [],
    journal: journalOf(parts, sinks),
    sinks,
    ledger: parts.ledger,
  };
}

function sourceOf(source: FlowParts['sources'][number], { health, activity }: FlowParts): FlowSource {
  const { name, type } = source;
  const figures = source.figures();
  const { containers = {}, streams = [], streamCapacity = 0, waiting = 0 } = figures ?? {};
  return {
    name,
    type,
    ...conditionOf(health.components().get(name)),
    containers: { file: containers['file'] ?? 0, api: containers['api'] ?? 0, none: containers['none'] ?? 0 },
    streams: streams.length,
    streamCapacity,
    waiting,
    lines: readBy(figures).lines,
    linesPerSecond: activity.lines.now(keyOf.source(name)),
    bytesPerSecond: activity.bytes.now(keyOf.source(name)),
  };
}

/** In this run, of what is there and what has ended. */
export function readBy(figures: SourceFigures | undefined): { lines: number; bytes: number } {
  const read = { lines: figures?.retired.linesRead ?? 0, bytes: figures?.retired.bytesRead ?? 0 };
  for (const { linesRead, bytesRead } of figures?.active.values() ?? []) {
    read.lines += linesRead;
    read.bytes += bytesRead;
  }
  return read;
}

function journalOf({ journal, maxBytes, activity }: FlowParts, sinks: readonly FlowSink[]): FlowJournal {
  const { bytes, capacity, segments, damagedBlocks, lastError, linesJournaled, linesUncommitted } =
    journal.stats;
  const neededBy = sinks
    .filter(({ pendingBytes }) => pendingBytes > 0)
    .map(({ name, pendingBytes }) => ({ sink: name, bytes: pendingBytes }))
    .sort((a, b) => b.bytes - a.bytes);
  return {
    bytes,
    capacity,
    maxBytes,
    segments,
    oldest: oldestOf(journal.history()),
    lines: linesJournaled,
    linesPerSecond: activity.lines.now(keyOf.journal),
    uncommitted: linesUncommitted,
    damagedBlocks,
    lastError: lastError ?? null,
    neededBy,
  };
}

function oldestOf(files: ReturnType<FlowParts['journal']['history']>): string | null {
  let oldest = Number.POSITIVE_INFINITY;
  for (const { span } of files) if (span && span[0] <= span[1]) oldest = Math.min(oldest, span[0]);
  return Number.isFinite(oldest) ? new Date(oldest * 1000).toISOString() : null;
}

function sinkOf(
  { name, type, stats }: FlowParts['sinks'][number],
  { health, activity }: FlowParts,
): FlowSink {
  return {
    name,
    type,
    state: stats.state,
    reason: conditionOf(health.components().get(`sink/${name}`)).reason,
    linesPerSecond: activity.lines.now(keyOf.sink(name)),
    lines: stats.linesDelivered,
    pending: stats.linesPending,
    pendingBytes: stats.bytesPending,
    lagSeconds: stats.lagSeconds,
    circuit: stats.circuit,
    lastError: stats.lastError ?? null,
    rejected: stats.linesRejected,
    dropped: sum(stats.linesLost),
  };
}

function conditionOf(health: ComponentHealth | undefined): Condition {
  return { state: health?.state ?? 'healthy', reason: health?.reason ?? '' };
}
