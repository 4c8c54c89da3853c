/**
 * From records to lines in a batch, by the same rules as for json-files (decode.ts there): a text of at least 16 KiB
 * without a newline is a piece of a line, a shorter one is its end; what is too long is cut with a mark. One writer for
 * all containers: who uses it flushes before the next one does.
 */
import { Batch, LineFlag } from '../../../pipeline/batch.js';
import { cutLine } from '../../../pipeline/cut-line.js';
import type { Carry } from '../json-file/carry.js';
import type { ReaderCounts } from '../json-file/types.js';

const ROWS = 4096;

/** Where the lines of one container go. */
export interface LineTarget {
  readonly counts: ReaderCounts;
  /** Lines that ended since the last push, counted where a record says so: not from the rows. */
  readonly ended: number;
  push(batch: Batch): void;
}

export class LineWriter {
  readonly maxLineBytes: number;
  readonly #rows = new Batch(Buffer.alloc(0), ROWS);
  readonly #single = new Batch(Buffer.alloc(0), 1);

  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  get isFull(): boolean {
    return this.#rows.isFull;
  }

  /** Adds the line buf[start .. end). All lines between two flushes stand in the same buffer. The caller has looked at `isFull`. */
  add(
    buf: Buffer,
    start: number,
    end: number,
    stream: number,
    seconds: number,
    nanos: number,
    flags: number,
    target: LineTarget,
  ): void {
    const rows = this.#rows;
    rows.arena = buf;
    if (end - start > this.maxLineBytes) {
      end = cutLine(buf, start, end - start, this.maxLineBytes);
      flags |= LineFlag.cut;
      target.counts.linesCut++;
    }
    rows.add(start, end, stream, seconds, nanos, flags);
  }

  flush(target: LineTarget): void {
    const rows = this.#rows;
    if (rows.length === 0 && target.ended === 0) return;
    target.push(rows);
    rows.reset();
  }

  /** Ends an open line and pushes what there is of it. The caller has flushed what was added before. */
  endOpenLine(carry: Carry<unknown>, stream: number, flags: number, target: LineTarget): void {
    const single = this.#single;
    const { buffer, bytes, seconds, nanos } = carry;
    let end = bytes;
    if (bytes > this.maxLineBytes) {
      end = cutLine(buffer, 0, bytes, this.maxLineBytes);
      flags |= LineFlag.cut;
      target.counts.linesCut++;
    }
    if (flags & LineFlag.incomplete) target.counts.incomplete++;
    single.reset();
    single.arena = buffer;
    single.add(0, end, stream, seconds, nanos, flags);
    carry.close();
    target.push(single);
    single.arena = buffer.subarray(0, 0);
  }
}
