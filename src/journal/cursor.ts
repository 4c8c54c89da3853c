/**
 * One reader's place, lane by lane.
 *
 * Three places a lane: `delivered` ≥ `retained`, which the sink tells, and `read`, up to where blocks were handed out.
 * A segment that goes early costs the reader what lies at or after `read`: it is counted from the segment's index in
 * the moment of the removal, and told by the next `read`.
 */
import type { Block, Cursor } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { type BlockIndex, DAMAGED_LANE } from './block-index.js';
import { readBlock } from './block-reader.js';
import type { Segment, Segments } from './segments.js';
import type { StoredCursor } from './state.js';
import type { JournalCursor, LaneRead, Loss } from './types.js';

export interface CursorHost {
  readonly segments: Segments;
  /** End of the last commit. */
  end(): number;
  store(name: string, cursor: StoredCursor, before: Cursor): void;
  close(cursor: ReaderCursor): void;
  countDamage(): void;
}

export class ReaderCursor implements JournalCursor {
  readonly name: string;
  readonly #host: CursorHost;
  #delivered: readonly number[];
  #retained: readonly number[];
  readonly #read: number[];
  readonly #lost: (Loss | undefined)[] = [];
  /** Damage that belongs to no lane is told once, by the first lane that comes to it. */
  #damageTold = 0;
  #isClosed = false;

  constructor(name: string, host: CursorHost, delivered: Cursor, retained: Cursor) {
    this.name = name;
    this.#host = host;
    this.#delivered = delivered;
    this.#retained = retained;
    this.#read = [...delivered];
    const oldest = host.segments.all[0]?.base ?? host.end();
    const behind = Math.min(...delivered);
    // How much that was, nobody knows any more.
    if (behind < oldest) this.#lost[0] = { why: 'cap', lines: 0, fromLsn: behind, toLsn: oldest };
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
    this.#read[lane] = Math.max(from, lost?.toLsn ?? 0);
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

  needs(segment: Segment): boolean {
    return this.#retained.some((lsn) => lsn < segment.end);
  }

  /** The segment goes now. */
  lose(segment: Segment, index: BlockIndex | undefined): void {
    for (let lane = 0; lane < LANES; lane++) {
      const from = this.#read[lane];
      if (from >= segment.end) continue;
      this.#read[lane] = segment.end;
      const lines = index?.linesFrom(lane, from - segment.base) ?? 0;
      if (lines === 0 && index) continue;
      const before = this.#lost[lane];
      this.#lost[lane] = {
        why: 'cap',
        lines: lines + (before?.lines ?? 0),
        fromLsn: before?.fromLsn ?? from,
        toLsn: segment.end,
      };
    }
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
      this.#read[lane] = segment.base;
    } else if (segment.lanes & (1 << lane)) {
      await segments.use(segment, (index) =>
        this.#readSegment(segment, index, lane, stop, maxRawBytes, blocks, losses),
      );
    } else {
      this.#read[lane] = stop;
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
    for (let row = index.firstAt(this.#read[lane] - base); row < index.length; row++) {
      const lsn = base + index.offset[row];
      const nextLsn = lsn + index.bytes[row];
      if (lsn >= stop) break;
      if (index.lane[row] === DAMAGED_LANE) {
        this.#tellDamage(lsn, nextLsn, losses);
      } else if (index.lane[row] === lane) {
        if (blocks.length > 0 && rawBytes + index.rawBytes[row] > maxRawBytes) return;
        const block = await readBlock(this.#host.segments, segment, index, row);
        if (block) {
          blocks.push(block);
          rawBytes += block.rawBytes;
        } else {
          this.#host.countDamage();
          losses.push({ why: 'damaged', lines: index.lines[row], fromLsn: lsn, toLsn: nextLsn });
        }
      } else continue;
      this.#read[lane] = nextLsn;
    }
    this.#read[lane] = stop;
  }

  #tellDamage(fromLsn: number, toLsn: number, losses: Loss[]): void {
    if (fromLsn < this.#damageTold) return;
    this.#damageTold = toLsn;
    this.#host.countDamage();
    losses.push({ why: 'damaged', lines: 0, fromLsn, toLsn });
  }
}
