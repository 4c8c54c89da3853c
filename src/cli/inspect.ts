/** Which containers a docker source would take, found out by the source itself, with readers that read nothing. */
import type { DockerSourceConfig } from '../config/types.js';
import type { Pipeline } from '../pipeline/contract.js';
import { type Labels, StreamTable } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { within } from '../runtime/within.js';
import type { ContainerStatus } from '../sources/docker/index.js';
import type { ApiLogReaders } from '../sources/docker/readers.js';
import { createSource } from '../sources/docker/source.js';
import type { TuningRules } from '../sources/docker/tuning.js';
import { Health } from '../telemetry/health.js';

const PATIENCE_MS = 10_000;

export interface Inspection {
  /** Why nothing is known, with the remedy. */
  readonly trouble: string | undefined;
  readonly containers: readonly ContainerStatus[];
}

/** Asks the engine once. Reads no log and writes nothing. */
export async function inspectContainers(
  name: string,
  config: DockerSourceConfig,
  labels: Labels,
  tuning: TuningRules,
): Promise<Inspection> {
  const failures: unknown[] = [];
  const scope = Scope.root('inspection', (error) => failures.push(error));
  const context = { name, labels, tuning, log: silentLogger, health: new Health() };
  const source = createSource(config, context, () => ({ file: IDLE, api: IDLE }));
  try {
    void scope.run(name, () => source.run(scope, NOWHERE));
    const isReady = await within(PATIENCE_MS, source.ready);
    if (failures.length > 0) throw failures[0];
    const late = isReady ? undefined : 'The Docker engine does not answer in time.';
    return { trouble: source.engineTrouble() ?? late, containers: source.containers() };
  } finally {
    await scope.close();
  }
}

const IDLE: ApiLogReaders = {
  run: (scope) => scope.untilClosing(),
  ready() {},
  add() {},
  wake() {},
  setLabels() {},
  reject() {},
  stopped() {},
  finish() {},
  stats: () => new Map(),
  counts: () => undefined,
  openStreams: () => [],
  signOfLife: () => undefined,
  connected() {},
  disconnected() {},
  streamCapacity: 0,
  waiting: 0,
};

const NOWHERE: Pipeline = {
  streams: new StreamTable(),
  isFirstStart: true,
  push: () => undefined,
  gap() {},
  setPosition() {},
  position: () => undefined,
  positionKeys: () => [],
};
