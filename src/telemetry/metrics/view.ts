/** What the metrics see of the agent: figures that components count anyway, read at each scrape. */
import type { SourceFigures } from '../../pipeline/contract.js';
import type { BuildInfo } from '../build-info.js';
import type { Health } from '../health.js';
import type { MessageCounts } from '../message-counts.js';
import type { ProcessorView } from './processors.js';

export interface MetricsView {
  readonly build: BuildInfo;
  /** The program on the disk is another one than the one that runs. */
  isBuildStale(): boolean;
  readonly health: Pick<Health, 'components'>;
  readonly journal: { readonly stats: JournalFigures };
  /** Of the sources that run. */
  sources(): readonly SourceFigures[];
  /** Of streams of an engine's API, the largest of all sources; 0 where there is none. */
  streamMaxAgeMs(): number;
  /** Those that lines pass now. */
  processors(): readonly ProcessorView[];
  /** Lines that processors took out, by reason. */
  filtered(): ReadonlyMap<string, number>;
  sinks(): readonly SinkFigures[];
  deadLetters(): DeadLetterFigures;
  alerts(): AlertFigures;
  reloads(): ReloadFigures;
  /** Lines lost count of, by stage. */
  unaccounted(): Readonly<Record<string, number>>;
  /** Gaps told in this run, by reason. */
  gaps(): ReadonlyMap<string, number>;
  /** What scopes own, by kind. */
  owned(): ReadonlyMap<string, number>;
  /** What the process holds and no scope owns, by kind; undefined where that cannot be seen. */
  unowned(): Promise<Readonly<Record<string, number>> | undefined>;
  /** Lines of the agent's own log, by level. */
  readonly messages: MessageCounts;
}

/** Of this run. */
export interface ReloadFigures {
  readonly results: Readonly<Record<'applied' | 'unchanged' | 'refused' | 'failed', number>>;
  /** The last one was neither refused, nor did it fail; true where there was none. */
  readonly isLastGood: boolean;
}

export interface JournalFigures {
  readonly bytes: number;
  /** Bytes that it may take on the disk at present. */
  readonly capacity: number;
  /** Made durable in this run. */
  readonly linesCommitted: number;
}

/** Lines that sinks refused, by sink and reason. */
export interface DeadLetterFigures {
  readonly counts: readonly LetterCount[];
  /** On disk. */
  readonly bytes: number;
  /** In this run. */
  readonly dropped: readonly LetterCount[];
}

/** Of alerts on lines: totals of this run by name. */
export interface AlertFigures {
  readonly fired: ReadonlyMap<string, number>;
  readonly delivered: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, number>;
}

export interface LetterCount {
  readonly sink: string;
  readonly reason: string;
  readonly lines: number;
}

/** Totals of this run, each counted where it happens. */
export interface SinkFigures {
  readonly name: string;
  readonly linesDelivered: number;
  /** By reason. */
  readonly linesRejected: Readonly<Record<string, number>>;
  /** By reason. */
  readonly linesLost: Readonly<Record<string, number>>;
  /** Not for this sink by its `match`. */
  readonly linesPassedOver: number;
  /** In the journal, still to be delivered or passed over. */
  readonly linesPending: number;
  /** Of the journal, from the oldest line that waits on. */
  readonly bytesPending: number;
  readonly lagSeconds: number;
  readonly circuit: 'closed' | 'half-open' | 'open';
}
