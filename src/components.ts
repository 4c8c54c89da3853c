/** The one registry: what a `type:` in the configuration stands for. A component is loaded when it is first used. */
import type { ProcessorConfig } from './config/processor-types.js';
import type {
  DemoSourceConfig,
  DockerSourceConfig,
  ElasticsearchSinkConfig,
  FileSinkConfig,
  FileSourceConfig,
  HttpSinkConfig,
  JournaldSourceConfig,
  LokiSinkConfig,
  OtlpSinkConfig,
  SinkConfig,
  SourceConfig,
  SplunkSinkConfig,
  StdinSourceConfig,
  StdoutSinkConfig,
  SyslogSinkConfig,
  SyslogSourceConfig,
} from './config/types.js';
import type { Processor, Sink, Source } from './pipeline/contract.js';
import type { Labels } from './pipeline/streams.js';
import type { Logger } from './runtime/log.js';
import type { DockerSource } from './sources/docker/source.js';
import type { TuningRules } from './sources/docker/tuning.js';
import type { Health } from './telemetry/health.js';

export interface ComponentContext {
  readonly log: Logger;
  readonly health: Health;
  /** On every stream. */
  readonly labels: Labels;
  /** Folders that the agent writes into. Absolute. */
  readonly ownFolders: () => readonly string[];
  /** What containers may ask for by their labels; undefined: nothing. */
  readonly tuning?: TuningRules;
}

type SinkContext = Pick<ComponentContext, 'log' | 'health'>;

/** What processors are made with; they open nothing. */
export interface ProcessorContext {
  readonly log: Logger;
}

type Makers<Config extends { type: string }, Component, Context> = {
  [Type in Config['type']]: (
    name: string,
    config: Extract<Config, { type: Type }>,
    context: Context,
  ) => Promise<Component>;
};

/** Of a type; `config` is of that type. */
export type ProcessorMaker = (name: string, config: ProcessorConfig, context: ProcessorContext) => Processor;

type ProcessorLoaders = {
  [Type in ProcessorConfig['type']]: () => Promise<
    (name: string, config: Extract<ProcessorConfig, { type: Type }>, context: ProcessorContext) => Processor
  >;
};

const SOURCES: Makers<SourceConfig, Source | DockerSource, ComponentContext> = {
  docker: async (name, config: DockerSourceConfig, context) =>
    (await import('./sources/docker/index.js')).createDockerSource(config, { name, ...context }),
  demo: async (name, config: DemoSourceConfig, context) =>
    (await import('./sources/demo/index.js')).createDemoSource(name, config, context),
  stdin: async (name, config: StdinSourceConfig, context) =>
    (await import('./sources/stdin/index.js')).createStdinSource(name, config, context),
  file: async (name, config: FileSourceConfig, context) =>
    (await import('./sources/file/index.js')).createFileSource(name, config, context),
  journald: async (name, config: JournaldSourceConfig, context) =>
    (await import('./sources/journald/index.js')).createJournaldSource(config, { name, ...context }),
  syslog: async (name, config: SyslogSourceConfig, context) =>
    (await import('./sources/syslog/index.js')).createSyslogSource(config, { name, ...context }),
};

const SINKS: Makers<SinkConfig, Sink, SinkContext> = {
  elasticsearch: async (name, config: ElasticsearchSinkConfig, context) =>
    (await import('./sinks/elasticsearch/index.js')).createElasticsearchSink(name, config, context),
  file: async (name, config: FileSinkConfig, context) =>
    (await import('./sinks/file/index.js')).createFileSink(name, config, context),
  http: async (name, config: HttpSinkConfig, context) =>
    (await import('./sinks/http/index.js')).createHttpSink(name, config, context),
  loki: async (name, config: LokiSinkConfig, context) =>
    (await import('./sinks/loki/index.js')).createLokiSink(name, config, context),
  otlp: async (name, config: OtlpSinkConfig, context) =>
    (await import('./sinks/otlp/index.js')).createOtlpSink(name, config, context),
  splunk: async (name, config: SplunkSinkConfig, context) =>
    (await import('./sinks/splunk/index.js')).createSplunkSink(name, config, context),
  stdout: async (name, config: StdoutSinkConfig, context) =>
    (await import('./sinks/stdout/index.js')).createStdoutSink(name, config, context),
  syslog: async (name, config: SyslogSinkConfig, context) =>
    (await import('./sinks/syslog/index.js')).createSyslogSink(name, config, context),
};

const PROCESSORS: ProcessorLoaders = {
  dedupe: async () => (await import('./processors/dedupe/index.js')).createDedupeProcessor,
  filter: async () => (await import('./processors/filter/index.js')).createFilterProcessor,
  labels: async () => (await import('./processors/labels/index.js')).createLabelsProcessor,
  level: async () => (await import('./processors/level/index.js')).createLevelProcessor,
  metrics: async () => (await import('./processors/metrics/index.js')).createMetricsProcessor,
  multiline: async () => (await import('./processors/multiline/index.js')).createMultilineProcessor,
  parse: async () => (await import('./processors/parse/index.js')).createParseProcessor,
  rate_limit: async () => (await import('./processors/rate-limit/index.js')).createRateLimitProcessor,
  redact: async () => (await import('./processors/redact/index.js')).createRedactProcessor,
  sample: async () => (await import('./processors/sample/index.js')).createSampleProcessor,
  timestamp: async () => (await import('./processors/timestamp/index.js')).createTimestampProcessor,
};

export function createSource(
  name: string,
  config: SourceConfig,
  context: ComponentContext,
): Promise<Source | DockerSource> {
  return SOURCES[config.type](name, config as never, context);
}

/** Loads what makes processors of a type, so that they can be made while lines wait. */
export function processorMaker(type: ProcessorConfig['type']): Promise<ProcessorMaker> {
  return PROCESSORS[type]() as Promise<ProcessorMaker>;
}

export function createSink(name: string, config: SinkConfig, context: SinkContext): Promise<Sink> {
  return SINKS[config.type](name, config as never, context);
}
