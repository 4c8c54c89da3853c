/**
 * Looks inside a block: Loki's PushRequest in snappy's block format, decoded into columns, one row a line.
 *
 *   PushRequest   { repeated StreamAdapter streams = 1 }
 *   StreamAdapter { string labels = 1; repeated Entry entries = 2 }
 *   Entry         { Timestamp timestamp = 1 { int64 seconds = 1; int32 nanos = 2 }; string line = 2;
 *                   repeated LabelPair structuredMetadata = 3 }
 *
 * Pairs stay encoded (metadata.ts). Other fields are skipped. The columns are reused from block to block: no object or string per line.
 */
import { uncompressSync } from 'snappy';
import { doubled } from '../runtime/columns.js';
import { AgentError } from '../runtime/errors.js';

/**
 * The lines of one block: line i is data[start[i] .. end[i]), of the stream with the labels streams[stream[i]], its
 * structured metadata data[metadataStart[i] .. metadataEnd[i]).
 */
export class BlockLines {
  data: Buffer = Buffer.alloc(0);
  /** Label texts in the order of their appearance; blocks that were merged may name the same one twice. */
  streams: string[] = [];
  stream = new Uint32Array(1024);
  seconds = new Uint32Array(1024);
  nanos = new Uint32Array(1024);
  start = new Uint32Array(1024);
  end = new Uint32Array(1024);
  metadataStart = new Uint32Array(1024);
  metadataEnd = new Uint32Array(1024);
  length = 0;

  /** Doubles the columns. */
  grow(): void {
    this.stream = doubled(this.stream);
    this.seconds = doubled(this.seconds);
    this.nanos = doubled(this.nanos);
    this.start = doubled(this.start);
    this.end = doubled(this.end);
    this.metadataStart = doubled(this.metadataStart);
    this.metadataEnd = doubled(this.metadataEnd);
  }
}

/** Replaces the contents of `lines` with those of `payload`. Throws JOURNAL_DAMAGED on what is not a PushRequest. */
export function decodeBlock(payload: Buffer, lines: BlockLines): void {
  decodeLines(decompressBlock(payload), lines);
}

/** The PushRequest of a block, not decoded. Throws JOURNAL_DAMAGED. */
export function decompressBlock(payload: Buffer): Buffer {
  try {
    // Copied out: snappy's own allocation costs six times the decompression in page faults.
    return uncompressSync(payload, { copyOutputData: true }) as Buffer;
  } catch (cause) {
    throw new AgentError('JOURNAL_DAMAGED', 'A block of the journal cannot be decompressed.', { cause });
  }
}

/** Where a stream lies in a PushRequest: data[from .. to), as a field of it. */
export interface StreamPlace {
  readonly labels: string;
  readonly from: number;
  readonly to: number;
}

/** The streams of a PushRequest in their order; their lines are not looked at. Throws JOURNAL_DAMAGED on what is none. */
export function locateStreams(data: Buffer): StreamPlace[] {
  const places: StreamPlace[] = [];
  const walk = new Walk(data);
  while (walk.at < data.length) {
    const from = walk.at;
    if (walk.varint() === 0x0a) {
      const to = walk.enter();
      places.push({ labels: labelsIn(walk, to), from, to });
      walk.at = to;
    } else {
      walk.skip();
    }
  }
  return places;
}

/** Of the stream that ends at `end`; they stand before its lines in whatever we wrote. */
function labelsIn(walk: Walk, end: number): string {
  if (walk.at >= end || walk.varint() !== 0x0a) return '';
  return walk.text();
}

/** Replaces the contents of `lines` with those of a PushRequest. Throws JOURNAL_DAMAGED on what is none. */
export function decodeLines(data: Buffer, lines: BlockLines): void {
  lines.length = 0;
  lines.streams.length = 0;
  lines.data = data;
  const walk = new Walk(data);
  while (walk.at < lines.data.length) {
    if (walk.varint() === 0x0a) decodeStream(walk, walk.enter(), lines);
    else walk.skip();
  }
}

function decodeStream(walk: Walk, end: number, lines: BlockLines): void {
  const index = lines.streams.push('') - 1;
  while (walk.at < end) {
    const tag = walk.varint();
    if (tag === 0x12) {
      decodeEntry(walk, walk.enter(), index, lines);
    } else if (tag === 0x0a) {
      lines.streams[index] = walk.text();
    } else {
      walk.skip();
    }
  }
  walk.leave(end);
}

function decodeEntry(walk: Walk, end: number, stream: number, lines: BlockLines): void {
  const row = lines.length++;
  if (row === lines.stream.length) lines.grow();
  lines.stream[row] = stream;
  lines.seconds[row] = 0;
  lines.nanos[row] = 0;
  lines.start[row] = walk.at;
  lines.end[row] = walk.at;
  lines.metadataStart[row] = 0;
  lines.metadataEnd[row] = 0;
  while (walk.at < end) {
    const from = walk.at;
    const tag = walk.varint();
    if (tag === 0x12) {
      const to = walk.enter();
      lines.start[row] = walk.at;
      lines.end[row] = to;
      walk.at = to;
    } else if (tag === 0x0a) {
      const to = walk.enter();
      while (walk.at < to) {
        const field = walk.varint();
        if (field === 0x08) lines.seconds[row] = walk.varint();
        else if (field === 0x10) lines.nanos[row] = walk.varint();
        else walk.skip();
      }
      walk.leave(to);
    } else if (tag === 0x1a) {
      walk.at = walk.enter();
      // They lie together in whatever we wrote; of others' only those that do are taken.
      if (lines.metadataEnd[row] === 0) lines.metadataStart[row] = from;
      if (lines.metadataEnd[row] === 0 || lines.metadataEnd[row] === from) lines.metadataEnd[row] = walk.at;
    } else {
      walk.skip();
    }
  }
  walk.leave(end);
}

/** A place in protobuf bytes. `tag` above: field number << 3 | wire type, the field having been told by its caller. */
class Walk {
  at = 0;
  #tag = 0;
  readonly #data: Buffer;

  constructor(data: Buffer) {
    this.#data = data;
  }

  varint(): number {
    const data = this.#data;
    const first = data[this.at];
    if (first < 0x80) {
      this.at++;
      this.#tag = first;
      return first;
    }
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 0x80) {
      if (this.at >= data.length) throw malformed();
      const byte = data[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#tag = value;
        return value;
      }
    }
    throw malformed();
  }

  /** Reads a length and answers where what it counts ends. */
  enter(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.#data.length) throw malformed();
    return end;
  }

  /** Reads a text, with its length before it. */
  text(): string {
    const end = this.enter();
    const text = this.#data.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }

  /** Checks that what was entered ended where its length said. */
  leave(end: number): void {
    if (this.at !== end) throw malformed();
  }

  /** Passes over the field whose tag was just read. */
  skip(): void {
    switch (this.#tag % 8) {
      case 0:
        this.varint();
        break;
      case 1:
        this.at += 8;
        break;
      case 2:
        this.at = this.enter();
        break;
      case 5:
        this.at += 4;
        break;
      default:
        throw malformed();
    }
    if (this.at > this.#data.length) throw malformed();
  }
}

function malformed(): AgentError {
  return new AgentError('JOURNAL_DAMAGED', 'A block of the journal does not hold a PushRequest.');
}
