/** What the worker gives each of its jobs. */
import type { Span } from '../journal/span.js';
import type { Archive } from './archive.js';
import type { Room } from './candidates.js';

export interface JobContext {
  readonly archive: Archive;
  /** Where the lines of the segment at `base` are in time, which was not known. */
  readonly onSpan: (base: number, span: Span) => void;
  /** For lines of one search whose turn has not come. */
  readonly room: Room;
  /** Whoever asks does not want more, or the agent is stopping: what is left is left. */
  isStopping(): boolean;
}

/**
 * One job: what it answers, piece by piece. After each block at the latest it gives something, if only `undefined`, so
 * that others can have their turn. Fails where it cannot go on.
 */
export type Job = AsyncGenerator<string | Buffer | undefined, void>;
