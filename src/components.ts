/** The one registry: what a `type:` in the configuration stands for. A component is loaded when it is first used. */
import type { ProcessorConfig } from './config/processor-types.js';
import type {
  DemoSourceConfig,
  DockerSourceConfig,
  FileSinkConfig,
  LokiSinkConfig,
  SinkConfig,
  SourceConfig,
  StdinSourceConfig,
  StdoutSinkConfig,
} from './config/types.js';
import type { Processor, Sink, Source } from './pipeline/contract.js';
import type { Labels } from './pipeline/streams.js';
import type { Logger } from './runtime/log.js';
import type { DockerSource } from './sources/docker/source.js';
import type { Health } from './telemetry/health.js';

export interface ComponentContext {
  readonly log: Logger;
  readonly health: Health;
  /** On every stream. */
  readonly labels: Labels;
}

/** What processors are made with; they open nothing. */
export interface ProcessorContext {
  readonly log: Logger;
}

type Makers<Config extends { type: string }, Component> = {
  [Type in Config['type']]: (
    name: string,
    config: Extract<Config, { type: Type }>,
    context: ComponentContext,
  ) => Promise<Component>;
};

type ProcessorLoaders = {
  [Type in ProcessorConfig['type']]: () => Promise<
    (name: string, config: Extract<ProcessorConfig, { type: Type }>, context: ProcessorContext) => Processor
  >;
};

const SOURCES: Makers<SourceConfig, Source | DockerSource> = {
  docker: async (name, config: DockerSourceConfig, context) =>
    (await import('./sources/docker/index.js')).createDockerSource(config, { name, ...context }),
  demo: async (name, config: DemoSourceConfig, context) =>
    (await import('./sources/demo/index.js')).createDemoSource(name, config, context),
  stdin: async (name, config: StdinSourceConfig, context) =>
    (await import('./sources/stdin/index.js')).createStdinSource(name, config, context),
};

const SINKS: Makers<SinkConfig, Sink> = {
  file: async (name, config: FileSinkConfig, context) =>
    (await import('./sinks/file/index.js')).createFileSink(name, config, context),
  loki: async (name, config: LokiSinkConfig, context) =>
    (await import('./sinks/loki/index.js')).createLokiSink(name, config, context),
  stdout: async (name, config: StdoutSinkConfig, context) =>
    (await import('./sinks/stdout/index.js')).createStdoutSink(name, config, context),
};

const PROCESSORS: ProcessorLoaders = {};

export function createSource(
  name: string,
  config: SourceConfig,
  context: ComponentContext,
): Promise<Source | DockerSource> {
  return SOURCES[config.type](name, config as never, context);
}

/** Loads what makes processors of a type, so that they can be made while lines wait. */
export function processorMaker<Config extends ProcessorConfig>(
  type: Config['type'],
): Promise<(name: string, config: Config, context: ProcessorContext) => Processor> {
  return PROCESSORS[type]() as Promise<never>;
}

export function createSink(name: string, config: SinkConfig, context: ComponentContext): Promise<Sink> {
  return SINKS[config.type](name, config as never, context);
}
