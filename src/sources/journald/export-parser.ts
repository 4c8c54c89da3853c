/**
 * What `journalctl --output=export` writes, over bytes, in chunks of any size:
 *
 *   entry   field … LF
 *   field   NAME=VALUE LF                                 a value of one line
 *           NAME LF LENGTH VALUE LF                       any other; LENGTH is 8 bytes, little endian
 *
 * - Of the fields that are wanted the values are kept, each at most `maxValueBytes`; `bytes` says how long it was. All
 *   others are passed over without being kept, so that is what the parser holds at most.
 * - A field that comes twice counts once: the first one stays.
 * - A name that cannot be one ends at its newline and is passed over: the entry goes on behind it.
 * - An entry that is not complete when the input ends is none.
 */
const [LF, EQUALS] = Buffer.from('\n=');
/** journald's own limit is 64. */
const MAX_NAME_BYTES = 128;
const LENGTH_BYTES = 8;
const FIRST_BYTES = 4096;
/** More than that is not kept for the next entry. */
const KEPT_BYTES = 64 * 1024;

type State = 'name' | 'text' | 'length' | 'binary' | 'end' | 'lost';

/** The entry at hand. The value of wanted field i is data[start[i] .. end[i]); start[i] is -1, and end[i] 0, where it has none. */
export interface Entry {
  readonly data: Buffer;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** How long each value was. */
  readonly bytes: Float64Array;
}

export class ExportParser implements Entry {
  data = Buffer.allocUnsafe(FIRST_BYTES);
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly bytes: Float64Array;
  readonly #wanted: readonly Buffer[];
  readonly #maxValueBytes: number;
  readonly #onEntry: (entry: Entry) => void;
  #tail = 0;
  #state: State = 'name';
  /** The name, or the length, as far as it came. */
  readonly #head = Buffer.alloc(MAX_NAME_BYTES);
  #headBytes = 0;
  /** The wanted field that the value is of; -1: of none. */
  #field = -1;
  #missing = 0;
  #hasFields = false;

  /** `onEntry` is called with each entry, which is the parser's, and is used again. */
  constructor(wanted: readonly string[], maxValueBytes: number, onEntry: (entry: Entry) => void) {
    this.#wanted = wanted.map((name) => Buffer.from(name, 'latin1'));
    this.start = new Int32Array(wanted.length).fill(-1);
    this.end = new Int32Array(wanted.length);
    this.bytes = new Float64Array(wanted.length);
    this.#maxValueBytes = maxValueBytes;
    this.#onEntry = onEntry;
  }

  /** Bytes that are kept of the entry that was begun. */
  get heldBytes(): number {
    return this.#tail;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case 'name':
          at = this.#name(chunk, at);
          break;
        case 'text':
          at = this.#text(chunk, at);
          break;
        case 'length':
          at = this.#length(chunk, at);
          break;
        case 'binary':
          at = this.#binary(chunk, at);
          break;
        case 'end':
          // A newline, where the format is kept to.
          this.#state = 'name';
          if (chunk[at] === LF) at++;
          break;
        default:
          at = this.#pastLine(chunk, at);
      }
    }
  }

  #name(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && chunk[at] !== EQUALS && chunk[at] !== LF) at++;
    const bytes = at - from;
    if (this.#headBytes + bytes > MAX_NAME_BYTES) {
      this.#state = 'lost';
      this.#headBytes = 0;
      return at;
    }
    chunk.copy(this.#head, this.#headBytes, from, at);
    this.#headBytes += bytes;
    if (at === chunk.length) return at;
    if (this.#headBytes === 0 && chunk[at] === LF) this.#endEntry();
    else {
      this.#begin(chunk[at] === EQUALS ? 'text' : 'length');
    }
    return at + 1;
  }

  #begin(state: State): void {
    this.#field = this.#fieldOf();
    this.#headBytes = 0;
    this.#hasFields = true;
    this.#state = state;
    if (this.#field < 0) return;
    this.start[this.#field] = this.#tail;
    this.end[this.#field] = this.#tail;
    this.bytes[this.#field] = 0;
  }

  #text(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(LF, from);
    const to = newline < 0 ? chunk.length : newline;
    this.#keep(chunk, from, to);
    if (newline < 0) return to;
    this.#state = 'name';
    return to + 1;
  }

  #length(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + LENGTH_BYTES - this.#headBytes);
    chunk.copy(this.#head, this.#headBytes, from, to);
    this.#headBytes += to - from;
    if (this.#headBytes < LENGTH_BYTES) return to;
    this.#headBytes = 0;
    this.#missing = this.#head.readUInt32LE(0) + this.#head.readUInt32LE(4) * 2 ** 32;
    this.#state = this.#missing > 0 ? 'binary' : 'end';
    return to;
  }

  #binary(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.#missing);
    this.#keep(chunk, from, to);
    this.#missing -= to - from;
    if (this.#missing === 0) this.#state = 'end';
    return to;
  }

  #pastLine(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(LF, from);
    if (newline < 0) return chunk.length;
    this.#state = 'name';
    return newline + 1;
  }

  /** Which wanted field the name in `head` is, where the entry does not have it yet; else -1. */
  #fieldOf(): number {
    const length = this.#headBytes;
    for (let i = 0; i < this.#wanted.length; i++) {
      const name = this.#wanted[i];
      if (name.length === length && this.start[i] < 0 && name.compare(this.#head, 0, length) === 0) return i;
    }
    return -1;
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const field = this.#field;
    if (field < 0) return;
    const room = this.#maxValueBytes - (this.end[field] - this.start[field]);
    const more = Math.min(to - from, room);
    this.bytes[field] += to - from;
    if (more <= 0) return;
    if (this.#tail + more > this.data.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#tail + more, this.data.length * 2));
      this.data.copy(larger, 0, 0, this.#tail);
      this.data = larger;
    }
    chunk.copy(this.data, this.#tail, from, from + more);
    this.#tail += more;
    this.end[field] = this.#tail;
  }

  #endEntry(): void {
    if (this.#hasFields) this.#onEntry(this);
    this.#hasFields = false;
    this.start.fill(-1);
    this.end.fill(0);
    this.#tail = 0;
    if (this.data.length > KEPT_BYTES) this.data = Buffer.allocUnsafe(FIRST_BYTES);
  }
}
