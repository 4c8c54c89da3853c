/**
 * All lines of a range of time that a filter wants, in their order, while blocks are still being read: a line is given
 * when no block that was not opened yet can hold one before it.
 *
 * Memory is bounded. Where more lines wait for their turn than there is room for (blocks that overlap far, as those of
 * catch-up lanes do), the last of them are dropped, and found again in another pass over the blocks behind the line that
 * was given last: bounded, exact, and slow only there.
 */
import type { HistoryFile } from '../journal/types.js';
import type { LineTime } from '../pipeline/line-time.js';
import { fieldsIn } from '../pipeline/metadata.js';
import { type Level, type LineFilter, levelOfLine } from '../query/index.js';
import { shownEnd } from '../query/shown-line.js';
import { BlockReader, type FoundStream } from './block-reader.js';
import { type Candidate, Candidates } from './candidates.js';
import type { JobContext } from './job-context.js';
import { Losses } from './losses.js';
import {
  comparePlaces,
  compareTimes,
  type Direction,
  justAfter,
  type Place,
  type TimeRange,
} from './order.js';
import { Plan, type PlannedBlock } from './plan.js';

/** What a candidate takes beside its text. */
const CANDIDATE_BYTES = 200;

export interface ScanRequest {
  readonly files: readonly HistoryFile[];
  readonly range: TimeRange;
  readonly direction: Direction;
  /** At least so many, if they are there; all lines of one time or none of them. */
  readonly limit: number;
  readonly filter: LineFilter;
  /** Longer lines are cut. */
  readonly maxLineBytes: number;
}

export interface FoundLine extends Candidate {
  readonly stream: FoundStream;
  readonly level: Level;
  readonly text: Buffer;
  readonly fields: Readonly<Record<string, string>> | undefined;
  /** Bytes that were left out at its end. */
  readonly cut: number;
}

export class Scan {
  readonly #context: JobContext;
  readonly #request: ScanRequest;
  readonly #sign: 1 | -1;
  readonly #reader: BlockReader;
  readonly losses = new Losses();
  #plan: Plan;
  #scannedBefore = 0;
  readonly #unjudgedBefore: number;
  #last: FoundLine | undefined;
  found = 0;
  /** It ended because of its limit: there may be more behind the last line. */
  isCut = false;

  constructor(context: JobContext, request: ScanRequest) {
    this.#context = context;
    this.#request = request;
    this.#unjudgedBefore = request.filter.unjudged;
    this.#sign = request.direction === 'forward' ? 1 : -1;
    this.#reader = new BlockReader(context.archive, request.filter);
    this.#plan = this.#newPlan(request.range);
  }

  get scannedBytes(): number {
    return this.#scannedBefore + this.#plan.scannedBytes;
  }

  get totalBytes(): number {
    return this.#scannedBefore + this.#plan.totalBytes;
  }

  /** All lines before this time (backward: after it) were given. Undefined where there are none left. */
  get reached(): LineTime | undefined {
    return this.#plan.edge;
  }

  get last(): LineTime | undefined {
    return this.#last;
  }

  /** The next lines, none where nothing is certain yet: after each block, so that others can have their turn. */
  async *lines(): AsyncGenerator<readonly FoundLine[]> {
    for (let range = this.#request.range; ; range = this.#behindLast()) {
      this.#scannedBefore += this.#plan.scannedBytes;
      this.#plan = this.#newPlan(range);
      const candidates = new Candidates<FoundLine>(this.#request.direction, this.#context.room);
      yield* this.#pass(candidates);
      if (this.isCut || !candidates.horizon) return;
    }
  }

  async *#pass(candidates: Candidates<FoundLine>): AsyncGenerator<readonly FoundLine[]> {
    for (;;) {
      const block = await this.#plan.next();
      if (block !== undefined && block !== 'later') this.#collect(block, candidates);
      const { edge } = this.#plan;
      yield this.#take(candidates, edge);
      const { horizon } = candidates;
      const isBeyond = horizon && edge && this.#sign * compareTimes(horizon, edge) < 0;
      if (this.isCut || edge === undefined || (isBeyond && candidates.isEmpty)) return;
    }
  }

  #take(candidates: Candidates<FoundLine>, edge: LineTime | undefined): FoundLine[] {
    const lines: FoundLine[] = [];
    const { limit } = this.#request;
    for (let next = candidates.first(edge); next; next = candidates.first(edge)) {
      if (this.found >= limit && !(this.#last && compareTimes(next, this.#last) === 0)) break;
      lines.push(next);
      candidates.takeFirst();
      this.#last = next;
      this.found++;
    }
    this.isCut = this.found >= limit && this.#isTimeOver(candidates, edge) && !isAll(candidates, edge);
    return lines;
  }

  /** Lines that were left out, because to judge them would have taken too long. */
  get unjudgedLines(): number {
    return this.#request.filter.unjudged - this.#unjudgedBefore;
  }

  /** There are no more lines of the time of the last one. */
  #isTimeOver({ horizon }: Candidates<FoundLine>, edge: LineTime | undefined): boolean {
    const last = this.#last;
    if (!last) return false;
    const isBehind = (time: LineTime | undefined): boolean =>
      !time || this.#sign * compareTimes(time, last) > 0;
    return isBehind(horizon) && isBehind(edge);
  }

  #collect(block: PlannedBlock, candidates: Candidates<FoundLine>): void {
    const { range, filter, limit, maxLineBytes } = this.#request;
    const lsn = block.file.base + block.index.offset[block.row];
    const opened = this.#reader.open(block);
    if (opened === 'damaged') this.losses.damaged(lsn);
    if (opened === 'removed') this.losses.removed(block.file);
    if (opened !== 'open') return;
    const { lines, streams } = this.#reader;
    const { data, seconds, nanos } = lines;
    const isInside = isWithin(block, range);
    for (let row = 0; row < lines.length; row++) {
      const stream = streams[lines.stream[row]];
      if (!stream.isWanted) continue;
      const place: Place = { seconds: seconds[row], nanos: nanos[row], lsn, row };
      if (!isInside && (compareTimes(place, range.from) < 0 || compareTimes(place, range.to) >= 0)) continue;
      if (!candidates.takes(place) || this.#isGiven(place)) continue;
      const start = lines.start[row];
      const end = lines.end[row];
      const pairs = lines.metadataStart[row];
      const pairsEnd = lines.metadataEnd[row];
      if (!filter.test(start, end, pairs, pairsEnd, stream.labels)) continue;
      const shown = shownEnd(data, start, end, maxLineBytes);
      const text = Buffer.from(data.subarray(start, shown));
      const fields = fieldsIn(data, pairs, pairsEnd);
      // Names and values as strings of their own.
      const size = text.length + 2 * (pairsEnd - pairs) + CANDIDATE_BYTES;
      const level = levelOfLine(data, start, end, data, pairs, pairsEnd, stream.level);
      candidates.add({ ...place, size, stream, level, text, fields, cut: end - shown }, limit - this.found);
    }
  }

  #isGiven(place: Place): boolean {
    return this.#last !== undefined && this.#sign * comparePlaces(place, this.#last) <= 0;
  }

  #behindLast(): TimeRange {
    const { range, direction } = this.#request;
    if (!this.#last) return range;
    return direction === 'forward' ? { ...range, from: this.#last } : { ...range, to: justAfter(this.#last) };
  }

  #newPlan(range: TimeRange): Plan {
    const { files, direction, filter } = this.#request;
    const { archive, onSpan } = this.#context;
    return new Plan({ archive, files, range, direction, filter, losses: this.losses, onSpan });
  }
}

function isAll({ isEmpty, horizon }: Candidates<FoundLine>, edge: LineTime | undefined): boolean {
  return isEmpty && !horizon && !edge;
}

function isWithin({ index, row }: PlannedBlock, { from, to }: TimeRange): boolean {
  return index.firstSeconds[row] > from.seconds && index.lastSeconds[row] < to.seconds;
}
