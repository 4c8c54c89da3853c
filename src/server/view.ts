/** What the server may see of the agent. Everything here goes out as JSON, so nothing secret belongs in it. */
import type { DeadLetterDesk } from '../delivery/dead-letters/desk.js';
import type { Journal } from '../journal/types.js';
import type { BuildInfo } from '../telemetry/build-info.js';
import type { ResourceReport } from '../telemetry/census/report.js';
import type { Health } from '../telemetry/health.js';
import type { LedgerReport } from '../telemetry/ledger/report.js';
import type { GapsView } from './gap-view.js';

export interface AgentView {
  readonly build: BuildInfo;
  readonly health: Health;
  readonly journal: Pick<Journal, 'stats'>;
  /** The effective configuration, secrets hidden. */
  config(): unknown;
  containers(): readonly ContainerView[];
  sinks(): readonly SinkView[];
  gaps(): GapsView;
  readonly deadLetters: Pick<DeadLetterDesk, 'figures' | 'list' | 'redrive' | 'delete'>;
  ledger(): LedgerReport;
  /** What the process holds and who owns it. */
  resources(collects: boolean): Promise<ResourceReport>;
}

export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** As the engine says it: running, exited… */
  readonly state: string;
  /** How its lines are read: `file`, `api`, or `none` where they are not. */
  readonly transport: string;
  /** Why so, in words for people; empty where they are not. */
  readonly transportWhy: string;
  /** Where they are not: one sentence. */
  readonly why: string;
  /** How many of the last thousand gaps are of containers of this name. */
  readonly gaps: number;
}

/** A sink's name and its figures, each counted where it happens. */
export interface SinkView {
  readonly name: string;
  readonly [figure: string]: unknown;
}
