/**
 * Which blocks a search must open, and in which order: newest line first going backward, oldest line first going forward.
 *
 * A segment is not even looked into before its own newest (oldest) second is due, so that a search of the last hour does
 * not touch the segments of last week. Where a segment's span is not known it is due at once.
 */
import type { Span } from '../journal/span.js';
import type { HistoryFile } from '../journal/types.js';
import type { LineTime } from '../pipeline/line-time.js';
import { parseLabelText } from '../pipeline/streams.js';
import type { LineFilter } from '../query/index.js';
import { type Archive, isShortage } from './archive.js';
import { Heap } from './heap.js';
import type { Losses } from './losses.js';
import { compareTimes, type Direction, type TimeRange } from './order.js';
import type { SegmentIndex } from './segment-index.js';

/** A block in the plan: a row of a segment's index. */
export interface PlannedBlock {
  readonly file: HistoryFile;
  readonly index: SegmentIndex;
  readonly row: number;
}

export interface PlanParts {
  readonly archive: Archive;
  readonly files: readonly HistoryFile[];
  readonly range: TimeRange;
  readonly direction: Direction;
  readonly filter: Pick<LineFilter, 'wantsStream'>;
  readonly losses: Losses;
  /** Somebody looked where the lines of a segment are in time. */
  readonly onSpan: (base: number, span: Span) => void;
}

/** A segment with blocks left, or not looked into yet; `edge` is the time of the first line that it may still have. */
interface Due {
  readonly file: HistoryFile;
  edge: LineTime;
  readonly blocks: Blocks | undefined;
}

/** Of one segment, in the plan's order. Their edges are kept: what the index knows becomes better meanwhile. */
interface Blocks {
  readonly index: SegmentIndex;
  readonly rows: Uint32Array;
  readonly edgeNanos: Uint32Array;
  next: number;
}

const BEGINNING: LineTime = { seconds: 0, nanos: 0 };
const END: LineTime = { seconds: 2 ** 32, nanos: 0 };
/** Of a segment that was not looked into yet: what its blocks come to when decompressed. */
const USUAL_RATIO = 4;

export class Plan {
  readonly #parts: PlanParts;
  readonly #due: Heap<Due>;
  readonly #wanted = new Map<string, boolean>();
  /** Raw bytes of the blocks that were handed out, and of those that are left in segments looked into. */
  #handedOut = 0;
  #left = 0;
  /** Bytes of files not looked into yet. */
  #unseen = 0;

  constructor(parts: PlanParts) {
    this.#parts = parts;
    const sign = parts.direction === 'backward' ? -1 : 1;
    this.#due = new Heap((a, b) => sign * compareTimes(a.edge, b.edge) < 0);
    for (const file of parts.files) {
      if (file.span && !this.#touches(file.span)) continue;
      this.#unseen += file.bytes;
      this.#due.push({ file, edge: this.#edgeOf(file.span), blocks: undefined });
    }
  }

  /** Nothing that was not handed out has a line before this time (backward: after it). Undefined where nothing is left. */
  get edge(): LineTime | undefined {
    return this.#due.first?.edge;
  }

  get scannedBytes(): number {
    return this.#handedOut;
  }

  /** Raw bytes in all, an estimate as long as not all segments were looked into. */
  get totalBytes(): number {
    return this.#handedOut + this.#left + this.#unseen * USUAL_RATIO;
  }

  /**
   * The next block. Undefined where there is none; 'later' where a segment was looked into meanwhile, which takes time.
   * Fails with system errors.
   */
  async next(): Promise<PlannedBlock | 'later' | undefined> {
    const due = this.#due.pop();
    if (!due) return undefined;
    const { file, blocks } = due;
    if (!blocks) {
      this.#unseen -= file.bytes;
      await this.#lookInto(file);
      return 'later';
    }
    const { index } = blocks;
    const row = blocks.rows[blocks.next++];
    this.#handedOut += index.rawBytes[row];
    this.#left -= index.rawBytes[row];
    this.#push(file, blocks);
    return { file, index, row };
  }

  async #lookInto(file: HistoryFile): Promise<void> {
    const { losses } = this.#parts;
    const index = await this.#indexOf(file);
    if (index === 'damaged') return losses.damaged(file.base);
    if (!index) return losses.removed(file);
    if (!file.span && index.damaged === 0) this.#parts.onSpan(file.base, index.span);
    losses.damaged(file.base, index.damaged);
    const blocks = this.#blocksOf(index);
    for (const row of blocks.rows) this.#left += index.rawBytes[row];
    this.#push(file, blocks);
  }

  /** Undefined where it was removed. Fails where it may be read later. */
  async #indexOf(file: HistoryFile): Promise<SegmentIndex | 'damaged' | undefined> {
    try {
      return await this.#parts.archive.index(file);
    } catch (error) {
      if (isShortage(error)) throw error;
      return 'damaged';
    }
  }

  #push(file: HistoryFile, blocks: Blocks): void {
    const { index, rows, edgeNanos, next } = blocks;
    if (next === rows.length) return;
    const [edgeSeconds] = this.#edgesOf(index);
    this.#due.push({ file, edge: { seconds: edgeSeconds[rows[next]], nanos: edgeNanos[next] }, blocks });
  }

  /** Those that may have lines of the range and of wanted streams. */
  #blocksOf(index: SegmentIndex): Blocks {
    const isWanted = index.labels.map((text) => this.#wants(text));
    const isAllWanted = isWanted.every(Boolean);
    const rows: number[] = [];
    for (let row = 0; row < index.length; row++) {
      if (!this.#isInRange(index, row)) continue;
      if (isAllWanted || index.streamsOf(row).some((stream) => isWanted[stream])) rows.push(row);
    }
    const [seconds, nanos] = this.#edgesOf(index);
    const sign = this.#parts.direction === 'backward' ? -1 : 1;
    const sorted = Uint32Array.from(rows).sort(
      (a, b) => sign * (seconds[a] - seconds[b] || nanos[a] - nanos[b] || a - b),
    );
    return { index, rows: sorted, edgeNanos: sorted.map((row) => nanos[row]), next: 0 };
  }

  #wants(text: string): boolean {
    let wanted = this.#wanted.get(text);
    if (wanted === undefined) {
      wanted = this.#parts.filter.wantsStream(parseLabelText(text));
      this.#wanted.set(text, wanted);
    }
    return wanted;
  }

  #edgeOf(span: Span | undefined): LineTime {
    if (this.#parts.direction === 'forward') return span ? { seconds: span[0], nanos: 0 } : BEGINNING;
    return span ? { seconds: span[1] + 1, nanos: 0 } : END;
  }

  /** Of each block the second, and the nanosecond in it, of the line that would come first. */
  #edgesOf(index: SegmentIndex): [Uint32Array, Uint32Array] {
    return this.#parts.direction === 'forward'
      ? [index.firstSeconds, index.firstNanos]
      : [index.lastSeconds, index.lastNanos];
  }

  #touches([first, last]: Span): boolean {
    const { from, to } = this.#parts.range;
    if (first > last) return false;
    return (
      compareTimes({ seconds: last + 1, nanos: 0 }, from) > 0 &&
      compareTimes({ seconds: first, nanos: 0 }, to) < 0
    );
  }

  #isInRange(index: SegmentIndex, row: number): boolean {
    const { from, to } = this.#parts.range;
    const last = index.lastSeconds[row] - from.seconds || index.lastNanos[row] - from.nanos;
    const first = index.firstSeconds[row] - to.seconds || index.firstNanos[row] - to.nanos;
    return last >= 0 && first < 0;
  }
}
