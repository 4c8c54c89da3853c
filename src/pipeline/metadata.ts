/**
 * Structured metadata of the lines of a batch: pairs of name and value, kept as they stand in an Entry of Loki's
 * PushRequest, so that they are encoded once and never taken apart on the way.
 *
 *   Entry { …; repeated LabelPair structuredMetadata = 3 }        LabelPair { string name = 1; string value = 2 }
 *
 * The pairs of row i are bytes[start[i] .. end[i]). Names are given encoded (`fieldName`), values as bytes of any buffer;
 * names and values are UTF-8, which whoever adds them sees to. A row's pairs lie together: adding to one that is not the
 * last copies it behind the others.
 */
import { doubled } from '../runtime/columns.js';
import { putVarint, varintBytes } from './protobuf.js';

const PAIR = 0x1a;
const NAME = 0x0a;
const VALUE = 0x12;

/** The name of a field, ready to be looked for and to be added. */
export type FieldName = Buffer & { readonly __name?: never };

/** `text` as it stands in a pair: tag, length, bytes. */
export function fieldName(text: string): FieldName {
  const bytes = Buffer.from(text);
  return encodedName(bytes, 0, bytes.length);
}

function encodedName(text: Uint8Array, from: number, to: number): FieldName {
  const length = to - from;
  const bytes = Buffer.alloc(1 + varintBytes(length) + length);
  bytes[0] = NAME;
  bytes.set(text.subarray(from, to), putVarint(bytes, 1, length));
  return bytes;
}

/** Finds fields in encoded pairs wherever they lie: of a batch, of a block. */
export class FieldFinder {
  /** Where the value that was found or read last is. */
  start = 0;
  end = 0;
  /** Where the name that was read last is. */
  nameStart = 0;
  nameEnd = 0;
  #pair = 0;
  #at = 0;

  /** Reads the pair at `at`; answers where the next one is. */
  read(pairs: Buffer, at: number): number {
    const next = this.#enter(pairs, at);
    this.#pair = this.#at;
    this.nameEnd = this.#enter(pairs, this.#pair);
    this.nameStart = this.#at;
    this.end = this.#enter(pairs, this.nameEnd);
    this.start = this.#at;
    return next;
  }

  /** True where pairs[from .. to) have a field of that name: its first value is pairs[start .. end). */
  find(pairs: Buffer, from: number, to: number, name: FieldName): boolean {
    for (let at = from; at < to; ) {
      const next = this.#enter(pairs, at);
      const pair = this.#at;
      if (isAt(pairs, pair, name)) {
        this.end = this.#enter(pairs, pair + name.length);
        this.start = this.#at;
        return true;
      }
      at = next;
    }
    return false;
  }

  /** Whether the pair that was read last has this name. */
  isNamed(pairs: Buffer, name: FieldName): boolean {
    return isAt(pairs, this.#pair, name);
  }

  /** Passes a tag and a length; answers where what it counts ends, and leaves where it begins in `#at`. */
  #enter(pairs: Buffer, from: number): number {
    let at = from + 1;
    let length = pairs[at++];
    if (length >= 0x80) {
      length &= 0x7f;
      for (let scale = 0x80; ; scale *= 0x80) {
        const byte = pairs[at++];
        length += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
      }
    }
    this.#at = at;
    return at + length;
  }
}

export class Metadata {
  bytes: Buffer;
  start: Uint32Array;
  end: Uint32Array;
  /** Bytes in use. */
  tail = 0;
  /** Where the last value that was found is: bytes[valueStart .. valueEnd). */
  valueStart = 0;
  valueEnd = 0;
  readonly #finder = new FieldFinder();

  /** `rows` is the batch's capacity. */
  constructor(rows: number, bytes = 4096) {
    this.bytes = Buffer.allocUnsafe(bytes);
    this.start = new Uint32Array(rows);
    this.end = new Uint32Array(rows);
  }

  /** No row has any. */
  reset(): void {
    this.tail = 0;
    this.start.fill(0);
    this.end.fill(0);
  }

  grow(): void {
    this.start = doubled(this.start);
    this.end = doubled(this.end);
  }

  has(row: number): boolean {
    return this.end[row] > this.start[row];
  }

  clear(row: number): void {
    this.start[row] = 0;
    this.end[row] = 0;
  }

  /** Adds a pair; one of the same name that is there already stays. */
  add(row: number, name: FieldName, value: Uint8Array, from: number, to: number): void {
    const length = to - from;
    const pair = name.length + 1 + varintBytes(length) + length;
    this.#gatherAtTail(row, 1 + varintBytes(pair) + pair);
    let at = this.tail;
    this.bytes[at++] = PAIR;
    at = putVarint(this.bytes, at, pair);
    this.bytes.set(name, at);
    at += name.length;
    this.bytes[at++] = VALUE;
    at = putVarint(this.bytes, at, length);
    if (length < 32) for (let i = from; i < to; i++) this.bytes[at++] = value[i];
    else {
      this.bytes.set(value.subarray(from, to), at);
      at += length;
    }
    this.tail = at;
    this.end[row] = at;
  }

  addText(row: number, name: FieldName, value: string): void {
    const bytes = Buffer.from(value);
    this.add(row, name, bytes, 0, bytes.length);
  }

  /** Adds pairs as they are encoded: bytes[from .. to) of what another Metadata or an Entry holds. */
  addEncoded(row: number, pairs: Uint8Array, from: number, to: number): void {
    if (to <= from) return;
    this.#gatherAtTail(row, to - from);
    this.bytes.set(pairs.subarray(from, to), this.tail);
    this.tail += to - from;
    this.end[row] = this.tail;
  }

  /** True where the row has a field of that name: its first value is at `valueStart`, `valueEnd`. */
  find(row: number, name: FieldName): boolean {
    const finder = this.#finder;
    if (!finder.find(this.bytes, this.start[row], this.end[row], name)) return false;
    this.valueStart = finder.start;
    this.valueEnd = finder.end;
    return true;
  }

  /** The value of a field as text; undefined where the row has none. */
  text(row: number, name: FieldName): string | undefined {
    return this.find(row, name) ? this.bytes.toString('utf8', this.valueStart, this.valueEnd) : undefined;
  }

  /** Takes the fields of that name away. */
  remove(row: number, name: FieldName): void {
    const from = this.start[row];
    const end = this.end[row];
    let to = from;
    for (let at = from; at < end; ) {
      const next = this.#finder.read(this.bytes, at);
      if (!this.#finder.isNamed(this.bytes, name)) {
        if (to !== at) this.bytes.copyWithin(to, at, next);
        to += next - at;
      }
      at = next;
    }
    this.end[row] = to;
  }

  /**
   * Asks for each value of a row what takes its place; undefined: it stays. Names are bytes[nameStart .. nameEnd), values
   * bytes[from .. to), and what is answered is copied.
   */
  replaceValues(
    row: number,
    replacement: (
      bytes: Buffer,
      nameStart: number,
      nameEnd: number,
      from: number,
      to: number,
    ) => Uint8Array | undefined,
  ): void {
    const { bytes } = this;
    const finder = this.#finder;
    const start = this.start[row];
    const end = this.end[row];
    let isAnew = false;
    for (let at = start; at < end; ) {
      const next = finder.read(bytes, at);
      const { nameStart, nameEnd } = finder;
      const value = replacement(bytes, nameStart, nameEnd, finder.start, finder.end);
      if (value && !isAnew) {
        isAnew = true;
        this.clear(row);
        this.addEncoded(row, bytes, start, at);
      }
      if (value) this.add(row, encodedName(bytes, nameStart, nameEnd), value, 0, value.length);
      else if (isAnew) this.addEncoded(row, bytes, at, next);
      at = next;
    }
  }

  /** All fields of a row in their order, for people and tests. */
  pairs(row: number): [name: string, value: string][] {
    return pairsIn(this.bytes, this.start[row], this.end[row]);
  }

  move(from: number, to: number): void {
    this.start[to] = this.start[from];
    this.end[to] = this.end[from];
  }

  /** Makes room for `more` bytes right behind the row's pairs, which are the last then. */
  #gatherAtTail(row: number, more: number): void {
    const from = this.start[row];
    const length = this.end[row] - from;
    const isLast = length > 0 && this.end[row] === this.tail;
    const room = this.tail + more + (isLast ? 0 : length);
    if (room > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(room, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.tail);
      this.bytes = larger;
    }
    if (isLast) return;
    if (length > 0) this.bytes.copyWithin(this.tail, from, from + length);
    this.start[row] = this.tail;
    this.tail += length;
    this.end[row] = this.tail;
  }
}

/** The fields of encoded pairs, in their order. Bytes that are not UTF-8 come as they decode. */
export function pairsIn(bytes: Buffer, from: number, to: number): [name: string, value: string][] {
  const finder = new FieldFinder();
  const found: [string, string][] = [];
  for (let at = from; at < to; ) {
    at = finder.read(bytes, at);
    found.push([
      bytes.toString('utf8', finder.nameStart, finder.nameEnd),
      bytes.toString('utf8', finder.start, finder.end),
    ]);
  }
  return found;
}

/** The same by name; undefined where there are none. Of two of one name the first counts. */
export function fieldsIn(
  bytes: Buffer,
  from: number,
  to: number,
): Readonly<Record<string, string>> | undefined {
  if (from >= to) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of pairsIn(bytes, from, to)) if (!found.has(name)) found.set(name, value);
  return Object.fromEntries(found);
}

function isAt(bytes: Buffer, at: number, name: FieldName): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}
