/**
 * A stretch of a log that is read in order, over one or more files: from a place to the end of what is written (the
 * live span), or up to a place (a catch-up span).
 *
 * `marks` are the files that are still needed, oldest first; those before `current` only because a line that began in
 * them is open, or because nothing of a newer one has been read yet.
 */
import type { GapReason, SourceGap } from '../../../pipeline/gaps.js';
import type { LineTime } from '../../../pipeline/line-time.js';
import { Carry } from './carry.js';
import type { LogFile } from './log-file.js';
import type { EndPosition, FilePosition } from './position.js';

export interface Place {
  readonly file: LogFile;
  readonly offset: number;
}

/** A file, and from where on each stream's records in it are to be read. */
export interface Mark extends Place {
  /** Records of stdout before `out`, and of stderr before `err`, are done; `offset` is the lower of the two. */
  readonly out: number;
  readonly err: number;
  /** Why lines between the file before and this one are missing, if they are. */
  missingBefore?: GapReason | undefined;
}

export function markAt(file: LogFile, out: number, err: number): Mark {
  return { file, out, err, offset: Math.min(out, err) };
}

/** Lines that nobody will get, until the time of the first line after them is known. */
export type OpenGap = Omit<SourceGap, 'to'>;

export class Span {
  readonly marks: Mark[];
  /** The file that is being read, and the offset of the next record in it. */
  current: Mark;
  offset: number;
  readonly out = new Carry();
  readonly err = new Carry();
  /** Time of the last record, for records that have none. */
  seconds = 0;
  nanos = 0;
  end: Place | undefined;
  gap: OpenGap | undefined;
  /** In a record longer than any that is taken whole: the search for its newline has come this far. */
  searched = 0;
  /** What the last position says of the current file: the bytes before this offset, as LogFile.tailBefore has them. */
  #tailAt = -1;
  #tail: number | undefined;

  /** `marks` has at least one file. */
  constructor(marks: Mark[], end?: Place) {
    this.marks = marks;
    this.current = marks[0];
    this.offset = this.current.offset;
    this.end = end;
  }

  /** Time of the last record; undefined where none was read. */
  get lastTime(): LineTime | undefined {
    return this.seconds > 0 ? { seconds: this.seconds, nanos: this.nanos } : undefined;
  }

  get isInNewestFile(): boolean {
    return this.current === this.marks[this.marks.length - 1];
  }

  get hasOpenLine(): boolean {
    return this.out.isOpen || this.err.isOpen;
  }

  /** A catch-up span that was read to its end. */
  get isDone(): boolean {
    return this.end !== undefined && this.current.file === this.end.file && this.offset >= this.end.offset;
  }

  /** How many bytes may be read in the current file. */
  get bytesAllowed(): number {
    return this.end && this.end.file === this.current.file ? this.end.offset - this.offset : Infinity;
  }

  /** Bytes that were not read yet, as far as the sizes of the files are known. */
  get unreadBytes(): number {
    let bytes = 0;
    for (let i = this.marks.length - 1; i >= 0; i--) {
      const { file, offset } = this.marks[i];
      const end = this.end?.file === file ? this.end.offset : file.size;
      if (this.marks[i] === this.current) return bytes + Math.max(0, end - this.offset);
      bytes += Math.max(0, end - offset);
    }
    return bytes;
  }

  /** Whether what was read last still stands before `offset`, as far as that can be told. */
  get isContinued(): boolean {
    return this.#tailAt !== this.offset || this.current.file.tailBefore(this.offset) === this.#tail;
  }

  /** Goes on to the next file, which exists. */
  advance(): void {
    this.#tailAt = -1;
    this.current = this.marks[this.marks.indexOf(this.current) + 1];
    this.offset = this.current.offset;
    this.searched = 0;
  }

  /** The current file is not what it was: it is read on from `offset`. */
  restartFile(offset: number): void {
    this.#tailAt = -1;
    const mark = markAt(this.current.file, offset, offset);
    this.marks[this.marks.indexOf(this.current)] = mark;
    this.current = mark;
    this.offset = offset;
    this.searched = 0;
  }

  /** Lets go of files that no restart would need, and returns them. */
  trim(): LogFile[] {
    let first = this.marks.indexOf(this.current);
    if (this.offset === 0 && first > 0) first--;
    for (const carry of [this.out, this.err]) {
      if (carry.mark) first = Math.min(first, this.marks.indexOf(carry.mark));
    }
    return first > 0 ? this.marks.splice(0, first).map((mark) => mark.file) : [];
  }

  /** The state after everything read so far. Files of which nothing was read are left out, except the first. */
  filePositions(): FilePosition[] {
    return this.filesRead().map(({ position }) => position);
  }

  /** As `filePositions`, with the files. */
  filesRead(): { readonly file: LogFile; readonly position: FilePosition }[] {
    const files: { readonly file: LogFile; readonly position: FilePosition }[] = [];
    const current = this.marks.indexOf(this.current);
    for (let i = 0; i < this.marks.length; i++) {
      const out = this.#watermark(this.out, this.marks[i].out, i, current);
      const err = this.#watermark(this.err, this.marks[i].err, i, current);
      if (out === 0 && err === 0 && i > 0 && !this.#holdsOpenLine(i)) continue;
      const file = this.marks[i].file;
      const [length, crc] = file.fingerprint(i < current ? file.size : this.offset);
      const tail = i === current ? this.#takeTail(Math.max(out, err)) : undefined;
      const position: FilePosition =
        tail === undefined ? [length, crc, out, err] : [length, crc, out, err, tail];
      files.push({ file, position });
    }
    return files;
  }

  endPosition(): EndPosition | undefined {
    if (!this.end) return undefined;
    const [length, crc] = this.end.file.fingerprint(this.end.offset);
    return [length, crc, this.end.offset];
  }

  /** What a position says of the bytes before `offset` in the current file: somebody may have cut it short since. */
  knowTail(offset: number, tail: number | undefined): void {
    this.#tailAt = offset;
    this.#tail = tail;
  }

  #takeTail(offset: number): number | undefined {
    if (this.#tailAt === offset) return this.#tail;
    this.#tailAt = offset;
    this.#tail = this.current.file.tailBefore(offset);
    return this.#tail;
  }

  #watermark(carry: Carry, from: number, index: number, current: number): number {
    if (carry.mark) {
      const start = this.marks.indexOf(carry.mark);
      if (index === start) return carry.offset;
      if (index > start) return from;
    }
    if (index < current) return this.marks[index].file.size;
    return index > current ? from : Math.max(from, this.offset);
  }

  #holdsOpenLine(index: number): boolean {
    return this.out.mark === this.marks[index] || this.err.mark === this.marks[index];
  }
}
