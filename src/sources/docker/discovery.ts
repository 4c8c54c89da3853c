/**
 * One run of the docker source, without the reading: keeps in touch with the engine, watches the containers folder, and has the
 * captures tell the readers. There may be no engine for ever: it says so once per state and goes on trying.
 *
 * Positions beside the readers' own `docker/<container id>`:
 *   docker-engine/<engine name><root dir>   milliseconds since 1970 when this data directory first met that engine:
 *                                           `start_at` is about containers made before.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DockerSourceConfig } from '../../config/types.js';
import type { Pipeline, SourceFigures, TellReads } from '../../pipeline/contract.js';
import { timeOfMs } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import { streamRotated } from '../../runtime/probes.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import type { Health } from '../../telemetry/health.js';
import { Announcer } from './announcer.js';
import { Captures } from './captures.js';
import { type Endpoint, findEndpoint } from './endpoint.js';
import type { Engine, EngineInfo, ListedContainer } from './engine.js';
import { type EngineListener, watchEngine } from './engine-watch.js';
import type { ContainerEvent } from './events.js';
import { FolderWatch } from './folder-watch.js';
import type { Notice } from './json-file/types.js';
import { KnownContainers } from './known-containers.js';
import { Labeler } from './labels.js';
import { Liveness } from './liveness.js';
import type { ApiLogReaders, LogReaders } from './readers.js';
import { Readings, type Sign } from './readings.js';
import { healthOf } from './reasons.js';
import { selfContainerId } from './self.js';
import { Tuner, type TuningRules } from './tuning.js';

const LOOK_AGAIN_MS = 25;
/** What is noted of several containers within this time is said in one sentence. */
const ANNOUNCE_AFTER_MS = 500;
const ENGINE_KEY = 'docker-engine/';

export interface DockerSourceContext {
  /** The source's name in the configuration. */
  readonly name: string;
  readonly log: Logger;
  readonly health: Health;
  /** On every stream. */
  readonly labels: Labels;
  /** What containers may ask for by their labels; undefined: nothing. */
  readonly tuning?: TuningRules;
}

/** What both kinds of readers are made with. */
export interface ReaderParts {
  readonly pipeline: Pipeline;
  readonly onNotice: (notice: Notice) => void;
  readonly outputLabel: string;
}

export type CreateReaders = (parts: ReaderParts) => {
  readonly file: LogReaders;
  readonly api: ApiLogReaders;
};

export interface DiscoveryOptions {
  readonly scope: Scope;
  readonly pipeline: Pipeline;
  readonly config: DockerSourceConfig;
  readonly context: DockerSourceContext;
  readonly createReaders: CreateReaders;
  /** A worker opens the logs of new containers (log-holder.ts). */
  readonly holdsNewLogs: boolean;
  readonly onReady: () => void;
}

export class Discovery implements EngineListener {
  readonly captures: Captures;
  info: EngineInfo | undefined;
  trouble: string | undefined;
  readonly #options: DiscoveryOptions;
  readonly #readings: Readings;
  readonly #known: KnownContainers;
  readonly #announcer: Announcer;
  readonly #liveness: Liveness;
  readonly #startedMs = Date.now();
  #endpoint: Endpoint | undefined;
  /** Of the last session. */
  #engine: Engine | undefined;
  /** The trouble with the engine that the log was told of. */
  #said: AgentError['code'] | undefined;
  #folder: FolderWatch | undefined;
  #hasListed = false;
  #announcing: Owned | undefined;
  #isLookingAgain = false;

  constructor(options: DiscoveryOptions) {
    const { config, context, pipeline, createReaders } = options;
    const { log } = context;
    this.#options = options;
    this.#announcer = new Announcer(log);
    const labeler = new Labeler({
      preset: config.labelPreset,
      extra: context.labels,
      containerLabels: config.containerLabels,
      log,
    });
    const tuner = context.tuning && new Tuner(context.tuning, log);
    const { file, api } = createReaders({
      pipeline,
      onNotice: (notice) => this.#noticed(notice),
      outputLabel: labeler.outputLabel,
    });
    this.#known = new KnownContainers(pipeline);
    this.#readings = new Readings(file, api, this.#known);
    this.captures = new Captures({
      rules: config,
      labelsOf: (facts, host) => labeler.labelsOf(facts, host, tuner?.of(facts).labels),
      tuningOf: (facts) => tuner?.of(facts).tuning,
      selfId: selfContainerId(),
      readings: this.#readings,
      positionOf: (id) => pipeline.position(`docker/${id}`),
      announcer: this.#announcer,
      onLossy: (labels) => pipeline.gap({ why: 'non_blocking', from: undefined, to: undefined }, labels),
    });
    this.#liveness = new Liveness({
      timeoutMs: config.livenessTimeoutMs,
      log,
      signs: (now) => this.#signs(now),
      engineAnsweredAt: () => (this.trouble === undefined ? this.#engine?.answeredAt : undefined),
      onBeat: (id) => this.#readings.beat(id),
      onChange: () => this.#tellHealth(),
    });
  }

  async run(): Promise<void> {
    const { scope, config } = this.#options;
    const { env } = process;
    const { endpoint, tls } = config;
    const search = { endpoint, tls, env, home: homedir(), uid: process.getuid?.() };
    const watch = watchEngine(scope, {
      // An engine once reached is the one: elsewhere all its containers would look as if they were removed.
      findEndpoint: () => this.#endpoint ?? findEndpoint(search),
      listener: this,
      silenceMs: config.livenessTimeoutMs,
    });
    this.#liveness.run(scope);
    await Promise.all([this.#readings.run(scope), watch]);
  }

  figures(): SourceFigures {
    return {
      ...this.#readings.figures(),
      containers: this.captures.transports(),
      stalled: this.#liveness.stalled,
    };
  }

  tellReads(tell: TellReads): void {
    this.#readings.tellReads(tell);
  }

  connected(info: EngineInfo, engine: Engine): void {
    const { log } = this.#options.context;
    const facts = { version: info.version, api: info.apiVersion, root: info.rootDir };
    if (!this.info) log.info(facts, `Docker engine ${info.version} "${info.name}" at ${info.endpoint}.`);
    else if (this.trouble)
      log.info(facts, `The Docker engine at ${info.endpoint} is back (${info.version}).`);
    this.info = info;
    this.#endpoint = engine.endpoint;
    this.#engine = engine;
    if (this.trouble) this.#liveness.engineIsBack();
    this.trouble = undefined;
    this.#said = undefined;
    const folder = this.#watchFolder(join(info.rootDir, 'containers'));
    this.captures.connected({
      host: info.name,
      folder,
      firstSeenMs: this.#firstSeenMs(info),
      inspect: (id) => engine.inspect(id),
    });
    this.#readings.connected(engine);
  }

  listing(): void {
    this.captures.listing();
    this.#folder?.refresh(this.#options.scope);
  }

  async listed(containers: readonly ListedContainer[], session: Scope): Promise<void> {
    await this.captures.listed(containers, session);
    if (!this.#hasListed) {
      this.#hasListed = true;
      this.#forgetRemoved();
      this.#readings.ready();
    }
    this.#announce();
    this.#options.onReady();
  }

  event(event: ContainerEvent): void {
    const { scope } = this.#options;
    if (scope.isClosing) return;
    void this.#act(event);
  }

  lost(error: AgentError): void {
    const { context, onReady } = this.#options;
    this.#readings.disconnected();
    this.trouble = describeError(error);
    this.#tellHealth();
    if (error.code !== this.#said)
      context.log.warn({ code: error.code }, `${this.trouble} It is tried again every few seconds.`);
    this.#said = error.code;
    onReady();
  }

  async #act(event: ContainerEvent): Promise<void> {
    try {
      await this.captures.event(event);
      this.#announceSoon();
    } catch (error) {
      // Where the engine went away meanwhile, the next session's list tells the same.
      const { log } = this.#options.context;
      const say = error instanceof AgentError ? log.debug.bind(log) : log.error.bind(log);
      say({ err: error, id: event.id }, `An event could not be followed up: ${describeError(error)}`);
    }
  }

  #watchFolder(dir: string): FolderWatch {
    if (this.#folder?.dir === dir) return this.#folder;
    const { context } = this.#options;
    this.#folder?.release();
    this.#folder = new FolderWatch({
      dir,
      log: context.log,
      onNewFolder: (id) => this.#sighted(id),
      ...(this.#options.holdsNewLogs && {
        onHeldLog: (id, path, facts) => {
          if (!this.#options.scope.isClosing) this.captures.held(id, path, facts);
        },
      }),
    });
    return this.#folder;
  }

  #sighted(id: string): void {
    if (this.#options.scope.isClosing) return;
    this.captures.sighted(id);
    if (!this.#isLookingAgain) this.#lookAgain();
  }

  /** The engine writes a container's facts a moment after it makes the folder. */
  #lookAgain(): void {
    const { scope } = this.#options;
    this.#isLookingAgain = this.captures.lookAgain();
    if (this.#isLookingAgain && !scope.isClosing)
      scope.timeout('look for facts', LOOK_AGAIN_MS, () => this.#lookAgain());
  }

  #firstSeenMs({ name, rootDir }: EngineInfo): number {
    const { pipeline } = this.#options;
    const key = engineKey(name, rootDir);
    const before = pipeline.position(key);
    if (typeof before === 'number') return before;
    pipeline.setPosition(key, this.#startedMs);
    return this.#startedMs;
  }

  /** Positions of containers that were removed while no agent ran. Kept where they may belong to another engine. */
  #forgetRemoved(): void {
    if (!this.info) return;
    const ownKey = engineKey(this.info.name, this.info.rootDir);
    if (this.#options.pipeline.positionKeys(ENGINE_KEY).some((key) => key !== ownKey)) return;
    this.#known.forgetRemoved((id) => this.captures.has(id), timeOfMs(this.#startedMs));
  }

  #noticed(notice: Notice): void {
    const { log } = this.#options.context;
    const container = this.#readings.nameOf(notice.id);
    this.#readings.noticed(notice);
    switch (notice.kind) {
      case 'unreadable':
        this.captures.unreadable(notice.id);
        this.#announceSoon();
        break;
      case 'history-skipped':
        this.#announcer.skipped(notice.bytes);
        break;
      case 'rotated': {
        const { rotations, ageSeconds } = notice;
        const facts = { container, rotations, ageSeconds };
        log.debug(facts, 'A log stream came to its age and is gone.');
        if (streamRotated.hasSubscribers) streamRotated.publish(facts);
        break;
      }
      case 'truncated':
        log.warn(
          { container },
          `${container}: somebody cut ${notice.path} short: what was not read by then is missing.`,
        );
        break;
      default:
        break;
    }
  }

  #announceSoon(): void {
    const { scope } = this.#options;
    if (this.#announcing || scope.isClosing) return;
    this.#announcing = scope.timeout('announce', ANNOUNCE_AFTER_MS, () => {
      this.#announcing = undefined;
      this.#announce();
    });
  }

  #announce(): void {
    this.#announcer.flush();
    this.#tellHealth();
  }

  #tellHealth(): void {
    const { name, health } = this.#options.context;
    const { state, reason } = healthOf({
      engine: this.trouble,
      silence: this.#liveness.reason,
      captures: this.captures.hindered(),
    });
    health.set(name, state, reason);
  }

  /** Of the containers that run. */
  *#signs(now: number): Generator<Sign> {
    for (const sign of this.#readings.signs(now)) if (this.captures.isRunning(sign.id)) yield sign;
  }
}

function engineKey(name: string, rootDir: string): string {
  return `${ENGINE_KEY}${name}${rootDir}`;
}
