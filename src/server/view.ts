/** What the server may see of the agent. Everything here goes out as JSON, so nothing secret belongs in it. */
import type { ConfigDesk } from '../config/desk.js';
import type { ReloadResult } from '../config/shape.js';
import type { DeadLetterDesk } from '../delivery/dead-letters/desk.js';
import type { Journal } from '../journal/types.js';
import type { BuildInfo } from '../telemetry/build-info.js';
import type { ResourceReport } from '../telemetry/census/report.js';
import type { Health } from '../telemetry/health.js';
import type { LedgerReport } from '../telemetry/ledger/report.js';
import type { HistoryReport } from '../telemetry/resources/history.js';
import type { AlertRouteOptions } from './alerts/routes.js';
import type { ContainerView } from './shapes/container.js';
import type { FlowView } from './shapes/flow.js';
import type { GapsView } from './shapes/gap.js';

export interface AgentView {
  readonly build: BuildInfo;
  readonly health: Health;
  readonly journal: Pick<Journal, 'stats'>;
  readonly config: Pick<ConfigDesk, 'view' | 'check'>;
  /** Reads the configuration anew and applies what is different. Undefined: the agent is stopping. */
  reload(): Promise<ReloadResult | undefined>;
  containers(): readonly ContainerView[];
  flow(): FlowView;
  sinks(): readonly SinkView[];
  gaps(): GapsView;
  readonly alerts: AlertRouteOptions['alerts'];
  readonly deadLetters: Pick<DeadLetterDesk, 'figures' | 'list' | 'redrive' | 'delete'>;
  ledger(): LedgerReport;
  /** What the process holds and who owns it. */
  resources(collects: boolean): Promise<ResourceReport>;
  resourceHistory(): HistoryReport;
}

/** A sink's name and its figures, each counted where it happens. */
export interface SinkView {
  readonly name: string;
  readonly [figure: string]: unknown;
}
