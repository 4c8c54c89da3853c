/** What the json-file readers are given, and what they tell. */
import type { Pipeline } from '../../../pipeline/contract.js';
import type { Labels, Tuning } from '../../../pipeline/streams.js';
import type { Logger } from '../../../runtime/log.js';

/** What is read of containers that were there at the first start of this data directory. */
export type StartAt =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'end' }
  | { readonly kind: 'age'; readonly ageMs: number };

export interface JsonFileOptions {
  readonly pipeline: Pipeline;
  readonly log: Logger;
  readonly startAt: StartAt;
  readonly onNotice: (notice: Notice) => void;
  /** Longer lines are cut; at least 1 KiB. Default 512 KiB. */
  readonly maxLineBytes?: number;
  /** With `startAt` an age: at most so much of each container. Default 64 MiB. */
  readonly maxHistoryBytes?: number;
  /** The label whose value is `stdout` or `stderr`. Default `stream`. */
  readonly outputLabel?: string;
}

export interface ContainerLog {
  readonly id: string;
  readonly path: string;
  /** Without the output label. Undefined: not known yet; the file is opened and held, nothing is pushed until `setLabels`. */
  readonly labels: Labels | undefined;
  /** How the container wants its lines treated; known as soon as its labels are. */
  readonly tuning?: Tuning | undefined;
  /** Whether `startAt` applies where there is no position. */
  readonly existedAtFirstStart: boolean;
  /** The log options `max-size`, in bytes, and `max-file`, where they are known and set. */
  readonly maxSizeBytes?: number;
  readonly maxFiles?: number;
  /** As inspect told them; undefined where nobody did. */
  readonly tty?: boolean;
  readonly driver?: string;
  /** Another name of the log, good for the time of the call only: opened where `path` is gone already. */
  readonly heldPath?: string;
}

/** What people should hear of, besides gaps. */
export type Notice =
  /** `startAt` left out older lines. */
  | { readonly kind: 'history-skipped'; readonly id: string; readonly bytes: number }
  /** The agent may not read the file; or (API) the engine cannot read what the logging driver wrote, and `path` is empty. */
  | { readonly kind: 'unreadable'; readonly id: string; readonly path: string }
  /** The container does not run, and all that it wrote was read. */
  | { readonly kind: 'drained'; readonly id: string }
  /** The file was cut short by somebody. */
  | { readonly kind: 'truncated'; readonly id: string; readonly path: string }
  /** (API) A stream came to its age and is gone; `rotations` counts the container's. */
  | {
      readonly kind: 'rotated';
      readonly id: string;
      readonly rotations: number;
      readonly ageSeconds: number;
    }
  /** `finish` is done: read to the end, position forgotten. The last figures. */
  | { readonly kind: 'finished'; readonly id: string; readonly stats: ReaderStats };

export interface ReaderCounts {
  bytesRead: number;
  linesRead: number;
  /** (API) Lines that the engine had left out, and that were delivered behind later ones. */
  linesLate: number;
  linesCut: number;
  /** Records that were none: kept as raw lines, except blocks of NUL bytes and empty records. */
  malformed: number;
  /** Lines whose end never came. */
  incomplete: number;
  skippedHistoryBytes: number;
  /** Times that a file was replaced by the next one; of the API, that a stream came to its age. */
  rotations: number;
  /** Requests for the log at the engine's API. */
  requests: number;
}

export interface ReaderStats extends Readonly<ReaderCounts> {
  /** `waiting`: for the log or for its labels. `queued`: for its turn at the engine's API. */
  readonly state: 'waiting' | 'queued' | 'live' | 'catching-up' | 'finished';
  readonly unreadBytes: number;
  readonly heldFiles: number;
}
