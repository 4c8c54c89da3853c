/**
 * The agent's metrics in Prometheus' text form. One registry per agent; nothing is counted here but durations: all else is
 * pulled from the components at each scrape, in one synchronous step, so that the figures of a scrape agree.
 */
import type { SourceFigures } from '../../pipeline/contract.js';
import type { Scope } from '../../runtime/scope.js';
import { addAgentMetrics } from './agent.js';
import { addAlertMetrics } from './alerts.js';
import { addDeadLetterMetrics } from './dead-letters.js';
import { Families } from './families.js';
import { addJournalMetrics } from './journal.js';
import { addProcessMetrics } from './process.js';
import { addProcessorMetrics, lineMetricsText } from './processors.js';
import { addSinkMetrics } from './sinks.js';
import { addSourceMetrics } from './sources.js';
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
export async function createMetrics(scope: Scope, view: MetricsView): Promise<Metrics> {
  const prom = await import('prom-client');
  const registry = new prom.Registry();
  const families = new Families(prom, registry);
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
    contentType: registry.contentType,
    async exposition() {
      const lagSeconds = await eventLoopLag();
      const unowned = await view.unowned();
      // From here to the last family's values there is no await: the registry collects all before it renders any.
      moment = { ...take(view), lagSeconds, unowned };
      const ofLines = lineMetricsText(view.processors());
      return (await registry.metrics()) + ofLines;
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
