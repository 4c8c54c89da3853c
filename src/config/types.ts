/** The configuration as the program uses it: durations in milliseconds, sizes in bytes, every default filled in. */
import type { LogLevel } from '../telemetry/logger.js';

export interface Config {
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  /** On every stream. */
  readonly labels: Readonly<Record<string, string>>;
  readonly server: ServerConfig;
  readonly journal: JournalConfig;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly sinks: Readonly<Record<string, SinkConfig>>;
}

export interface ServerConfig {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface JournalConfig {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Fraction of the filesystem. */
  readonly minFree: number;
  readonly syncIntervalMs: number;
}

export type SourceConfig = DockerSourceConfig | DemoSourceConfig;

export interface DockerSourceConfig {
  readonly type: 'docker';
  readonly endpoint?: string;
  /** For containers that existed at the first start: a number is an age in milliseconds. */
  readonly startAt: 'beginning' | 'end' | number;
  readonly maxHistoryBytes: number;
  readonly include?: ContainerSelector;
  readonly exclude?: ContainerSelector;
  /** Docker label -> stream label. */
  readonly containerLabels: Readonly<Record<string, string>>;
  readonly maxLineBytes: number;
}

/** Names and images are globs. */
export interface ContainerSelector {
  readonly names?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly images?: readonly string[];
  readonly composeProjects?: readonly string[];
}

export interface DemoSourceConfig {
  readonly type: 'demo';
  /** Over all containers together. */
  readonly linesPerSecond: number;
  readonly containers: number;
}

export type SinkConfig = FileSinkConfig;

export interface FileSinkConfig {
  readonly type: 'file';
  /** Absolute. */
  readonly directory: string;
  readonly format: 'text' | 'json';
  /** Per file. */
  readonly maxBytes: number;
  readonly maxAgeMs?: number;
  /** Per container. */
  readonly maxFiles: number;
  /** The whole directory. */
  readonly maxTotalBytes: number;
  readonly compress: boolean;
}
