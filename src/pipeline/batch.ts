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
 */
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
  readonly capacity: number;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly stream: Uint32Array;
  readonly seconds: Uint32Array;
  readonly nanos: Uint32Array;
  readonly flags: Uint8Array;
  length = 0;

  /** `capacity` in lines; the arena may be exchanged between uses. */
  constructor(arena: Buffer, capacity: number) {
    this.arena = arena;
    this.capacity = capacity;
    this.start = new Uint32Array(capacity);
    this.end = new Uint32Array(capacity);
    this.stream = new Uint32Array(capacity);
    this.seconds = new Uint32Array(capacity);
    this.nanos = new Uint32Array(capacity);
    this.flags = new Uint8Array(capacity);
  }

  get isFull(): boolean {
    return this.length === this.capacity;
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
  }

  reset(): void {
    this.length = 0;
  }
}
