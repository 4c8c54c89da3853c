/**
 * One reader's place, lane by lane.
 *
 * Three places a lane: `delivered` ≥ `retained`, which the sink tells, and `read`, up to where blocks were handed out.
 * A segment that goes early costs the reader what lies at or after `read`: it is counted in the moment of the removal,
 * and told at once to a reader that listens, else by the next `read`.
 *
 * Pending are the lines of blocks handed out, or told to be damaged, and not yet passed by the cursor, of those lost and not
 * yet told, and of those at or after `read`: for these the segments have their lines of each lane, and the cursor how many of them are before `read`.
 */
import type { Block, Cursor } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { type BlockIndex, DAMAGED_LANE } from './block-index.js';
import { readBlock } from './block-reader.js';
import { type Contents, contentsFrom } from './contents.js';
import type { FreshBlocks } from './fresh-blocks.js';
import type { Segment, Segments } from './segments.js';
import type { StoredCursor } from './state.js';
import type { JournalCursor, LaneRead, Loss, OnLost } from './types.js';

export interface CursorHost {
  readonly segments: Segments;
  readonly fresh: FreshBlocks;
  /** End of the last commit. */
  end(): number;
  /** Of the lane, committed since the journal's beginning. */
  linesBefore(segment: Segment | undefined, lane: number): number;
  store(name: string, cursor: StoredCursor, before: Cursor): void;
  close(cursor: ReaderCursor): void;
  countDamage(): void;
}

/** Of a cursor that is opened. */
interface Places {
  readonly stored: Cursor | undefined;
  readonly delivered: Cursor;
  readonly retained: Cursor;
}

export class ReaderCursor implements JournalCursor {
  readonly name: string;
  readonly stored: Cursor | undefined;
  readonly #host: CursorHost;
  readonly #onLost: OnLost | undefined;
  #delivered: readonly number[];
  #retained: readonly number[];
  readonly #read: number[];
  /** Per lane: the segment in which `#read` is, and the lane's lines there before it. Undefined: nobody has counted them. */
  readonly #passed: ({ readonly segment: Segment; lines: number } | undefined)[] = [];
  /** Per lane: blocks between `#delivered` and `#read`, and what was told to be lost there. */
  readonly #handedOut: { readonly nextLsn: number; readonly lines: number }[][];
  readonly #lost: (Loss | undefined)[] = [];
  /** Damage that belongs to no lane is told once, by the first lane that comes to it. */
  #damageTold = 0;
  #isClosed = false;
  #movedMs = performance.now();

  constructor(name: string, host: CursorHost, { stored, delivered, retained }: Places, onLost?: OnLost) {
    this.name = name;
    this.stored = stored;
    this.#host = host;
    this.#onLost = onLost;
    this.#delivered = delivered;
    this.#retained = retained;
    this.#read = [...delivered];
    this.#handedOut = delivered.map(() => []);
    const oldest = host.segments.all[0]?.base ?? host.end();
    const behind = Math.min(...delivered);
    // How much that was, nobody knows any more; a reader that listens keeps count itself.
    if (behind < oldest && !onLost) this.#lost[0] = { why: 'cap', lines: 0, fromLsn: behind, toLsn: oldest };
  }

  get value(): Cursor {
    return this.#delivered;
  }

  async read(lane: number, from: number, maxRawBytes: number): Promise<LaneRead> {
    const losses: Loss[] = [];
    const { segments } = this.#host;
    const end = this.#host.end();
    const lost = this.#lost[lane];
    this.#lost[lane] = undefined;
    if (lost) losses.push(lost);
    const blocks: Block[] = [];
    this.#moveTo(lane, Math.max(from, lost?.toLsn ?? 0));
    try {
      while (this.#read[lane] < end && blocks.length === 0) {
        const segment = segments.at(this.#read[lane]);
        if (!segment) break;
        await this.#readOn(segment, lane, end, maxRawBytes, blocks, losses);
      }
    } catch (error) {
      // What was found before the failure counts; the next read comes to it again.
      if (blocks.length === 0 && losses.length === 0) throw error;
    }
    return { blocks, next: this.#read[lane], losses };
  }

  advance(delivered: Cursor, retained: Cursor = delivered): void {
    if (this.#isClosed) return;
    const before = this.#delivered;
    this.#delivered = [...delivered];
    if (this.oldest > Math.min(...before)) this.#movedMs = performance.now();
    for (const [lane, lsn] of delivered.entries()) {
      const handedOut = this.#handedOut[lane];
      while (handedOut.length > 0 && handedOut[0].nextLsn <= lsn) handedOut.shift();
      if (lsn > this.#read[lane]) this.#skipTo(lane, lsn);
    }
    this.#retained = retained === delivered ? this.#delivered : [...retained];
    this.#host.store(
      this.name,
      retained === delivered ? [this.#delivered] : [this.#delivered, this.#retained],
      before,
    );
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.close(this);
  }

  pendingLines(): number {
    let lines = 0;
    for (let lane = 0; lane < LANES; lane++) {
      for (const block of this.#handedOut[lane]) lines += block.lines;
      lines += this.#lost[lane]?.lines ?? 0;
      for (const segment of this.#host.segments.all) lines += this.#unread(segment, lane);
    }
    return lines;
  }

  pendingBytes(): number {
    const { segments } = this.#host;
    const end = this.#host.end();
    let first = end;
    for (let lane = 0; lane < LANES; lane++) {
      for (const { nextLsn } of this.#handedOut[lane].slice(0, 1)) first = Math.min(first, nextLsn);
      const segment = segments.all.find((segment) => this.#unread(segment, lane) > 0);
      if (segment) first = Math.min(first, Math.max(segment.base, this.#read[lane]));
    }
    return end - first;
  }

  async locate(taken?: (lane: number) => number): Promise<void> {
    const { segments } = this.#host;
    for (let lane = 0; lane < LANES; lane++) {
      const lsn = this.#read[lane];
      const segment = segments.at(lsn);
      if (!segment || segment.base >= lsn || this.#passed[lane]?.segment === segment) continue;
      await segments.use(segment, (index) => {
        if (this.#read[lane] !== lsn) return;
        const [least, most] = linesBefore(segment, index, lane, lsn);
        const counted = (taken?.(lane) ?? 0) - this.#host.linesBefore(segment, lane);
        this.#passed[lane] = { segment, lines: Math.max(least, Math.min(counted, most)) };
      });
    }
  }

  linesBefore(lane: number): number {
    const segment = this.#host.segments.at(this.#read[lane]);
    const passed = this.#passed[lane];
    return this.#host.linesBefore(segment, lane) + (passed && passed.segment === segment ? passed.lines : 0);
  }

  needs(segment: Segment): boolean {
    return this.#retained.some((lsn) => lsn < segment.end);
  }

  /** The lane that is furthest behind is here. */
  get oldest(): number {
    return Math.min(...this.#delivered);
  }

  /** When that lane came on last, or the cursor was opened: milliseconds on the monotonic clock. */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** The segment goes now. */
  lose(segment: Segment, index: BlockIndex | undefined, contents: Contents): void {
    const told: (Loss & { lane: number })[] = [];
    for (let lane = 0; lane < LANES; lane++) {
      const from = this.#read[lane];
      if (from >= segment.end) continue;
      const lines = this.#linesFrom(segment, lane, from, index);
      this.#moveTo(lane, segment.end);
      if (lines === 0) continue;
      if (this.#onLost) {
        const remains = index ? contentsFrom(contents, index, lane, from - segment.base) : {};
        told.push({ why: 'cap', lines: lines ?? 0, fromLsn: from, toLsn: segment.end, lane, ...remains });
        continue;
      }
      const before = this.#lost[lane];
      this.#lost[lane] = {
        why: 'cap',
        lines: (lines ?? 0) + (before?.lines ?? 0),
        fromLsn: before?.fromLsn ?? from,
        toLsn: segment.end,
      };
    }
    if (told.length > 0) this.#onLost?.(told);
  }

  /** Lines of the lane in the segment that were not read yet, as far as it is known. */
  #unread(segment: Segment, lane: number): number {
    if (segment.end <= this.#read[lane]) return 0;
    const all = (segment.lines ?? segment.readable)?.[lane];
    const passed = this.#passed[lane];
    if (all === undefined) return 0;
    return passed?.segment === segment ? all - passed.lines : all;
  }

  /** Undefined where nobody knows. */
  #linesFrom(
    segment: Segment,
    lane: number,
    from: number,
    index: BlockIndex | undefined,
  ): number | undefined {
    const all = segment.lines?.[lane];
    const passed = this.#passed[lane];
    if (all === undefined) return undefined;
    if (from <= segment.base) return all;
    if (passed?.segment === segment) return all - passed.lines;
    return index && all - linesBefore(segment, index, lane, from)[0];
  }

  #moveTo(lane: number, lsn: number): void {
    if (lsn === this.#read[lane]) return;
    const handedOut = this.#handedOut[lane];
    while (handedOut.length > 0 && handedOut[handedOut.length - 1].nextLsn > lsn) handedOut.pop();
    this.#read[lane] = lsn;
    this.#passed[lane] = undefined;
  }

  /** The reader says that its lane has nothing before `lsn`. */
  #skipTo(lane: number, lsn: number): void {
    this.#moveTo(lane, lsn);
    const newest = this.#host.segments.all.at(-1);
    if (newest?.end === lsn) this.#passed[lane] = { segment: newest, lines: newest.lines?.[lane] ?? 0 };
  }

  /** Goes on from the lane's place: over what is missing before the segment, or through the segment. */
  async #readOn(
    segment: Segment,
    lane: number,
    end: number,
    maxRawBytes: number,
    blocks: Block[],
    losses: Loss[],
  ): Promise<void> {
    const { segments } = this.#host;
    const from = this.#read[lane];
    const stop = Math.min(segment.end, end);
    if (segment.base > from) {
      if (segments.all[0] !== segment) this.#tellDamage(from, segment.base, losses);
      this.#moveTo(lane, segment.base);
    } else if (segment.lanes & (1 << lane)) {
      await segments.use(segment, (index) =>
        this.#readSegment(segment, index, lane, stop, maxRawBytes, blocks, losses),
      );
    } else {
      this.#read[lane] = stop;
      this.#passed[lane] = { segment, lines: 0 };
    }
  }

  /** Reads the lane's blocks up to `stop`, moving its place over each row that is dealt with. */
  async #readSegment(
    segment: Segment,
    index: BlockIndex,
    lane: number,
    stop: number,
    maxRawBytes: number,
    blocks: Block[],
    losses: Loss[],
  ): Promise<void> {
    const { base } = segment;
    let rawBytes = 0;
    const place = this.#read[lane] - base;
    let passed = this.#passed[lane];
    if (passed?.segment !== segment) {
      passed = { segment, lines: linesBefore(segment, index, lane, this.#read[lane])[0] };
      this.#passed[lane] = passed;
    }
    for (let row = index.firstAt(place); row < index.length; row++) {
      const lsn = base + index.offset[row];
      const nextLsn = lsn + index.bytes[row];
      if (lsn >= stop) break;
      if (index.lane[row] === DAMAGED_LANE) {
        if (segment.lines) this.#countDamage(lsn, nextLsn);
        else this.#tellDamage(lsn, nextLsn, losses);
      } else if (index.lane[row] === lane) {
        if (blocks.length > 0 && rawBytes + index.rawBytes[row] > maxRawBytes) return;
        const { segments, fresh } = this.#host;
        const known = fresh.take(lsn);
        const { block, remains } = known
          ? { block: known, remains: undefined }
          : await readBlock(segments, segment, index, row);
        const lines = index.lines[row];
        passed.lines += lines;
        this.#handedOut[lane].push({ nextLsn, lines });
        if (block) {
          blocks.push(block);
          rawBytes += block.rawBytes;
        } else {
          this.#host.countDamage();
          losses.push({ why: 'damaged', lines, fromLsn: lsn, toLsn: nextLsn, ...remains });
        }
      } else continue;
      this.#read[lane] = nextLsn;
    }
    this.#read[lane] = stop;
    // What the segment had, and nothing in it says where.
    const missing = segment.end === stop ? (segment.lines?.[lane] ?? 0) - passed.lines : 0;
    if (missing > 0) {
      passed.lines += missing;
      this.#handedOut[lane].push({ nextLsn: stop, lines: missing });
      losses.push({ why: 'damaged', lines: missing, fromLsn: base + place, toLsn: stop });
    }
  }

  #tellDamage(fromLsn: number, toLsn: number, losses: Loss[]): void {
    if (this.#countDamage(fromLsn, toLsn)) losses.push({ why: 'damaged', lines: 0, fromLsn, toLsn });
  }

  /** True for the first lane that comes to it. */
  #countDamage(fromLsn: number, toLsn: number): boolean {
    if (fromLsn < this.#damageTold) return false;
    this.#damageTold = toLsn;
    this.#host.countDamage();
    return true;
  }
}

/** Lines of the lane in the segment before `lsn`, at least and at most: they differ where there is damage on both sides. */
function linesBefore(segment: Segment, index: BlockIndex, lane: number, lsn: number): [number, number] {
  const place = lsn - segment.base;
  const seen = index.linesBefore(lane, place);
  const all = seen + Math.max(0, segment.linesOf(lane) - index.linesByLane()[lane]);
  if (!index.isDamaged(0, place)) return [seen, seen];
  return [index.isDamaged(place) ? seen : all, all];
}
