/** Entries of `processors:` as the program uses them: durations in milliseconds, sizes in bytes, every default filled in. */

/** What every processor can be told. */
export interface CommonProcessorConfig {
  /** A selector in Loki's form, `{container="web"}`: only such streams. Undefined: all. */
  readonly match?: string;
}

export type ProcessorConfig = never;
