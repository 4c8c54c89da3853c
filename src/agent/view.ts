/** What the page, the API and the metrics see of the parts of the agent, as they are at the moment of the question. */
import type { AlertDesk } from '../alerts/desk.js';
import type { ConfigDesk } from '../config/desk.js';
import type { Config } from '../config/types.js';
import { DeadLetterDesk } from '../delivery/dead-letters/desk.js';
import type { DeadLetters } from '../delivery/dead-letters/store.js';
import type { Journal } from '../journal/types.js';
import type { GapRegister } from '../pipeline/gap-register.js';
import type { Intake } from '../pipeline/intake.js';
import type { LineTime } from '../pipeline/line-time.js';
import { describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { containerView, knownContainers } from '../server/container-view.js';
import { flowView } from '../server/flow-view.js';
import { gapsView } from '../server/gap-view.js';
import type { AgentView } from '../server/view.js';
import { watchActivity } from '../telemetry/activity/activity.js';
import { type BuildInfo, isStale } from '../telemetry/build-info.js';
import type { CensusTaker, Counts } from '../telemetry/census/census.js';
import { resourceReport } from '../telemetry/census/report.js';
import type { Health } from '../telemetry/health.js';
import { type LedgerReport, ledgerReport } from '../telemetry/ledger/report.js';
import { RunningLedger } from '../telemetry/ledger/running.js';
import { watchLedger } from '../telemetry/ledger/watch.js';
import type { CountingLogger } from '../telemetry/message-counts.js';
import type { MetricsView } from '../telemetry/metrics/view.js';
import { ResourceHistory } from '../telemetry/resources/history.js';
import type { ProcessorSet } from './processors.js';
import type { Reloader } from './reload.js';
import type { SinkSet } from './sinks.js';
import type { SourceSet } from './sources.js';

export interface ViewParts {
  readonly scope: Scope;
  readonly census: CensusTaker;
  readonly build: BuildInfo;
  readonly log: CountingLogger;
  readonly health: Health;
  readonly desk: ConfigDesk;
  readonly journal: Journal;
  readonly gaps: GapRegister;
  readonly deadLetters: DeadLetters;
  readonly alerts: AlertDesk;
  readonly pipeline: Intake;
  readonly sinks: SinkSet;
  readonly processors: ProcessorSet;
  readonly sources: SourceSet;
  readonly reloader: Reloader;
}

export interface Views {
  readonly agent: AgentView;
  readonly metrics: MetricsView;
  readonly history: ResourceHistory;
}

/** Watches activity and ledger until `scope` closes. */
export function viewsOf(parts: ViewParts): Views {
  const { scope, build, log, health, desk, journal, gaps, alerts, pipeline, sinks, sources, reloader } =
    parts;
  const activity = watchActivity(scope, {
    containers: (tell) => {
      for (const source of sources.views)
        source.tellReads((id, lines, bytes) => {
          if (id !== undefined) tell(id, lines, bytes);
        });
    },
    sources: (tell) => {
      for (const { name, tellReads } of sources.views) {
        const read = { lines: 0, bytes: 0 };
        tellReads((_, lines, bytes) => {
          read.lines += lines;
          read.bytes += bytes;
        });
        tell(name, read.lines, read.bytes);
      }
    },
    processors: (tell) => {
      for (const { name, counts } of parts.processors.views) tell(name, counts.out);
    },
    sinks: (tell) => {
      for (const { name, stats } of sinks.states) tell(name, stats.linesDelivered);
    },
    journal: () => journal.stats.linesAppended,
  });
  const sinkBalances = () => [...sinks.deliveries].map(([name, delivery]) => ({ name, ...delivery.balance }));
  const ledger = (names: ReadonlyMap<string, string>): LedgerReport =>
    ledgerReport({
      journal,
      sinks: sinkBalances,
      containerOf: (key) => pipeline.ledger.containerOf(key) ?? names.get(key.slice(key.indexOf('/') + 1)),
    });
  const running = new RunningLedger({ journal, sinks: sinkBalances });
  const unaccounted = (): LedgerReport['unaccounted'] => running.unaccounted();
  watchLedger(scope, { unaccounted, health, log });
  const unowned = (): Promise<Counts | undefined> => unownedOf(parts.census, log);
  const history = new ResourceHistory({
    owned: () => scope.census(),
    lateMs: () => scope.takeLateness(),
    unowned,
  });
  const deadLetters = new DeadLetterDesk(parts.deadLetters, scope, sinks.deliveries);

  const agent: AgentView = {
    build,
    health,
    journal,
    config: desk,
    reload: () => reloader.reload('API'),
    containers: () => {
      const newestOf = (id: string): LineTime | undefined =>
        pipeline.ledger.newestOf(`docker/${id}`) ?? pipeline.ledger.newestOf(id);
      const facts = { activity, gaps: gaps.byContainer(), newestOf, nowMs: Date.now() };
      return knownContainers(sources.views).map((container) => containerView(container, facts));
    },
    flow: () =>
      flowView({
        health,
        activity,
        sources: sources.views,
        processors: parts.processors.views,
        journal,
        maxBytes: desk.present.journal.maxBytes,
        sinks: sinks.states,
        ledger: agent.ledger(),
      }),
    gaps: () => gapsView(gaps),
    alerts,
    deadLetters,
    ledger: () => ledger(new Map(knownContainers(sources.views).map(({ id, name }) => [id, name]))),
    sinks: () => sinks.states.map(({ name, stats }) => ({ name, ...stats })),
    resources: (collects) => resourceReport(scope, parts.census, collects),
    resourceHistory: () => history.report(),
  };
  const metrics: MetricsView = {
    build,
    health,
    journal,
    isBuildStale: () => isStale(build),
    sources: () => sources.figures,
    streamMaxAgeMs: () => streamMaxAgeMs(desk.present),
    processors: () => parts.processors.all,
    filtered: () => running.filtered(),
    sinks: () => sinks.states.map(({ name, stats }) => ({ ...stats, name })),
    deadLetters: () => deadLetters.figures,
    alerts: () => alerts.figures,
    reloads: () => reloader.figures,
    unaccounted,
    gaps: () => gaps.counts,
    owned: () => scope.census(),
    unowned,
    messages: log.counts,
  };
  return { agent, metrics, history };
}

function streamMaxAgeMs({ sources }: Config): number {
  const ages = Object.values(sources).map((source) => (source.type === 'docker' ? source.streamMaxAgeMs : 0));
  return Math.max(0, ...ages);
}

/** Undefined where the census does not see anything, which is said. */
async function unownedOf(census: CensusTaker, log: Logger): Promise<Counts | undefined> {
  try {
    return (await census.take()).unowned;
  } catch (error) {
    log.error({ err: error }, describeError(error));
    return undefined;
  }
}
