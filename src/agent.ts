/**
 * The composition root. Read this first: it opens the parts in the order in which lines flow backwards, so that
 * everything has somewhere to go before it comes, and closes them the other way round.
 *
 *   data directory (lock) → journal → sinks → processors → server → sources → reloads
 *
 * Sinks, processors and sources are sets whose members begin and end while the agent runs (src/agent/): `reload.ts` reads
 * another configuration and judges it, `apply.ts` brings the parts from the one to the other.
 */
import path from 'node:path';
import { prepareChanges } from './agent/apply.js';
import { watchConfigFile } from './agent/config-file.js';
import { hurryFirstLines } from './agent/first-lines.js';
import { ProcessorSet } from './agent/processors.js';
import { type ReloadCause, Reloader } from './agent/reload.js';
import { SinkSet } from './agent/sinks.js';
import { type AnySource, SourceSet } from './agent/sources.js';
import { viewsOf } from './agent/view.js';
import { configuredAlerts } from './alerts/configured.js';
import { AlertDesk } from './alerts/desk.js';
import { AlertStore } from './alerts/store.js';
import { type ConfigDesk, configDesk } from './config/desk.js';
import type { ReloadResult } from './config/shape.js';
import { tuningProblem } from './config/tuning.js';
import type { Config } from './config/types.js';
import { openDeadLetters } from './delivery/dead-letters/store.js';
import { openJournal } from './journal/index.js';
import type { Journal } from './journal/types.js';
import { GapRegister } from './pipeline/gap-register.js';
import { createIntake } from './pipeline/intake.js';
import { StreamTable } from './pipeline/streams.js';
import { lockDataDir } from './runtime/data-dir.js';
import { describeError } from './runtime/errors.js';
import { Scope } from './runtime/scope.js';
import { within } from './runtime/within.js';
import { SearchService } from './search/service.js';
import { startMetricsServer } from './server/metrics-server.js';
import { type RunningServer, startServer } from './server/server.js';
import { TailHub } from './server/tail/hub.js';
import type { SinkView } from './server/view.js';
import { type BuildInfo, readBuildInfo } from './telemetry/build-info.js';
import { CensusTaker } from './telemetry/census/census.js';
import { Health } from './telemetry/health.js';
import type { LevelLogger } from './telemetry/logger.js';
import type { CountingLogger } from './telemetry/message-counts.js';
import { createMetrics } from './telemetry/metrics/metrics.js';

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
  /** Those that run at the moment. */
  readonly sources: readonly AnySource[];
  sinks(): readonly SinkView[];
  /** Reads the configuration anew and applies what is different. Undefined: the agent is stopping. */
  reload(cause: ReloadCause): Promise<ReloadResult | undefined>;
  /** Resolves once every source has come to its end by itself and every sink has what they read; else never. */
  readonly finished: Promise<void>;
  /** Drains and closes everything. Idempotent. Throws an AggregateError of what would not close. */
  stop(): Promise<void>;
}

/** Logs at the level that it is told last. */
export type AgentLog = CountingLogger & Partial<LevelLogger>;

/** Starts everything. Throws AgentError where that cannot be, with nothing left running. */
export async function startAgent(
  config: Config,
  log: AgentLog,
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

async function open(root: Scope, config: Config, log: AgentLog, desk: ConfigDesk): Promise<Agent> {
  const census = new CensusTaker(root);
  census.begin();
  const build = readBuildInfo();
  const health = new Health();
  const streams = new StreamTable();
  await lockDataDir(config.dataDir, root);

  const journal = await openJournal(path.join(config.dataDir, 'journal'), config.journal, streams, root, log);
  tellOf(journal, health, log);
  const gaps = new GapRegister(journal, log);
  const directory = path.join(config.dataDir, 'dead-letters');
  const options = config.deadLetters;
  const deadLetters = await openDeadLetters({ directory, options, scope: root, log, health });

  const sinkScope = root.child('sinks');
  const sinks = new SinkSet({ scope: sinkScope, journal, streams, gaps, deadLetters, log, health });
  sinks.begin(config.sinks, await sinks.make(config.sinks, Object.keys(config.sinks)));

  const tail = new TailHub(journal);
  const search = new SearchService({ scope: root, journal, log });
  const alerts = new AlertDesk({
    scope: root,
    log,
    configured: configuredAlerts(config.alerts),
    store: new AlertStore(path.join(config.dataDir, 'alerts.json')),
  });
  const taps = [tail, alerts, hurryFirstLines(journal)];
  const pipeline = createIntake({ journal, streams, scope: root, taps, gaps });
  const processors = new ProcessorSet(log, pipeline);
  processors.begin(await processors.make(config.processors));

  let finish!: () => void;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const sources = new SourceSet({
    pipeline,
    log,
    health,
    ownFolders: () => [config.dataDir, ...sinks.folders],
    tuning: { problem: tuningProblem, sinkNames: () => sinks.names },
    async onAllEnded(scope) {
      pipeline.flush();
      await delivered(journal, sinks, scope);
      if (!scope.isClosing) finish();
    },
  });
  const newSources = await sources.make(config.sources, Object.keys(config.sources), config.labels);

  const parts = { journal, deadLetters, alerts, log, sinks, processors, sources };
  const reloader = new Reloader({
    desk,
    log,
    health,
    prepare: (then, changes) => prepareChanges({ ...parts, sourceScope }, then, changes),
  });
  const views = viewsOf({ ...parts, scope: root, census, build, health, desk, gaps, pipeline, reloader });
  const metrics = createMetrics(root, views.metrics);
  const { dataDir } = config;
  const serving = { dataDir, agent: views.agent, metrics, tail, search, log };
  const server = await startServer(root, { ...config.server, ...serving });
  const metricsUrl = await startMetricsServer(root, { ...config.metrics, metrics, log });

  // Deliveries drain what is committed: the last lines of the sources must be, before the sinks are told to finish.
  // A disk that refuses must not use up the time to stop; what is not committed is read again at the next start.
  root.own('task', 'commit of the last lines', async () => {
    pipeline.flush();
    await within(LAST_COMMIT_MS, journal.barrier());
  });
  census.warmedUp();
  views.history.run(root);
  const sourceScope = root.child('sources');
  sources.begin(sourceScope, config.sources, newSources);

  // What a reload has begun ends before anything that it is about.
  const reloads = root.child('reloads');
  reloader.open(reloads);
  if (desk.file !== undefined) watchConfigFile(reloads, desk.file, () => void reloader.reload('file'));
  return {
    build,
    health,
    journal,
    server,
    metricsUrl,
    get sources() {
      return sources.all;
    },
    sinks: () => views.agent.sinks(),
    reload: (cause) => reloader.reload(cause),
    finished,
    stop: () => root.close(DRAIN_MS),
  };
}

/** What was found when the journal was opened, and whatever troubles it from now on. */
function tellOf(journal: Journal, health: Health, log: AgentLog): void {
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
}

/** Waits until everything that was read is delivered, or `scope` closes. */
async function delivered(journal: Journal, sinks: SinkSet, scope: Scope): Promise<void> {
  await journal.barrier();
  const isBehind = (): boolean =>
    sinks.states.some(({ stats }) => stats.state === 'opening' || stats.linesPending > 0);
  while (!scope.isClosing && isBehind()) await scope.sleep(DELIVERED_CHECK_MS);
}
