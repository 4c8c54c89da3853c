/**
 * The block in the making of one lane and one route class: entries encoded in its region of the builder's slab.
 *
 * Neighbours of one stream are a run, slab[from .. to); the runs of a stream are linked (`next`), so that sealing can
 * gather them by stream, each stream's lines in the order of their coming.
 */
import type { BlockStream, SourceRange } from '../pipeline/contract.js';
import { entryBytes, putEntryHead, putStreamHeader, STREAM_HEADER_BYTES } from '../pipeline/protobuf.js';
import type { Stream } from '../pipeline/streams.js';
import { doubled } from '../runtime/columns.js';

/** The most raw bytes of a block of more than one line. */
export const BLOCK_BYTES = 256 * 1024;
const NO_RUN = -1;

/** What a block's directory says of it. */
export interface BlockSummary {
  readonly lane: number;
  readonly route: number;
  readonly lines: number;
  /** Bytes of the longest line. */
  readonly longestLine: number;
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly streams: readonly BlockStream[];
  readonly origins: readonly SourceRange[];
}

/** A stream's share of the block. */
interface Part {
  readonly stream: Stream;
  readonly labelBytes: number;
  bytes: number;
  lines: number;
  firstRun: number;
  lastRun: number;
}

export class Staging {
  lane = 0;
  route = 0;
  readonly #base: number;
  readonly #parts = new Map<number, Part>();
  #runFrom = new Uint32Array(256);
  #runTo = new Uint32Array(256);
  #runNext = new Int32Array(256);
  #runs = 0;
  #tail: number;
  #size = 0;
  #lines = 0;
  #longest = 0;
  #first = 0;
  #last = 0;
  #part: Part | undefined;
  #origins: SourceRange[] = [];
  #origin: SourceRange | undefined;

  /** Owns slab[base .. base + BLOCK_BYTES). */
  constructor(base: number) {
    this.#base = base;
    this.#tail = base;
  }

  /** The lines from here on are of this lane and route class; there are none yet. */
  begin(lane: number, route: number): void {
    this.lane = lane;
    this.route = route;
  }

  /** Raw bytes that the block will have at most. */
  get size(): number {
    return this.#size;
  }

  get lines(): number {
    return this.#lines;
  }

  /** The following lines are of `stream`. */
  turnTo(stream: Stream, origin: SourceRange): void {
    if (origin !== this.#origin) this.#addOrigin(origin);
    const part = this.#parts.get(stream.id) ?? this.#addPart(stream);
    if (part === this.#part) return;
    this.#part = part;
    const run = this.#runs++;
    if (run === this.#runFrom.length) this.#growRuns();
    this.#runFrom[run] = this.#tail;
    this.#runTo[run] = this.#tail;
    this.#runNext[run] = NO_RUN;
    if (part.lastRun === NO_RUN) part.firstRun = run;
    else this.#runNext[part.lastRun] = run;
    part.lastRun = run;
  }

  /**
   * Encodes slab[from .. from + length) as a line of the stream turned to last, with slab[pairs .. pairs + pairsLength) as
   * its metadata; false where it does not fit.
   */
  add(
    slab: Buffer,
    from: number,
    length: number,
    pairs: number,
    pairsLength: number,
    seconds: number,
    nanos: number,
  ): boolean {
    const bytes = entryBytes(length, pairsLength, seconds, nanos);
    const part = this.#part;
    if (!part || this.#size + bytes > BLOCK_BYTES) return false;
    const at = putEntryHead(slab, this.#tail, length, pairsLength, seconds, nanos);
    slab.copyWithin(at, from, from + length);
    this.#tail = at + length;
    if (pairsLength > 0) {
      slab.copyWithin(this.#tail, pairs, pairs + pairsLength);
      this.#tail += pairsLength;
    }
    this.#size += bytes;
    this.#runTo[part.lastRun] = this.#tail;
    part.bytes += bytes;
    part.lines++;
    if (this.#lines++ === 0) {
      this.#first = seconds;
      this.#last = seconds;
    } else if (seconds > this.#last) this.#last = seconds;
    else if (seconds < this.#first) this.#first = seconds;
    if (length > this.#longest) this.#longest = length;
    return true;
  }

  /** Writes the PushRequest of all lines to slab[0 ..) and answers its length. */
  gather(slab: Buffer): number {
    let at = 0;
    for (const part of this.#parts.values()) {
      if (part.lines === 0) continue;
      at = putStreamHeader(slab, at, part.stream.text, part.labelBytes, part.bytes);
      for (let run = part.firstRun; run !== NO_RUN; run = this.#runNext[run]) {
        slab.copyWithin(at, this.#runFrom[run], this.#runTo[run]);
        at += this.#runTo[run] - this.#runFrom[run];
      }
    }
    return at;
  }

  summary(): BlockSummary {
    const streams: BlockStream[] = [];
    for (const { stream, lines, bytes } of this.#parts.values())
      if (lines > 0) streams.push({ labels: stream.text, lines, bytes });
    return {
      lane: this.lane,
      route: this.route,
      lines: this.#lines,
      longestLine: this.#longest,
      firstSeconds: this.#first,
      lastSeconds: this.#last,
      streams,
      origins: this.#origins,
    };
  }

  reset(): void {
    this.#parts.clear();
    this.#part = undefined;
    this.#origins = [];
    this.#origin = undefined;
    this.#tail = this.#base;
    this.#runs = 0;
    this.#size = 0;
    this.#lines = 0;
    this.#longest = 0;
  }

  #addPart(stream: Stream): Part {
    const labelBytes = Buffer.byteLength(stream.text);
    const part = { stream, labelBytes, bytes: 0, lines: 0, firstRun: NO_RUN, lastRun: NO_RUN };
    this.#parts.set(stream.id, part);
    this.#size += STREAM_HEADER_BYTES + labelBytes;
    return part;
  }

  /** Ranges of one key that follow each other become one. */
  #addOrigin(origin: SourceRange): void {
    this.#origin = origin;
    const index = this.#origins.findLastIndex(({ key }) => key === origin.key);
    const before = this.#origins[index];
    if (before?.to === origin.from) this.#origins[index] = { ...before, to: origin.to };
    else this.#origins.push(origin);
  }

  #growRuns(): void {
    this.#runFrom = doubled(this.#runFrom);
    this.#runTo = doubled(this.#runTo);
    this.#runNext = doubled(this.#runNext);
  }
}
