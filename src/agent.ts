/**
 * The composition root. Read this first: it opens the parts in the order in which lines flow backwards, so that
 * everything has somewhere to go before it comes, and closes them the other way round.
 *
 *   data directory (lock) → journal → sinks → server → sources
 */
import path from 'node:path';
import { configuredAlerts } from './alerts/configured.js';
import { AlertDesk } from './alerts/desk.js';
import { AlertStore } from './alerts/store.js';
import { createSink, createSource } from './components.js';
import { type ConfigDesk, configDesk } from './config/desk.js';
import type { Config, SinkConfig } from './config/types.js';
import { DeadLetterDesk } from './delivery/dead-letters/desk.js';
import { openDeadLetters } from './delivery/dead-letters/store.js';
import { Delivery } from './delivery/delivery.js';
import { openJournal } from './journal/index.js';
import type { Journal } from './journal/types.js';
import type { Source, SourceFigures } from './pipeline/contract.js';
import { GapRegister } from './pipeline/gap-register.js';
import type { Gap } from './pipeline/gaps.js';
import { createIntake } from './pipeline/intake.js';
import type { LineTime } from './pipeline/line-time.js';
import { compileMatch } from './pipeline/match.js';
import { createRouter, type RouteTarget } from './pipeline/routes.js';
import { StreamTable } from './pipeline/streams.js';
import { lockDataDir } from './runtime/data-dir.js';
import { describeError } from './runtime/errors.js';
import type { Logger } from './runtime/log.js';
import { Scope } from './runtime/scope.js';
import { within } from './runtime/within.js';
import { SearchService } from './search/service.js';
import { type ContainerSource, containerView, knownContainers } from './server/container-view.js';
import { flowView, readBy } from './server/flow-view.js';
import { gapsView } from './server/gap-view.js';
import { startMetricsServer } from './server/metrics-server.js';
import { type RunningServer, startServer } from './server/server.js';
import { TailHub } from './server/tail/hub.js';
import type { AgentView, SinkView } from './server/view.js';
import type { DockerSource } from './sources/docker/source.js';
import { watchActivity } from './telemetry/activity/activity.js';
import { type BuildInfo, readBuildInfo } from './telemetry/build-info.js';
import { CensusTaker, type Counts } from './telemetry/census/census.js';
import { resourceReport } from './telemetry/census/report.js';
import { Health } from './telemetry/health.js';
import { type LedgerReport, ledgerReport } from './telemetry/ledger/report.js';
import { watchLedger } from './telemetry/ledger/watch.js';
import type { CountingLogger } from './telemetry/message-counts.js';
import { createMetrics } from './telemetry/metrics/metrics.js';
import { ResourceHistory } from './telemetry/resources/history.js';

/** Draining that takes longer turns into aborting: a supervisor's patience ends at ten seconds. */
const DRAIN_MS = 4_000;
const LAST_COMMIT_MS = 1_500;
const DELIVERED_CHECK_MS = 50;

export interface Agent {
  readonly build: BuildInfo;
  readonly health: Health;
  readonly journal: Journal;
  readonly server: RunningServer;
  /** Where metrics are served without a login; undefined where they are not. */
  readonly metricsUrl: string | undefined;
  readonly sources: readonly (Source | DockerSource)[];
  sinks(): readonly SinkView[];
  /** Resolves once every source has come to its end by itself and every sink has what they read; else never. */
  readonly finished: Promise<void>;
  /** Drains and closes everything. Idempotent. Throws an AggregateError of what would not close. */
  stop(): Promise<void>;
}

/** Starts everything. Throws AgentError where that cannot be, with nothing left running. */
export async function startAgent(
  config: Config,
  log: CountingLogger,
  desk: ConfigDesk = configDesk(config, { env: {}, cwd: process.cwd() }),
): Promise<Agent> {
  const root = Scope.root('agent', (error, task) => {
    log.error({ err: error, task }, `${task} failed: ${describeError(error)}`);
  });
  try {
    return await open(root, config, log, desk);
  } catch (error) {
    // What went wrong first is what has to be mended.
    await root.abort().catch((trouble: unknown) => log.error({ err: trouble }, describeError(trouble)));
    throw error;
  }
}

async function open(root: Scope, config: Config, log: CountingLogger, desk: ConfigDesk): Promise<Agent> {
  const census = new CensusTaker(root);
  census.begin();
  const build = readBuildInfo();
  const health = new Health();
  const routeTargets = Object.values(config.sinks).map(routeTarget);
  const streams = new StreamTable(createRouter(routeTargets));
  await lockDataDir(config.dataDir, root);

  const journal = await openJournal(path.join(config.dataDir, 'journal'), config.journal, streams, root, log);
  for (const { sentence, isDamage } of journal.recovery)
    log.warn(isDamage ? { code: 'JOURNAL_DAMAGED' } : {}, sentence);
  journal.watchTrouble((trouble) => {
    if (trouble === undefined) health.set('journal', 'healthy');
    else
      health.set(
        'journal',
        'degraded',
        `JOURNAL_WRITE: ${trouble} Sources wait meanwhile; make room on the disk.`,
      );
  });

  const gaps = new GapRegister(journal, log);
  const directory = path.join(config.dataDir, 'dead-letters');
  const deadLetters = await openDeadLetters({
    directory,
    options: config.deadLetters,
    scope: root,
    log,
    health,
  });
  const context = { log, health, labels: config.labels };
  const deliveries = new Map<string, Delivery>();
  const sinkScope = root.child('sinks');
  for (const [name, sinkConfig] of Object.entries(config.sinks)) {
    const sink = await createSink(name, sinkConfig, context);
    const { match } = routeTarget(sinkConfig);
    const onGap = (gap: Gap): void => gaps.extend(gap);
    const delivery = new Delivery({ journal, sink, match, log, health, onGap, deadLetters });
    deliveries.set(name, delivery);
    void sinkScope.run(`deliver to ${name}`, () => delivery.run(sinkScope));
  }

  const tail = new TailHub(journal);
  const search = new SearchService({ scope: root, journal, log });
  const alerts = new AlertDesk({
    scope: root,
    log,
    configured: configuredAlerts(config.alerts),
    store: new AlertStore(path.join(config.dataDir, 'alerts.json')),
  });
  const pipeline = createIntake({ journal, streams, scope: root, taps: [tail, alerts], gaps });
  const sources: (Source | DockerSource)[] = [];
  for (const [name, sourceConfig] of Object.entries(config.sources)) {
    sources.push(await createSource(name, sourceConfig, context));
  }

  const captured = sources.map((source): ContainerSource => {
    const { type } = config.sources[source.name];
    const figures = (): SourceFigures | undefined => source.figures();
    return {
      name: source.name,
      type,
      figures,
      ...('containers' in source && { containers: () => source.containers() }),
    };
  });
  const activity = watchActivity(root, {
    containers: () =>
      knownContainers(captured).map(({ id, stats }) => [
        id,
        { lines: stats?.linesRead ?? 0, bytes: stats?.bytesRead ?? 0 },
      ]),
    sources: () => captured.map(({ name, figures }) => [name, readBy(figures())]),
    sinks: () => [...deliveries].map(([name, { stats }]) => [name, stats.linesDelivered]),
    journal: () => journal.stats.linesAppended,
  });

  const ledger = (names: ReadonlyMap<string, string>): LedgerReport =>
    ledgerReport({
      journal,
      sinks: () => [...deliveries].map(([name, delivery]) => ({ name, ...delivery.balance })),
      containerOf: (key) => pipeline.ledger.containerOf(key) ?? names.get(key.slice(key.indexOf('/') + 1)),
    });
  const unaccounted = (): LedgerReport['unaccounted'] => ledger(new Map()).unaccounted;
  watchLedger(root, { unaccounted, health, log });
  const unowned = (): Promise<Counts | undefined> => unownedOf(census, log);
  const history = new ResourceHistory({ owned: () => root.census(), unowned });
  const view: AgentView = {
    build,
    health,
    journal,
    config: desk,
    containers: () => {
      const newestOf = (id: string): LineTime | undefined =>
        pipeline.ledger.newestOf(`docker/${id}`) ?? pipeline.ledger.newestOf(id);
      const facts = { activity, gaps: gaps.byContainer(), newestOf, nowMs: Date.now() };
      return knownContainers(captured).map((container) => containerView(container, facts));
    },
    flow: () =>
      flowView({
        health,
        activity,
        sources: captured,
        journal,
        maxBytes: config.journal.maxBytes,
        sinks: [...deliveries].map(([name, { stats }]) => ({ name, type: config.sinks[name].type, stats })),
        ledger: view.ledger(),
      }),
    gaps: () => gapsView(gaps),
    alerts,
    deadLetters: new DeadLetterDesk(deadLetters, root, deliveries),
    ledger: () => ledger(new Map(knownContainers(captured).map(({ id, name }) => [id, name]))),
    sinks: () => [...deliveries].map(([name, { stats }]): SinkView => ({ name, ...stats })),
    resources: (collects) => resourceReport(root, census, collects),
    resourceHistory: () => history.report(),
  };
  const metrics = await createMetrics(root, {
    build,
    health,
    journal,
    sources: () => sources.flatMap((source) => source.figures() ?? []),
    sinks: () => [...deliveries].map(([name, { stats }]) => ({ ...stats, name })),
    deadLetters: () => view.deadLetters.figures,
    alerts: () => alerts.figures,
    unaccounted,
    gaps: () => gaps.counts,
    owned: () => root.census(),
    unowned,
    messages: log.counts,
  });
  const { dataDir } = config;
  const server = await startServer(root, {
    ...config.server,
    dataDir,
    agent: view,
    metrics,
    tail,
    search,
    log,
  });
  const metricsUrl = await startMetricsServer(root, { ...config.metrics, metrics, log });

  // Deliveries drain what is committed: the last lines of the sources must be, before the sinks are told to finish.
  // A disk that refuses must not use up the time to stop; what is not committed is read again at the next start.
  root.own('task', 'commit of the last lines', async () => {
    pipeline.flush();
    await within(LAST_COMMIT_MS, journal.barrier());
  });
  census.warmedUp();
  history.run(root);
  const sourceScope = root.child('sources');
  let running = sources.length;
  const finished = new Promise<void>((resolve) => {
    for (const source of sources) {
      void sourceScope.run(source.name, async () => {
        await source.run(sourceScope, pipeline);
        if (sourceScope.isClosing || --running > 0) return;
        pipeline.flush();
        await delivered(journal, deliveries.values(), sourceScope);
        if (!sourceScope.isClosing) resolve();
      });
    }
  });
  return {
    build,
    health,
    journal,
    server,
    metricsUrl,
    sources,
    sinks: () => view.sinks(),
    finished,
    stop: () => root.close(DRAIN_MS),
  };
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

function routeTarget(sink: SinkConfig): RouteTarget {
  return {
    match: sink.match === undefined ? undefined : compileMatch(sink.match),
    tenantLabel: sink.type === 'loki' ? sink.tenantLabel : undefined,
  };
}

/** Waits until everything that was read is delivered, or `scope` closes. */
async function delivered(journal: Journal, deliveries: Iterable<Delivery>, scope: Scope): Promise<void> {
  await journal.barrier();
  const isBehind = ({ stats }: Delivery): boolean => stats.state === 'opening' || stats.linesPending > 0;
  for (const delivery of deliveries) {
    while (!scope.isClosing && isBehind(delivery)) await scope.sleep(DELIVERED_CHECK_MS);
  }
}
