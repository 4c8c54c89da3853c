/**
 * Puts groups into the newest segment and begins new ones. Knows nothing of time, retries or waiting.
 *
 * After any failure the caller abandons the segment: its file is cut back as far as the disk lets us, and the next
 * group begins a new one at the same lsn, where the last commit ended.
 */
import type { Block } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { BlockIndex } from './block-index.js';
import { encodeDirectory } from './directory.js';
import type { Disk } from './disk.js';
import type { FreshBlocks } from './fresh-blocks.js';
import type { Group } from './group.js';
import type { Readers } from './readers.js';
import { encodeRecord, RecordType } from './record.js';
import type { Retention } from './retention.js';
import { Segment, type Segments } from './segments.js';
import { EMPTY_SPAN, widened } from './span.js';
import { encodeCommit, KeyNumbers, plus, type State } from './state.js';

export interface SegmentWriterParts {
  readonly directory: string;
  readonly disk: Disk;
  readonly segments: Segments;
  readonly segmentBytes: number;
  readonly now: () => number;
  readonly retention: Retention;
  readonly readers: Pick<Readers, 'size'>;
  readonly fresh: FreshBlocks;
}

interface Active {
  readonly segment: Segment;
  readonly index: BlockIndex;
  /** The segment's. */
  readonly lines: number[];
  readonly numbers: KeyNumbers;
  hasCommit: boolean;
}

/** Buffers of one write in the making. */
class Draft {
  readonly parts: Buffer[] = [];
  bytes = 0;

  add(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.parts.push(part);
      this.bytes += part.length;
    }
  }
}

export class SegmentWriter {
  readonly #parts: SegmentWriterParts;
  #active: Active | undefined;
  #end: number;
  #committedAt: number;

  /** Goes on at lsn `end`, in a new segment. `committedAt`: seconds since 1970 of the commit that ends there. */
  constructor(parts: SegmentWriterParts, end: number, committedAt: number) {
    this.#parts = parts;
    this.#end = end;
    this.#committedAt = committedAt;
  }

  /** End of the last commit. */
  get end(): number {
    return this.#end;
  }

  /**
   * Makes the group durable and applies it to `state`; in the same step `onDurable` is told the lsn after its last block.
   * Fails with system errors.
   */
  async write(group: Group, state: State, onDurable: (blockEnd: number) => void): Promise<void> {
    const now = this.#parts.now();
    const draft = new Draft();
    let active = this.#active;
    if (active?.hasCommit && this.#isFull(active, group)) {
      await this.finish();
      active = undefined;
    }
    active ??= this.#begin();
    const { segment, lines: tally, index, numbers } = active;
    if (!active.hasCommit) {
      const meta = state.encodeSnapshot(now, numbers, this.#parts.segments.tallies());
      draft.add(
        encodeRecord({ type: RecordType.snapshot, lsn: this.#end, seconds: this.#committedAt }, meta),
      );
    }
    const blocks: Block[] = [];
    const begin = this.#end + draft.bytes;
    for (const { origins, ...block } of group.blocks) {
      const { lane, lines, rawBytes, lastSeconds, payload } = block;
      const lsn = this.#end + draft.bytes;
      const directory = encodeDirectory(block, origins, (key) => numbers.number(key));
      draft.add(
        encodeRecord(
          { type: RecordType.block, lsn, lane, lines, rawBytes, seconds: lastSeconds },
          directory,
          payload,
        ),
      );
      blocks.push({ ...block, lsn, nextLsn: this.#end + draft.bytes });
    }
    const blockEnd = this.#end + draft.bytes;
    const seconds = Math.floor(now / 1000);
    draft.add(
      encodeRecord(
        { type: RecordType.commit, lsn: blockEnd, lines: group.lines, seconds },
        encodeCommit(group, state, begin, numbers),
      ),
    );
    await this.#store(active, draft);

    const { readers, fresh } = this.#parts;
    for (const block of blocks) {
      const { lsn, nextLsn, lane, lines, rawBytes, firstSeconds, lastSeconds } = block;
      index.add(lsn - segment.base, nextLsn - lsn, lane, lines, rawBytes);
      fresh.add(block, readers.size);
      segment.span = widened(segment.span ?? EMPTY_SPAN, firstSeconds, lastSeconds);
      segment.lanes |= 1 << lane;
      tally[lane] += lines;
    }
    this.#end += draft.bytes;
    this.#committedAt = seconds;
    segment.end = this.#end;
    segment.bytes = this.#end - segment.base;
    segment.committedAt = seconds;
    if (!active.hasCommit) {
      this.#parts.segments.add(segment);
      this.#parts.segments.pin(segment);
      active.hasCommit = true;
    }
    state.apply(group);
    state.lanes = plus(state.lanes, group.lanes);
    state.sequence++;
    onDurable(blockEnd);
  }

  /** Leaves the active segment to its readers. */
  async finish(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    if (!active) return;
    const { segments } = this.#parts;
    if (active.hasCommit) await segments.unpin(active.segment);
    else await segments.detach(active.segment);
  }

  /**
   * Leaves the active segment after a failure, as far as the disk lets us without what the failed write may have put
   * behind its end: nothing there is ever read, and a file without a commit is replaced by the next attempt.
   */
  async abandon(): Promise<void> {
    const active = this.#active;
    const { disk, segments } = this.#parts;
    if (!active) return;
    const { segment, hasCommit } = active;
    try {
      if (hasCommit) await segment.file?.handle.truncate(segment.end - segment.base);
      else if (segment.file) await disk.unlink(segments.path(segment));
    } catch {
      // The disk that failed before fails again.
    }
    try {
      await this.finish();
    } catch {
      // Neither does a descriptor that cannot be closed matter to the data.
    }
  }

  #isFull({ segment }: Active, group: Group): boolean {
    let bytes = segment.end - segment.base;
    for (const { payload } of group.blocks) bytes += payload.length;
    return bytes > this.#parts.segmentBytes;
  }

  #begin(): Active {
    const segment = new Segment(this.#end, this.#end, 0);
    const index = new BlockIndex();
    const lines = Array<number>(LANES).fill(0);
    segment.index = index;
    segment.lines = lines;
    segment.lanes = 0;
    segment.span = EMPTY_SPAN;
    this.#active = { segment, index, lines, numbers: new KeyNumbers(), hasCommit: false };
    return this.#active;
  }

  async #store({ segment, hasCommit }: Active, draft: Draft): Promise<void> {
    const { retention, disk, directory, segments } = this.#parts;
    if (!hasCommit) await retention.enforce();
    await retention.makeRoom(draft.bytes);
    await segments.syncRemovals();
    const handle = segment.file?.handle ?? (await segments.create(segment));
    await handle.write(draft.parts, this.#end - segment.base);
    await handle.sync();
    if (!hasCommit) await disk.syncDirectory(directory);
  }
}
