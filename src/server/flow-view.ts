/** The pipeline with its figures, for a picture of it: sources, journal, sinks, and the ledger that adds up. */
import type { ProcessorFigures, SourceFigures } from '../pipeline/contract.js';
import type { PassageCounts } from '../pipeline/passage.js';
import { type Activity, keyOf } from '../telemetry/activity/activity.js';
import type { ComponentHealth, Health } from '../telemetry/health.js';
import { type LedgerReport, sum } from '../telemetry/ledger/report.js';
import type {
  FlowCondition,
  FlowJournal,
  FlowProcessor,
  FlowSink,
  FlowSource,
  FlowView,
} from './shapes/flow.js';

export interface ProcessorView {
  readonly name: string;
  readonly type: string;
  readonly match: string | undefined;
  readonly figures: ProcessorFigures;
  readonly counts: PassageCounts;
}

export interface FlowParts {
  readonly health: Pick<Health, 'components'>;
  readonly activity: Activity;
  readonly sources: readonly {
    readonly name: string;
    readonly type: string;
    figures(): SourceFigures | undefined;
  }[];
  readonly processors: readonly ProcessorView[];
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
    processors: parts.processors.map((processor) => processorOf(processor, parts)),
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

function processorOf(
  { name, type, match, figures, counts }: ProcessorView,
  { activity }: FlowParts,
): FlowProcessor {
  return {
    name,
    type,
    match: match ?? null,
    ...counts,
    lines: figures.lines,
    linesPerSecond: activity.lines.now(keyOf.processor(name)),
    filtered: Object.fromEntries(counts.filtered),
    failed: Object.fromEntries(figures.failed),
    done: Object.fromEntries(figures.done),
  };
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

function conditionOf(health: ComponentHealth | undefined): FlowCondition {
  return { state: health?.state ?? 'healthy', reason: health?.reason ?? '' };
}
