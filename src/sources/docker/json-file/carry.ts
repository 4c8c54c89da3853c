/**
 * The pieces of one line that is not complete yet. Holds at most the limit of a line; what is beyond is only counted.
 * The buffer exists only while a line is open: a thousand quiet containers hold none.
 */
import type { Mark } from './span.js';

const SMALLEST = 32 * 1024;

/** `Origin` says where a line began. */
export class Carry<Origin = Mark> {
  /** Where the first piece's record is; undefined while no line is open. */
  mark: Origin | undefined;
  offset = 0;
  seconds = 0;
  nanos = 0;
  /** The line's head, and how many bytes it has in all. */
  buffer: Buffer = Buffer.alloc(0);
  bytes = 0;

  get isOpen(): boolean {
    return this.mark !== undefined;
  }

  /** Begins a line: its place in the log, and the time that it carries. */
  open(mark: Origin, offset: number, seconds: number, nanos: number): void {
    this.mark = mark;
    this.offset = offset;
    this.seconds = seconds;
    this.nanos = nanos;
  }

  append(from: Buffer, start: number, end: number, limit: number): void {
    const room = Math.min(end - start, limit - this.bytes);
    if (room > 0) {
      this.#grow(this.bytes + room, limit);
      from.copy(this.buffer, this.bytes, start, start + room);
    }
    this.bytes += end - start;
  }

  close(): void {
    this.mark = undefined;
    this.bytes = 0;
    this.buffer = Buffer.alloc(0);
  }

  #grow(needed: number, limit: number): void {
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(SMALLEST, needed, this.buffer.length * 2)));
    this.buffer.copy(larger, 0, 0, this.bytes);
    this.buffer = larger;
  }
}
