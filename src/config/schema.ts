/** Every key, what it accepts, its default and what it is for. The names on the left are the program's, those in quotes the file's. */
import { z } from 'zod';
import { MAX_COOL_DOWN_S, MAX_THRESHOLD, MAX_WINDOW_S, MIN_COOL_DOWN_S } from '../alerts/alert.js';
import { compileMatch } from '../pipeline/match.js';
import { parseQuery } from '../query/index.js';
import { LOG_LEVELS } from '../telemetry/logger.js';
import { type Leaf, leaf } from './leaf.js';
import {
  anyText,
  basePath,
  componentName,
  duration,
  flag,
  labelName,
  oneOf,
  path,
  percent,
  size,
  startAt,
  text,
  textLike,
  texts,
  whole,
} from './leaves.js';
import { address, password, secretAddress, token, webAddress } from './secrets.js';
import { section } from './section.js';
import type {
  AlertConfig,
  Config,
  ContainerSelector,
  DeadLettersConfig,
  DemoSourceConfig,
  DockerSourceConfig,
  FileSinkConfig,
  JournalConfig,
  LokiSinkConfig,
  MetricsConfig,
  ServerConfig,
  ServerTlsConfig,
  SinkConfig,
  SourceConfig,
  StdinSourceConfig,
  StdoutSinkConfig,
  TlsConfig,
  WebhookConfig,
} from './types.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 86_400 * SECOND;

/** The configuration before the defaults that depend on the machine are filled in. */
export interface GivenConfig extends Omit<Config, 'dataDir' | 'journal' | 'server' | 'metrics'> {
  readonly dataDir?: string;
  readonly server: Omit<ServerConfig, 'host'> & { readonly host?: string };
  readonly metrics: Omit<MetricsConfig, 'host'> & { readonly host?: string };
  readonly journal: Omit<JournalConfig, 'maxBytes'> & { readonly maxBytes?: number };
}

const TYPE = 'Which kind it is.';
const HOST = 'a host name or address, such as 127.0.0.1';

const serverTls = section<ServerTlsConfig>({
  certFile: [
    'cert_file',
    path('a file with a certificate in PEM form'),
    'Certificate, and those above it; a renewed one is taken within a minute.',
  ],
  keyFile: ['key_file', path('a file with a key in PEM form'), 'Key of the certificate.'],
});

const server = section<GivenConfig['server']>({
  host: [
    'host',
    text(HOST).optional(),
    'Address that the page and the API are served on; default: 127.0.0.1, in the image 0.0.0.0, which is all of the machine.',
  ],
  port: ['port', whole(0, 65_535, 8401).default(8401), 'Port of the page and the API; 0 takes any free one.'],
  auth: [
    'auth',
    oneOf('auto', 'token', 'none').default('auto'),
    'Whether a login is needed; auto: where others than this machine can reach the server.',
  ],
  token: [
    'token',
    token().optional(),
    'Token of the login; without one it is made and kept in the data directory.',
  ],
  allowedHosts: [
    'allowed_hosts',
    texts('["logs.example.org"]').default([]),
    'Names under which the server may be asked, beside localhost, the name of this host and IP addresses.',
  ],
  basePath: [
    'base_path',
    basePath().default(''),
    'What all paths begin with, such as /logs, behind a proxy that passes it on; default: nothing.',
  ],
  tls: ['tls', serverTls.optional(), 'HTTPS instead of HTTP.'],
});

const metrics = section<GivenConfig['metrics']>({
  host: [
    'host',
    text(HOST).optional(),
    'Address that metrics are served on, without a login; default: 127.0.0.1, in the image 0.0.0.0.',
  ],
  port: [
    'port',
    whole(0, 65_535, 8001).default(8001),
    'Port of the metrics; 0: none of their own, they are at /metrics of the server always.',
  ],
});

const tls = section<TlsConfig>({
  caFile: [
    'ca_file',
    path('a file of certificates in PEM form').optional(),
    'Whom to trust instead of the usual authorities.',
  ],
  certFile: [
    'cert_file',
    path('a file with a certificate in PEM form').optional(),
    'Certificate to show; needs key_file.',
  ],
  keyFile: ['key_file', path('a file with a key in PEM form').optional(), 'Key of the certificate.'],
  serverName: [
    'server_name',
    text('a host name').optional(),
    "Name that the server's certificate must have, where it is not the address's.",
  ],
  insecureSkipVerify: [
    'insecure_skip_verify',
    flag().default(false),
    'Trust any certificate: whoever is in between can read and change everything.',
  ],
});

const journal = section<GivenConfig['journal']>({
  maxBytes: [
    'max_bytes',
    size(16 * MIB, '2GiB').optional(),
    'Most bytes of history on disk; default: a tenth of what is free there, but no less than 64MiB and no more than 2GiB.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '7d').default(7 * DAY),
    'Older history is deleted once every sink has it.',
  ],
  minFree: ['min_free', percent('5%').default(0.05), 'Part of the disk that the history leaves free.'],
  syncIntervalMs: [
    'sync_interval',
    duration(0, '200ms').default(200),
    'How often what was read is made durable; 0: at once.',
  ],
});

const deadLetters = section<DeadLettersConfig>({
  maxBytes: [
    'max_bytes',
    size(MIB, '64MiB').default(64 * MIB),
    'Most bytes on disk of lines that sinks refused; the oldest go, and are counted.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '30d').default(30 * DAY),
    'How long lines that sinks refused are kept.',
  ],
});

const selector = section<ContainerSelector>({
  names: [
    'names',
    texts('["web-*"]').optional(),
    'Names of containers; * stands for anything, ? for one character.',
  ],
  labels: [
    'labels',
    z.record(z.string(), anyText()).optional(),
    'Docker labels with patterns of their values.',
  ],
  images: ['images', texts('["nginx:*"]').optional(), 'Images, with or without the tag.'],
  composeProjects: ['compose_projects', texts('["shop"]').optional(), 'Projects of docker compose.'],
});

const docker = section<DockerSourceConfig>({
  type: ['type', z.literal('docker'), TYPE],
  endpoint: [
    'endpoint',
    address('an address, such as unix:///var/run/docker.sock').optional(),
    'Where the engine listens; default: found as the docker command finds it.',
  ],
  tls: ['tls', tls.optional(), 'For an engine behind TLS; default: as the docker command has it.'],
  transport: [
    'transport',
    oneOf('auto', 'file', 'api').default('auto'),
    "How lines are read: the engine's files, its API, or per container what is possible and cheapest.",
  ],
  startAt: [
    'start_at',
    startAt().default(DAY),
    'Where to begin in the logs of containers that were there before the first start.',
  ],
  maxHistoryBytes: [
    'max_history_bytes',
    size(0, '64MiB').default(64 * MIB),
    'Most bytes of such an old log that are read, per container; through the API only its age counts.',
  ],
  include: ['include', selector.optional(), 'Capture only containers that match every kind given here.'],
  exclude: ['exclude', selector.optional(), 'Leave out containers that match any kind given here.'],
  containerLabels: [
    'container_labels',
    z.record(z.string(), labelName()).default({}),
    'Docker labels that become stream labels, with the names that they get.',
  ],
  labelPreset: [
    'label_preset',
    oneOf('default', 'promtail', 'docker-driver').default('default'),
    "Names of the labels: our own, Promtail's, or those of Loki's Docker driver.",
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
  maxStreams: [
    'max_streams',
    whole(1, 10_000, 50).default(50),
    "Most logs that are read through the engine's API at once; more containers than that take turns, each about every 30 s.",
  ],
  streamMaxAgeMs: [
    'stream_max_age',
    duration(SECOND, '5m').default(5 * MINUTE),
    "After so long a stream of the engine's API is ended and the log is opened again, or another container has its turn; sooner while many wait.",
  ],
  livenessTimeoutMs: [
    'liveness_timeout',
    duration(5 * SECOND, '60s').default(MINUTE),
    'A running container that shows no sign of life for so long makes the source degraded; that it is quiet is no reason.',
  ],
});

const demo = section<DemoSourceConfig>({
  type: ['type', z.literal('demo'), TYPE],
  linesPerSecond: ['lines_per_second', whole(1, 1_000_000, 20).default(20), 'Over all containers together.'],
  containers: ['containers', whole(1, 1000, 4).default(4), 'How many containers to make up.'],
});

const stdin = section<StdinSourceConfig>({
  type: ['type', z.literal('stdin'), TYPE],
  container: [
    'container',
    text('a name, such as stdin').default('stdin'),
    'The label container of its lines.',
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
});

const match = (): Leaf<string> =>
  leaf(
    {
      accepts: `a selector of streams, such as '{env="prod"}'`,
      json: { type: 'string', pattern: '^\\s*\\{' },
    },
    (value) => {
      if (typeof value === 'object' && value !== null)
        throw new SyntaxError(
          `without quotes the braces are a section to YAML; put it in quotes: match: '{env="prod"}'`,
        );
      if (typeof value !== 'string') return undefined;
      compileMatch(value);
      return value;
    },
  );
const MATCH =
  'Only streams with such labels (see Stream labels); in quotes, because of the braces. Default: all.';

const file = section<FileSinkConfig>({
  type: ['type', z.literal('file'), TYPE],
  match: ['match', match().optional(), MATCH],
  directory: [
    'directory',
    path('a folder, such as ./data/logs'),
    'Where the files are written, one per container; it belongs to this sink alone, and may lie in data_dir but not around it.',
  ],
  format: ['format', oneOf('text', 'json').default('text'), 'What a line of a file looks like.'],
  maxBytes: [
    'max_bytes',
    size(64 * 1024, '100MiB').default(100 * MIB),
    'A file that would grow beyond this is closed and the next one begun.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '24h').optional(),
    'A file is closed this long after its first line.',
  ],
  maxFiles: [
    'max_files',
    whole(1, 100_000, 10).default(10),
    'Files kept per container, the live one included.',
  ],
  maxTotalBytes: [
    'max_total_bytes',
    size(MIB, '1GiB').default(GIB),
    'Most bytes of the whole directory; the oldest closed files go.',
  ],
  compress: ['compress', flag().default(true), 'Whether closed files are compressed with gzip.'],
});

const stdout = section<StdoutSinkConfig>({
  type: ['type', z.literal('stdout'), TYPE],
  match: ['match', match().optional(), MATCH],
});

// Loki's own rule for the name of a tenant.
const tenant = textLike(
  "a tenant: letters, digits and !-_.*'(), at most 150",
  "^[A-Za-z0-9!_.*'()-]{1,150}$",
);
const BASIC = 'For basic authentication';

const loki = section<LokiSinkConfig>({
  type: ['type', z.literal('loki'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: ['url', webAddress('http://127.0.0.1:3100'), 'Address of Loki, or of the whole push endpoint.'],
  tenant: ['tenant', tenant.optional(), 'Sent as X-Scope-OrgID.'],
  tenantLabel: [
    'tenant_label',
    labelName().optional(),
    'Label whose value is the tenant of a stream; streams without it go to tenant.',
  ],
  username: ['username', text('a name').optional(), `${BASIC}.`],
  password: ['password', password().optional(), `${BASIC}.`],
  bearerToken: ['bearer_token', token().optional(), 'Sent as Authorization: Bearer.'],
  tls: ['tls', tls.optional(), 'For https.'],
  proxyUrl: [
    'proxy_url',
    webAddress('http://127.0.0.1:3128').optional(),
    'Proxy on the way; default: by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  ],
  timeoutMs: ['timeout', duration(SECOND, '10s').default(10 * SECOND), 'For one request.'],
  batchWaitMs: [
    'batch_wait',
    duration(0, '1s').default(SECOND),
    'How long lines may wait for others, so that a request holds many of each stream.',
  ],
  batchBytes: [
    'batch_bytes',
    size(64 * 1024, '1MiB', 3 * MIB).default(MIB),
    'Most bytes of a request before compression; Loki refuses more than 4MiB.',
  ],
  maxLineBytes: [
    'max_line_bytes',
    size(1024, '256KiB', MIB).default(256 * 1024),
    "Longer lines are cut; Loki's max_line_size.",
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '7d').default(7 * DAY),
    "Older lines are rejected before they are sent; Loki's reject_old_samples_max_age.",
  ],
});

const webhook = section<WebhookConfig>({
  type: [
    'type',
    oneOf('slack', 'discord', 'ntfy', 'json'),
    'What is posted: the form of a service, or plain JSON.',
  ],
  url: ['url', secretAddress(), 'Where to; it is a secret. For ntfy: the address of the topic.'],
});

const query = (): Leaf<string> =>
  leaf(
    { accepts: `a query, such as '{container="web"} |= "timeout"'`, json: { type: 'string' } },
    (value) => {
      if (typeof value !== 'string') return undefined;
      parseQuery(value);
      return value;
    },
  );

const alert = section<AlertConfig>({
  query: ['query', query(), 'Which lines, as on the page; in quotes, because of the braces. "": every line.'],
  threshold: [
    'threshold',
    whole(1, MAX_THRESHOLD, 10).default(1),
    'So many lines within the window are too many.',
  ],
  windowMs: [
    'window',
    duration(SECOND, '60s', MAX_WINDOW_S * SECOND).default(MINUTE),
    'The time in which they come.',
  ],
  coolDownMs: [
    'cool_down',
    duration(MIN_COOL_DOWN_S * SECOND, '5m', MAX_COOL_DOWN_S * SECOND).default(5 * MINUTE),
    'So long after it fired it does not fire again.',
  ],
  webhook: ['webhook', webhook, 'Whom to tell.'],
  enabled: ['enabled', flag().default(true), 'Whether it is watched.'],
});

const source: z.ZodType<SourceConfig> = z.discriminatedUnion('type', [docker, demo, stdin]);
const sink: z.ZodType<SinkConfig> = z.discriminatedUnion('type', [file, loki, stdout]);

export const configSchema = section<GivenConfig>({
  dataDir: [
    'data_dir',
    path('a folder, such as ./data').optional(),
    'Where history and positions are kept; default: /data in the image, /var/lib/log-capturer as a service, else ./data.',
  ],
  logLevel: ['log_level', oneOf(...LOG_LEVELS).default('info'), "How much of the agent's own log is shown."],
  labels: ['labels', z.record(labelName(), anyText()).default({}), 'Labels on every stream, at most 10.'],
  server: ['server', server.prefault({}), 'The page and the API.'],
  metrics: ['metrics', metrics.prefault({}), 'Metrics for Prometheus.'],
  journal: ['journal', journal.prefault({}), 'The history, which is also the buffer for every sink.'],
  deadLetters: [
    'dead_letters',
    deadLetters.prefault({}),
    'Lines that a sink refuses for good: they are kept here, to be looked at and delivered again.',
  ],
  alerts: [
    'alerts',
    z.record(componentName(), alert).default({}),
    'Searches that tell somebody where too many lines match, by names of your choice; more can be made on the page.',
  ],
  sources: [
    'sources',
    z.record(componentName(), source),
    'Where lines come from, by names of your choice; default: the containers of this host.',
  ],
  sinks: [
    'sinks',
    z.record(componentName(), sink).default({}),
    'Where lines go beside the history, by names of your choice.',
  ],
});
