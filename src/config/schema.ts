/** Every key, what it accepts and its default. The names on the left are the program's, those in quotes the file's. */
import { z } from 'zod';
import { LOG_LEVELS } from '../telemetry/logger.js';
import {
  anyText,
  componentName,
  duration,
  flag,
  labelName,
  oneOf,
  percent,
  size,
  startAt,
  text,
  texts,
  whole,
} from './leaves.js';
import { section } from './section.js';
import type {
  Config,
  ContainerSelector,
  DemoSourceConfig,
  DockerSourceConfig,
  FileSinkConfig,
  JournalConfig,
  ServerConfig,
  SinkConfig,
  SourceConfig,
} from './types.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** The configuration before the defaults that depend on the machine are filled in. */
export interface GivenConfig extends Omit<Config, 'dataDir' | 'journal'> {
  readonly dataDir?: string;
  readonly journal: Omit<JournalConfig, 'maxBytes'> & { readonly maxBytes?: number };
}

const server = section<ServerConfig>({
  host: ['host', text('a host name or address, such as 127.0.0.1').default('127.0.0.1')],
  port: ['port', whole(0, 65_535, 8401).default(8401)],
});

const journal = section<GivenConfig['journal']>({
  maxBytes: ['max_bytes', size(16 * MIB, '2GiB').optional()],
  maxAgeMs: ['max_age', duration(SECOND, '7d').default(7 * DAY)],
  minFree: ['min_free', percent('5%').default(0.05)],
  syncIntervalMs: ['sync_interval', duration(0, '200ms').default(200)],
});

const selector = section<ContainerSelector>({
  names: ['names', texts('["web-*"]').optional()],
  labels: ['labels', z.record(z.string(), anyText()).optional()],
  images: ['images', texts('["nginx:*"]').optional()],
  composeProjects: ['compose_projects', texts('["shop"]').optional()],
});

const docker = section<DockerSourceConfig>({
  type: ['type', z.literal('docker')],
  endpoint: ['endpoint', text('an address, such as unix:///var/run/docker.sock').optional()],
  startAt: ['start_at', startAt().default(DAY)],
  maxHistoryBytes: ['max_history_bytes', size(0, '64MiB').default(64 * MIB)],
  include: ['include', selector.optional()],
  exclude: ['exclude', selector.optional()],
  containerLabels: ['container_labels', z.record(z.string(), labelName()).default({})],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB').default(MIB / 2)],
});

const demo = section<DemoSourceConfig>({
  type: ['type', z.literal('demo')],
  linesPerSecond: ['lines_per_second', whole(1, 1_000_000, 20).default(20)],
  containers: ['containers', whole(1, 1000, 4).default(4)],
});

const file = section<FileSinkConfig>({
  type: ['type', z.literal('file')],
  directory: ['directory', text('a folder, such as ./data/logs')],
  format: ['format', oneOf('text', 'json').default('text')],
  maxBytes: ['max_bytes', size(64 * 1024, '100MiB').default(100 * MIB)],
  maxAgeMs: ['max_age', duration(SECOND, '24h').optional()],
  maxFiles: ['max_files', whole(1, 100_000, 10).default(10)],
  maxTotalBytes: ['max_total_bytes', size(MIB, '1GiB').default(GIB)],
  compress: ['compress', flag().default(true)],
});

const source: z.ZodType<SourceConfig> = z.discriminatedUnion('type', [docker, demo]);
// A union of one, so that the type is judged and named as it is for sources.
const sink: z.ZodType<SinkConfig> = z.discriminatedUnion('type', [file]);

export const configSchema = section<GivenConfig>({
  dataDir: ['data_dir', text('a folder, such as ./data').optional()],
  logLevel: ['log_level', oneOf(...LOG_LEVELS).default('info')],
  labels: ['labels', z.record(labelName(), anyText()).default({})],
  server: ['server', server.prefault({})],
  journal: ['journal', journal.prefault({})],
  sources: ['sources', z.record(componentName(), source)],
  sinks: ['sinks', z.record(componentName(), sink).default({})],
});
