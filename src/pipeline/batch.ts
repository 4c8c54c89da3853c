/**
 * Lines on their way from a source to the journal: one arena of bytes and parallel columns, one row a line.
 *
 * There is no object, string or promise per line. A batch is owned by one stage at a time: whoever pushes it gets it
 * back, free to reset and reuse, when the call to `push` returns; nobody keeps a reference to the arena. Bytes outside
 * the rows are not the batch's: sources decode in place, and what follows may not be decoded yet. Nobody writes there.
 *
 *   arena   bytes; line i is arena[start[i] .. end[i]), without its newline
 *   stream  id of the line's stream (see streams.ts)
 *   seconds, nanos   the runtime's timestamp: seconds since 1970 and nanoseconds within
 *   flags   LineFlag bits
 *   metadata   structured metadata of the lines (see metadata.ts); undefined where none has any
 */
import { doubled } from '../runtime/columns.js';
import type { Metadata } from './metadata.js';

export const LineFlag = {
  /** The line was longer than the limit; its end was cut off and replaced by a mark. */
  cut: 1,
  /** The source's record could not be parsed; the line is the raw record. */
  malformed: 2,
  /** The rest of the line is missing: its file ended or vanished in the middle. */
  incomplete: 4,
} as const;

export class Batch {
  arena: Buffer;
  start: Uint32Array;
  end: Uint32Array;
  stream: Uint32Array;
  seconds: Uint32Array;
  nanos: Uint32Array;
  flags: Uint8Array;
  metadata: Metadata | undefined;
  length = 0;

  /** `capacity` in lines; the arena may be exchanged between uses. */
  constructor(arena: Buffer, capacity: number) {
    this.arena = arena;
    this.start = new Uint32Array(capacity);
    this.end = new Uint32Array(capacity);
    this.stream = new Uint32Array(capacity);
    this.seconds = new Uint32Array(capacity);
    this.nanos = new Uint32Array(capacity);
    this.flags = new Uint8Array(capacity);
  }

  get capacity(): number {
    return this.start.length;
  }

  get isFull(): boolean {
    return this.length === this.start.length;
  }

  /** Doubles the columns. */
  grow(): void {
    this.start = doubled(this.start);
    this.end = doubled(this.end);
    this.stream = doubled(this.stream);
    this.seconds = doubled(this.seconds);
    this.nanos = doubled(this.nanos);
    this.flags = doubled(this.flags);
    this.metadata?.grow();
  }

  /** The caller has checked `isFull`. */
  add(start: number, end: number, stream: number, seconds: number, nanos: number, flags: number): void {
    const row = this.length++;
    this.start[row] = start;
    this.end[row] = end;
    this.stream[row] = stream;
    this.seconds[row] = seconds;
    this.nanos[row] = nanos;
    this.flags[row] = flags;
    this.metadata?.clear(row);
  }

  reset(): void {
    this.length = 0;
  }
}
