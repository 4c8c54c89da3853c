/** What may be asked of the history. Every query in it was judged before: it can be parsed and compiled. */
import type { HistoryFile } from '../journal/types.js';
import type { LineTime } from '../pipeline/line-time.js';
import type { Direction, TimeRange } from './order.js';

/** The most that is ever shown of one line. */
export const MAX_LINE_BYTES = 4 * 1024 ** 2;

interface OfHistory {
  /** Oldest first. */
  readonly files: readonly HistoryFile[];
}

export interface SearchRequest extends OfHistory {
  readonly kind: 'search';
  readonly query: string;
  readonly range: TimeRange;
  readonly limit: number;
  readonly direction: Direction;
  /** Lines up to MAX_LINE_BYTES, not only as much as is shown. */
  readonly full: boolean;
}

export interface HistogramRequest extends OfHistory {
  readonly kind: 'histogram';
  readonly query: string;
  readonly range: TimeRange;
  readonly buckets: number;
}

export type DownloadFormat = 'text' | 'jsonl';

export interface DownloadRequest extends OfHistory {
  readonly kind: 'download';
  readonly query: string;
  readonly range: TimeRange;
  readonly format: DownloadFormat;
}

export interface ContextRequest extends OfHistory {
  readonly kind: 'context';
  readonly container: string;
  readonly time: LineTime;
  /** `stdout`, `stderr`, or undefined for whichever has a line of that time. */
  readonly stream: string | undefined;
  readonly before: number;
  readonly after: number;
  readonly full: boolean;
}

export interface LabelsRequest extends OfHistory {
  readonly kind: 'labels';
}

export type HistoryRequest =
  | SearchRequest
  | HistogramRequest
  | DownloadRequest
  | ContextRequest
  | LabelsRequest;

type WithoutFiles<R> = R extends HistoryRequest ? Omit<R, 'files'> : never;
/** As somebody asks: of the history as it is then. */
export type Question = WithoutFiles<HistoryRequest>;
