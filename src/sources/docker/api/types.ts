/** What the readers through the engine's API are given, and what they tell. */
import type { JsonFileOptions, ReaderStats } from '../json-file/types.js';

/** `maxHistoryBytes` has no meaning here: the engine does not tell how much a log holds. */
export interface ApiOptions extends JsonFileOptions {
  /** How long a stream may be silent before it is looked whether the log went on, in milliseconds. Default 60 s. */
  readonly stallMs?: number;
  /** Most streams at once. */
  readonly maxStreams: number;
  /** After so long a stream is ended: another one goes on, or another container has its turn. */
  readonly streamMaxAgeMs: number;
}

export interface ApiReaderStats extends ReaderStats {
  /** Records that the engine served twice, and that were taken once. */
  readonly repeated: number;
  /** Times that a stream was silent although the log went on. */
  readonly stalls: number;
}
