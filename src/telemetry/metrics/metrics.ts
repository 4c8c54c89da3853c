/**
 * The agent's metrics in Prometheus' text form. Nothing is counted here but durations: all else is
 * pulled from the components at each scrape, in one synchronous step, so that the figures of a scrape agree.
 */
import type { SourceFigures } from '../../pipeline/contract.js';
import type { Scope } from '../../runtime/scope.js';
import { addAgentMetrics } from './agent.js';
import { addAlertMetrics } from './alerts.js';
import { addDeadLetterMetrics } from './dead-letters.js';
import { Families, type Family } from './families.js';
import { addJournalMetrics } from './journal.js';
import { addProcessMetrics } from './process.js';
import { addProcessorMetrics, lineMetricsText } from './processors.js';
import { addSinkMetrics } from './sinks.js';
import { addSourceMetrics } from './sources.js';
import { CONTENT_TYPE } from './text-form.js';
import type { JournalFigures, MetricsView, SinkFigures } from './view.js';

const PREFIX = 'log_capturer_';

export interface Metrics {
  readonly contentType: string;
  /** All series as of now. */
  exposition(): Promise<string>;
}

interface Moment {
  readonly sources: readonly SourceFigures[];
  readonly journal: JournalFigures;
  readonly unaccounted: Readonly<Record<string, number>>;
  readonly sinks: readonly SinkFigures[];
  readonly lagSeconds: number;
  readonly unowned: Readonly<Record<string, number>> | undefined;
}

/** Observes until `scope` closes. */
export function createMetrics(
  scope: Scope,
  view: MetricsView,
): Metrics & { readonly families: readonly Family[] } {
  const families = new Families();
  let moment!: Moment;

  addAgentMetrics(families, PREFIX, view, () => moment.unowned);
  addSourceMetrics(
    families,
    PREFIX,
    () => moment.sources,
    () => moment.unaccounted,
    () => view.gaps(),
    () => view.streamMaxAgeMs(),
  );
  addProcessorMetrics(
    families,
    PREFIX,
    () => view.processors(),
    () => view.filtered(),
  );
  addJournalMetrics(families, PREFIX, scope, () => moment.journal);
  addSinkMetrics(families, PREFIX, scope, () => moment.sinks);
  addDeadLetterMetrics(families, PREFIX, () => view.deadLetters());
  addAlertMetrics(families, PREFIX, () => view.alerts());
  addProcessMetrics(families, scope, () => moment.lagSeconds);
  return {
    contentType: CONTENT_TYPE,
    families: families.all,
    async exposition() {
      const lagSeconds = await eventLoopLag();
      const unowned = await view.unowned();
      // From here on there is no await.
      moment = { ...take(view), lagSeconds, unowned };
      return families.text() + lineMetricsText(view.processors());
    },
  };
}

function take(view: MetricsView): Omit<Moment, 'lagSeconds' | 'unowned'> {
  const { bytes, capacity, linesCommitted } = view.journal.stats;
  return {
    sources: view.sources(),
    journal: { bytes, capacity, linesCommitted },
    unaccounted: view.unaccounted(),
    sinks: view.sinks(),
  };
}

async function eventLoopLag(): Promise<number> {
  const before = performance.now();
  await new Promise((resolve) => setImmediate(resolve));
  return (performance.now() - before) / 1000;
}
