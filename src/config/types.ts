/**
 * The configuration as the program uses it: durations in milliseconds, sizes in bytes, paths absolute, every default
 * filled in. Sources and sinks may import this file of the configuration, and no other.
 */
import type { LogLevel } from '../telemetry/logger.js';
import type { ProcessorConfig } from './processor-types.js';

export interface Config {
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  /** On every stream. */
  readonly labels: Readonly<Record<string, string>>;
  readonly server: ServerConfig;
  readonly metrics: MetricsConfig;
  readonly journal: JournalConfig;
  readonly deadLetters: DeadLettersConfig;
  /** By name. */
  readonly alerts: Readonly<Record<string, AlertConfig>>;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly sinks: Readonly<Record<string, SinkConfig>>;
  /** In the order in which lines pass them. */
  readonly processors: readonly ProcessorConfig[];
}

export interface ServerConfig {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** `auto`: a token where others than this machine can reach the server, none on loopback. */
  readonly auth: 'auto' | 'token' | 'none';
  /** Secret. Undefined: one is made and kept in the data directory. */
  readonly token?: string;
  /** Names beside localhost, this host's name and IP addresses under which the server may be asked. */
  readonly allowedHosts: readonly string[];
  /** What all paths begin with, such as `/logs`; empty: nothing. */
  readonly basePath: string;
  /** Undefined: plain HTTP. */
  readonly tls?: ServerTlsConfig;
}

/** In PEM form. */
export interface ServerTlsConfig {
  /** With what is needed to trust it, from it upwards. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** Metrics on a port of their own, without a login, beside /metrics of the server. */
export interface MetricsConfig {
  readonly host: string;
  /** 0: no port of their own. */
  readonly port: number;
}

export interface JournalConfig {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Fraction of the filesystem. */
  readonly minFree: number;
  readonly syncIntervalMs: number;
}

/** Lines that a sink refuses for good. */
export interface DeadLettersConfig {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface AlertConfig {
  /** As the page has it, `{container="web"} |= "timeout"`; empty: every line. */
  readonly query: string;
  /** So many lines within the window. */
  readonly threshold: number;
  readonly windowMs: number;
  /** So long after it fired it does not fire again. */
  readonly coolDownMs: number;
  /** A message also when it is over. */
  readonly sendResolved: boolean;
  readonly webhook: WebhookConfig;
  readonly enabled: boolean;
}

export interface WebhookConfig {
  readonly type: 'slack' | 'discord' | 'ntfy' | 'json';
  /** Secret. */
  readonly url: string;
}

export type SourceConfig =
  | DockerSourceConfig
  | DemoSourceConfig
  | StdinSourceConfig
  | FileSourceConfig
  | JournaldSourceConfig
  | SyslogSourceConfig;

export interface DockerSourceConfig {
  readonly type: 'docker';
  /** `unix:///path`, `tcp://host:port`, `https://host:port` or a socket's path; undefined: found as the docker command finds it. */
  readonly endpoint?: string;
  /** For engines behind TLS; undefined: as the docker command has it. */
  readonly tls?: TlsConfig;
  /** `auto`: the json-file where it can be read, else the engine's API. */
  readonly transport: 'auto' | 'file' | 'api';
  /** Where to begin in the logs of containers older than the first sight of their engine; a number is an age. */
  readonly startAt: 'beginning' | 'end' | number;
  /** Most bytes of such an old log that are read, per container. */
  readonly maxHistoryBytes: number;
  /** Capture only containers that match every kind given here. */
  readonly include?: ContainerSelector;
  /** Leave out containers that match any kind given here. */
  readonly exclude?: ContainerSelector;
  /** Docker label → stream label. */
  readonly containerLabels: Readonly<Record<string, string>>;
  readonly labelPreset: LabelPreset;
  /** Longer lines are cut. */
  readonly maxLineBytes: number;
  /** Most logs that are read through the engine's API at once; more containers than that take turns. */
  readonly maxStreams: number;
  /** After so long a stream of the engine's API is ended and the log is opened again, or another container has its turn. */
  readonly streamMaxAgeMs: number;
  /** A running container whose log shows no sign of life for so long makes the source degraded. */
  readonly livenessTimeoutMs: number;
}

export type LabelPreset = 'default' | 'promtail' | 'docker-driver';

/** Globs (`*` any characters, `?` one). An empty list or record says nothing. */
export interface ContainerSelector {
  readonly names?: readonly string[];
  /** Docker label → glob on its value. Included: all of them match. Excluded: any of them does. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Tried on the whole reference and on the one without tag and digest. */
  readonly images?: readonly string[];
  readonly composeProjects?: readonly string[];
}

/** Log files of this machine. */
export interface FileSourceConfig {
  readonly type: 'file';
  /** Patterns of absolute paths (runtime/path-patterns.ts). */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** `plain`: every line is one; `cri`, `docker`: as runtimes of containers write. */
  readonly format: 'plain' | 'cri' | 'docker';
  /** Of plain files that do not begin with a mark of another one. */
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';
  /** Where to begin in files that were there at the first start; a number is an age. */
  readonly startAt: 'beginning' | 'end' | number;
  /** Most bytes of such a file that are read, where it is given by age. */
  readonly maxHistoryBytes: number;
  /** Longer lines are cut. */
  readonly maxLineBytes: number;
  /** On every stream of the source. */
  readonly labels: Readonly<Record<string, string>>;
  /** Read at the first start: where Promtail stopped. */
  readonly promtailPositions?: string;
}

export interface DemoSourceConfig {
  readonly type: 'demo';
  /** Over all containers together. */
  readonly linesPerSecond: number;
  readonly containers: number;
}

/** Lines from standard input; the agent stops when it ends and everything is delivered. */
export interface StdinSourceConfig {
  readonly type: 'stdin';
  /** The `container` label of its stream. */
  readonly container: string;
  readonly maxLineBytes: number;
}

/** The journal of systemd, read through journalctl. */
export interface JournaldSourceConfig {
  readonly type: 'journald';
  /** As `journalctl --unit` takes them; empty: all. */
  readonly units: readonly string[];
  /** `FIELD=value` or `+`, as journalctl takes them. */
  readonly matches: readonly string[];
  readonly directory?: string;
  readonly file?: string;
  /** Of entries, kept as structured metadata. */
  readonly fields: readonly string[];
  /** Where to begin when the journal is first read; a number is an age. */
  readonly startAt: 'beginning' | 'end' | number;
  readonly maxLineBytes: number;
}

/** Messages from other programs and machines. */
export interface SyslogSourceConfig {
  readonly type: 'syslog';
  readonly host: string;
  /** 0: none. */
  readonly tcpPort: number;
  /** 0: none. */
  readonly udpPort: number;
  /** On the TCP port. */
  readonly tls?: SyslogTlsConfig;
  readonly maxConnections: number;
  /** Undefined: connections may be quiet for ever. */
  readonly idleTimeoutMs?: number;
  readonly maxLineBytes: number;
  /** The message's own time where it is a whole one; else when it came. */
  readonly useMessageTime: boolean;
}

/** In PEM form. */
export interface SyslogTlsConfig extends ServerTlsConfig {
  /** Senders must show a certificate of one of these. */
  readonly clientCaFile?: string;
}

export type SinkConfig =
  | ElasticsearchSinkConfig
  | FileSinkConfig
  | HttpSinkConfig
  | LokiSinkConfig
  | OtlpSinkConfig
  | SplunkSinkConfig
  | StdoutSinkConfig
  | SyslogSinkConfig;

/** What every sink can be told. */
export interface CommonSinkConfig {
  /** A selector in Loki's form, `{env="prod"}`: only such streams. Undefined: all. */
  readonly match?: string;
}

export interface FileSinkConfig extends CommonSinkConfig {
  readonly type: 'file';
  /** Made when missing. What lies in it under the sink's names belongs to the sink. */
  readonly directory: string;
  readonly format: 'text' | 'json';
  /** A file that would grow beyond this is closed and the next one begun; a single delivery is never divided. */
  readonly maxBytes: number;
  /** A file is closed this long after its first line. */
  readonly maxAgeMs?: number;
  /** Per container, the live one included. */
  readonly maxFiles: number;
  /** The whole directory. */
  readonly maxTotalBytes: number;
  /** Closed files are compressed with gzip. */
  readonly compress: boolean;
}

/** JSON lines on standard output. */
export interface StdoutSinkConfig extends CommonSinkConfig {
  readonly type: 'stdout';
}

/** The way to a server over HTTP. */
export interface HttpWayConfig {
  /** User and password in it are secrets. */
  readonly url: string;
  readonly tls?: TlsConfig;
  /** `http://proxy:3128`; undefined: by HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly proxyUrl?: string;
  /** For one request. */
  readonly timeoutMs: number;
}

export interface LoginConfig {
  readonly username?: string;
  /** Secret. */
  readonly password?: string;
  /** Secret. */
  readonly bearerToken?: string;
}

export interface BatchConfig {
  /** How long lines may wait for others of their streams. */
  readonly batchWaitMs: number;
  /** Most raw bytes of a request. */
  readonly batchBytes: number;
}

export interface LokiSinkConfig extends CommonSinkConfig, HttpWayConfig, LoginConfig, BatchConfig {
  readonly type: 'loki';
  /** Of Loki, or of the whole push endpoint; user and password in it are secrets. */
  readonly url: string;
  /** X-Scope-OrgID. */
  readonly tenant?: string;
  /** The stream label whose value is the tenant; streams without it go to `tenant`. */
  readonly tenantLabel?: string;
  /** Fields of lines go out as structured metadata; else lines go without. */
  readonly structuredMetadata: boolean;
  /** Longer lines are cut, with a mark at the end; Loki's max_line_size. */
  readonly maxLineBytes: number;
  /** Older lines are rejected here; Loki's reject_old_samples_max_age. */
  readonly maxAgeMs: number;
}

/** Sinks that make requests of lines. */
export interface RequestSinkConfig extends CommonSinkConfig, HttpWayConfig, BatchConfig {
  /** Bodies are compressed. */
  readonly gzip: boolean;
}

/** Lines as JSON, one a line, to any server. */
export interface HttpSinkConfig extends RequestSinkConfig, LoginConfig {
  readonly type: 'http';
  /** Of every request; values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of lines go out; else lines go without. */
  readonly fields: boolean;
}

/** OpenTelemetry, OTLP/HTTP. */
export interface OtlpSinkConfig extends RequestSinkConfig, LoginConfig {
  readonly type: 'otlp';
  /** Of every request; values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Elasticsearch or OpenSearch. */
export interface ElasticsearchSinkConfig extends RequestSinkConfig, LoginConfig {
  readonly type: 'elasticsearch';
  /** Secret. */
  readonly apiKey?: string;
  /** Of a data stream, an index or an alias. */
  readonly index: string;
}

/** The HTTP Event Collector of Splunk. */
export interface SplunkSinkConfig extends RequestSinkConfig {
  readonly type: 'splunk';
  /** Secret. */
  readonly token: string;
  /** Undefined: that of the token. */
  readonly index?: string;
  readonly sourcetype?: string;
  /** Lines count as delivered when the indexers have acknowledged them. */
  readonly acknowledge: boolean;
  /** After so long without it they are sent again. */
  readonly acknowledgeTimeoutMs: number;
}

/** RFC 5424 over TCP. */
export interface SyslogSinkConfig extends CommonSinkConfig {
  readonly type: 'syslog';
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsConfig;
  /** 0 to 23. */
  readonly facility: number;
  /** Longer messages are cut, with a mark at the end. */
  readonly maxMessageBytes: number;
  /** For one delivery. */
  readonly timeoutMs: number;
  readonly batchWaitMs: number;
}

/** Files are read when the connection is made. */
export interface TlsConfig {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
}
