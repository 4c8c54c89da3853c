/**
 * The lines of one push while processors work on them: a batch with bytes of its own that may grow, so that a line can be
 * replaced, and rows come and go.
 *
 * - Bytes of the arena are never overwritten but through `reserve`: rows may share them. New bytes go behind `tail`.
 * - `arena` and the columns may be exchanged by whatever makes room (`reserve`, `append`, `addLine`, `insertFront`): read them again after it.
 * - Rows of one stream stay in their order.
 */
import { Batch } from './batch.js';
import { Metadata } from './metadata.js';

const ROWS = 1024;

export class Draft extends Batch {
  /** Bytes of the arena that are in use. */
  tail = 0;
  #metadata: Metadata | undefined;

  constructor() {
    super(Buffer.alloc(0), ROWS);
  }

  /** Replaces everything by the lines of `batch`, which stays as it is. */
  load(batch: Batch): void {
    this.clear();
    const { length } = batch;
    if (length === 0) return;
    while (this.capacity < length) this.grow();
    let low = batch.start[0];
    let high = batch.end[0];
    for (let row = 1; row < length; row++) {
      if (batch.start[row] < low) low = batch.start[row];
      if (batch.end[row] > high) high = batch.end[row];
    }
    this.reserve(high - low);
    batch.arena.copy(this.arena, 0, low, high);
    this.tail = high - low;
    for (let row = 0; row < length; row++) {
      this.start[row] = batch.start[row] - low;
      this.end[row] = batch.end[row] - low;
    }
    this.stream.set(batch.stream.subarray(0, length));
    this.seconds.set(batch.seconds.subarray(0, length));
    this.nanos.set(batch.nanos.subarray(0, length));
    this.flags.set(batch.flags.subarray(0, length));
    this.length = length;
    const { metadata } = batch;
    if (!metadata) return;
    const fields = this.fields();
    for (let row = 0; row < length; row++)
      fields.addEncoded(row, metadata.bytes, metadata.start[row], metadata.end[row]);
  }

  /** No rows, no bytes. */
  clear(): void {
    this.length = 0;
    this.tail = 0;
    this.metadata = undefined;
  }

  /** The metadata of the rows, made where there was none. */
  fields(): Metadata {
    if (this.metadata) return this.metadata;
    this.#metadata ??= new Metadata(this.capacity);
    while (this.#metadata.start.length < this.capacity) this.#metadata.grow();
    this.#metadata.reset();
    this.metadata = this.#metadata;
    return this.#metadata;
  }

  /** Room for `bytes` behind `tail`, where the caller writes; whoever wrote moves `tail`. Answers `tail`. */
  reserve(bytes: number): number {
    const room = this.tail + bytes;
    if (room > this.arena.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(room, this.arena.length * 2, 64 * 1024));
      this.arena.copy(larger, 0, 0, this.tail);
      this.arena = larger;
    }
    return this.tail;
  }

  /** Copies bytes behind `tail`, of any buffer, this arena too; answers where they begin. They end at `tail`. */
  append(source: Uint8Array, from: number, to: number): number {
    const isOwn = source === this.arena;
    const at = this.reserve(to - from);
    if (isOwn) this.arena.copyWithin(at, from, to);
    else this.arena.set(source.subarray(from, to), at);
    this.tail = at + to - from;
    return at;
  }

  /** The line of `row` is arena[start .. end) from now on. */
  setLine(row: number, start: number, end: number): void {
    this.start[row] = start;
    this.end[row] = end;
  }

  /** Adds a row at the end with a copy of the bytes; answers its number. */
  addLine(
    line: Uint8Array,
    stream: number,
    { seconds, nanos, flags }: { readonly seconds: number; readonly nanos: number; readonly flags: number },
  ): number {
    if (this.isFull) this.grow();
    const start = this.append(line, 0, line.length);
    this.add(start, this.tail, stream, seconds, nanos, flags);
    return this.length - 1;
  }

  /** Room for `rows` before the first one: the others move up, and the caller fills what is new. */
  insertFront(rows: number): void {
    const length = this.length + rows;
    while (this.capacity < length) this.grow();
    for (const column of [this.start, this.end, this.stream, this.seconds, this.nanos, this.flags])
      column.copyWithin(rows, 0, this.length);
    if (this.metadata) {
      this.metadata.start.copyWithin(rows, 0, this.length);
      this.metadata.end.copyWithin(rows, 0, this.length);
      for (let row = 0; row < rows; row++) this.metadata.clear(row);
    }
    this.length = length;
  }

  /** Row `to` becomes what row `from` is. */
  moveRow(from: number, to: number): void {
    if (from === to) return;
    this.start[to] = this.start[from];
    this.end[to] = this.end[from];
    this.stream[to] = this.stream[from];
    this.seconds[to] = this.seconds[from];
    this.nanos[to] = this.nanos[from];
    this.flags[to] = this.flags[from];
    this.metadata?.move(from, to);
  }

  /** Keeps the rows for which `keeps` answers true, in their order; answers how many went. */
  filter(keeps: (row: number) => boolean): number {
    let kept = 0;
    for (let row = 0; row < this.length; row++) if (keeps(row)) this.moveRow(row, kept++);
    const gone = this.length - kept;
    this.length = kept;
    return gone;
  }

  /** The line as text, for people and tests. */
  text(row: number): string {
    return this.arena.toString('utf8', this.start[row], this.end[row]);
  }
}
