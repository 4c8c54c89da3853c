/** Entries of `processors:` as the program uses them: durations in milliseconds, sizes in bytes, every default filled in. */

/** What every processor can be told. */
export interface CommonProcessorConfig {
  /** A selector in Loki's form, `{container="web"}`: only such streams. Undefined: all. */
  readonly match?: string;
}

/** What `redact` knows how to find by itself. */
export const REDACT_RULES = [
  'api_key',
  'aws',
  'azure',
  'basic',
  'bearer',
  'credentials',
  'credit_card',
  'email',
  'gcp',
  'github',
  'gitlab',
  'iban',
  'ip',
  'jwt',
  'npm',
  'private_key',
  'pypi',
  'slack',
  'stripe',
  'url_password',
] as const;
export type RedactRule = (typeof REDACT_RULES)[number];

export interface RedactProcessorConfig extends CommonProcessorConfig {
  readonly type: 'redact';
  readonly rules: readonly RedactRule[];
  readonly patterns: readonly RedactPattern[];
}

/** A rule of the user's own. */
export interface RedactPattern {
  readonly name: string;
  /** As src/regex has it; the whole match is replaced. */
  readonly pattern: string;
  /** Undefined: `[REDACTED:<name>]`. */
  readonly replace?: string;
}

export interface FilterProcessorConfig extends CommonProcessorConfig {
  readonly type: 'filter';
  /** Queries; none: everything is kept. */
  readonly keep: readonly string[];
  readonly drop: readonly string[];
}

export interface SampleProcessorConfig extends CommonProcessorConfig {
  readonly type: 'sample';
  /** Above 0, at most 1. */
  readonly rate: number;
}

export interface RateLimitProcessorConfig extends CommonProcessorConfig {
  readonly type: 'rate_limit';
  readonly linesPerSecond: number;
  /** Undefined: what comes in a second. */
  readonly burst?: number;
}

export interface DedupeProcessorConfig extends CommonProcessorConfig {
  readonly type: 'dedupe';
  readonly windowMs: number;
}

export interface LabelsProcessorConfig extends CommonProcessorConfig {
  readonly type: 'labels';
  readonly drop: readonly string[];
  /** New names by old ones. */
  readonly rename: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  /** Fields by the labels that they become. */
  readonly fromFields: Readonly<Record<string, string>>;
  readonly maxValues: number;
}

export interface MetricsProcessorConfig extends CommonProcessorConfig {
  readonly type: 'metrics';
  readonly metrics: readonly LineMetricConfig[];
}

export interface LineMetricConfig {
  /** Without its prefix. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram';
  readonly help: string;
  /** A query; undefined: all lines. */
  readonly where?: string;
  /** A field; undefined: lines are counted. */
  readonly value?: string;
  /** Fields, or labels of the stream. */
  readonly labels: readonly string[];
  /** Of a histogram. */
  readonly buckets: readonly number[];
}

/** How lines are written that `parse` reads. */
export const PARSE_FORMATS = [
  'auto',
  'json',
  'logfmt',
  'regex',
  'cri',
  'syslog',
  'clf',
  'combined',
  'klog',
] as const;

export interface ParseProcessorConfig extends CommonProcessorConfig {
  readonly type: 'parse';
  readonly format: (typeof PARSE_FORMATS)[number];
  /** Of format regex, which alone has one: as src/regex has it, with named groups. */
  readonly pattern?: string;
  /** Undefined: all. */
  readonly fields?: readonly string[];
  /** Its value becomes the line. Undefined: the line stays. */
  readonly messageField?: string;
}

export interface LevelProcessorConfig extends CommonProcessorConfig {
  readonly type: 'level';
  /** Of lines that tell none. Undefined: they have no level. */
  readonly default?: 'critical' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
}

export interface TimestampProcessorConfig extends CommonProcessorConfig {
  readonly type: 'timestamp';
  /** The first one that a line has tells its time. */
  readonly fields: readonly string[];
  /** Names, or strftime's notation; tried in this order. */
  readonly formats: readonly string[];
  /** IANA's name; of times that tell no zone. */
  readonly timezone: string;
  readonly tooOld: TimeLimitDeed;
  readonly maxBehindMs: number;
  readonly tooNew: TimeLimitDeed;
  readonly maxAheadMs: number;
}

/** What becomes of a time beyond the limit: it stays, it becomes the limit, or the runtime's stays. */
export type TimeLimitDeed = 'keep' | 'clamp' | 'refuse';

/** Whose stack traces `multiline` knows. */
export const MULTILINE_LANGUAGES = ['java', 'python', 'go', 'node', 'dotnet', 'ruby', 'php', 'rust'] as const;
export type MultilineLanguage = (typeof MULTILINE_LANGUAGES)[number];

export interface MultilineProcessorConfig extends CommonProcessorConfig {
  readonly type: 'multiline';
  /** Undefined: all. Not beside patterns. */
  readonly languages?: readonly MultilineLanguage[];
  /** Pattern of lines that begin an event. */
  readonly start?: string;
  /** Pattern of lines that belong to the one before. */
  readonly continues?: string;
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

export type ProcessorConfig =
  | DedupeProcessorConfig
  | FilterProcessorConfig
  | LabelsProcessorConfig
  | LevelProcessorConfig
  | MetricsProcessorConfig
  | MultilineProcessorConfig
  | ParseProcessorConfig
  | RateLimitProcessorConfig
  | RedactProcessorConfig
  | SampleProcessorConfig
  | TimestampProcessorConfig;
