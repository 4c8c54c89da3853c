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
  LokiSinkConfig,
  MetricsConfig,
  ServerConfig,
  SinkConfig,
  SourceConfig,
  StdinSourceConfig,
  StdoutSinkConfig,
  TlsConfig,
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
  auth: ['auth', oneOf('auto', 'token', 'none').default('auto')],
  token: ['token', text('the token for the login').optional()],
  allowedHosts: ['allowed_hosts', texts('["logs.example.org"]').default([])],
});

const metrics = section<MetricsConfig>({
  host: ['host', text('a host name or address, such as 127.0.0.1').default('127.0.0.1')],
  port: ['port', whole(0, 65_535, 8001).default(8001)],
});

const tls = section<TlsConfig>({
  caFile: ['ca_file', text('a file of certificates in PEM form').optional()],
  certFile: ['cert_file', text('a file with a certificate in PEM form').optional()],
  keyFile: ['key_file', text('a file with a key in PEM form').optional()],
  serverName: ['server_name', text('a host name').optional()],
  insecureSkipVerify: ['insecure_skip_verify', flag().default(false)],
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
  tls: ['tls', tls.optional()],
  transport: ['transport', oneOf('auto', 'file', 'api').default('auto')],
  startAt: ['start_at', startAt().default(DAY)],
  maxHistoryBytes: ['max_history_bytes', size(0, '64MiB').default(64 * MIB)],
  include: ['include', selector.optional()],
  exclude: ['exclude', selector.optional()],
  containerLabels: ['container_labels', z.record(z.string(), labelName()).default({})],
  labelPreset: ['label_preset', oneOf('default', 'promtail', 'docker-driver').default('default')],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB').default(MIB / 2)],
});

const demo = section<DemoSourceConfig>({
  type: ['type', z.literal('demo')],
  linesPerSecond: ['lines_per_second', whole(1, 1_000_000, 20).default(20)],
  containers: ['containers', whole(1, 1000, 4).default(4)],
});

const stdin = section<StdinSourceConfig>({
  type: ['type', z.literal('stdin')],
  container: ['container', text('a name, such as stdin').default('stdin')],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB').default(MIB / 2)],
});

const match = text('a selector of streams, such as {env="prod"}').optional();

const file = section<FileSinkConfig>({
  type: ['type', z.literal('file')],
  match: ['match', match],
  directory: ['directory', text('a folder, such as ./data/logs')],
  format: ['format', oneOf('text', 'json').default('text')],
  maxBytes: ['max_bytes', size(64 * 1024, '100MiB').default(100 * MIB)],
  maxAgeMs: ['max_age', duration(SECOND, '24h').optional()],
  maxFiles: ['max_files', whole(1, 100_000, 10).default(10)],
  maxTotalBytes: ['max_total_bytes', size(MIB, '1GiB').default(GIB)],
  compress: ['compress', flag().default(true)],
});

const stdout = section<StdoutSinkConfig>({
  type: ['type', z.literal('stdout')],
  match: ['match', match],
});

const loki = section<LokiSinkConfig>({
  type: ['type', z.literal('loki')],
  match: ['match', match],
  url: ['url', text('an address, such as http://127.0.0.1:3100')],
  tenant: ['tenant', text('a tenant').optional()],
  tenantLabel: ['tenant_label', labelName().optional()],
  username: ['username', text('a name').optional()],
  password: ['password', text('a password').optional()],
  bearerToken: ['bearer_token', text('a token').optional()],
  tls: ['tls', tls.optional()],
  proxyUrl: ['proxy_url', text('an address, such as http://127.0.0.1:3128').optional()],
  timeoutMs: ['timeout', duration(SECOND, '10s').default(10 * SECOND)],
  batchWaitMs: ['batch_wait', duration(0, '1s').default(SECOND)],
  batchBytes: ['batch_bytes', size(64 * 1024, '1MiB').default(MIB)],
  maxLineBytes: ['max_line_bytes', size(1024, '256KiB').default(256 * 1024)],
  maxAgeMs: ['max_age', duration(SECOND, '7d').default(7 * DAY)],
});

const source: z.ZodType<SourceConfig> = z.discriminatedUnion('type', [docker, demo, stdin]);
const sink: z.ZodType<SinkConfig> = z.discriminatedUnion('type', [file, loki, stdout]);

export const configSchema = section<GivenConfig>({
  dataDir: ['data_dir', text('a folder, such as ./data').optional()],
  logLevel: ['log_level', oneOf(...LOG_LEVELS).default('info')],
  labels: ['labels', z.record(labelName(), anyText()).default({})],
  server: ['server', server.prefault({})],
  metrics: ['metrics', metrics.prefault({})],
  journal: ['journal', journal.prefault({})],
  sources: ['sources', z.record(componentName(), source)],
  sinks: ['sinks', z.record(componentName(), sink).default({})],
});
