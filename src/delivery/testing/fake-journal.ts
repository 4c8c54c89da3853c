import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { JournalCursor, JournalStats, LaneRead, Loss, OnLost } from '../../journal/types.js';
import type { Block, Cursor } from '../../pipeline/contract.js';
import { LANES } from '../../pipeline/streams.js';

/** Committed blocks by lane, each named by a number; an lsn is a place in the list of all. */
export class FakeJournal {
  readonly blocks: (Block | Loss)[] = [];
  readonly advances: { delivered: Cursor; retained: Cursor | undefined }[] = [];
  opened: { name: string; own: Cursor | undefined } | undefined;
  closed = 0;
  reads = 0;
  capacity = 1_000;
  /** What is told to the delivery as waiting for it. */
  pendingBytes = 0;
  /** Of the open cursor. */
  onLost: OnLost | undefined;
  failNextRead: unknown;
  /** What the read of the lane fails with, if anything. */
  failRead: (lane: number) => unknown = () => undefined;
  readonly #waiters = new Set<() => void>();

  get stats(): JournalStats {
    return { committedLsn: this.blocks.length, oldestLsn: 0, capacity: this.capacity } as JournalStats;
  }

  commit(lane: number, count = 1): void {
    for (let i = 0; i < count; i++) {
      const lsn = this.blocks.length;
      this.commitLines(lane, [{ labels: { container: 'web' }, text: String(lsn) }]);
    }
  }

  commitLines(lane: number, lines: readonly BlockLine[]): void {
    this.blocks.push(blockOf(lines, { lsn: this.blocks.length, lane }));
    this.#wake();
  }

  readonly counted = new Map<string, number>();

  count(name: string, lines: number): void {
    this.counted.set(name, this.total(name) + lines);
  }

  total(name: string): number {
    return this.counted.get(name) ?? 0;
  }

  totals(prefix: string): ReadonlyMap<string, number> {
    return new Map([...this.counted].filter(([name]) => name.startsWith(prefix)));
  }

  linesGone(): number {
    return 0;
  }

  committedRawBytes(of: number): number {
    return this.blocks.reduce(
      (sum, block) => sum + ('why' in block || block.lane !== of ? 0 : block.rawBytes),
      0,
    );
  }

  lose(lines: number): void {
    const lsn = this.blocks.length;
    this.blocks.push({ why: 'cap', lines, fromLsn: lsn, toLsn: lsn + 1 });
    this.#wake();
  }

  openCursor(name: string, own?: Cursor, onLost?: OnLost): JournalCursor {
    // The sink's own; what only counts for a moment does not listen.
    if (onLost) {
      this.opened = { name, own };
      this.onLost = onLost;
    }
    const value = own ?? Array.from({ length: LANES }, () => 0);
    return {
      name,
      value,
      stored: undefined,
      read: (lane, from, maxRawBytes) => this.#read(lane, from, maxRawBytes),
      advance: (delivered, retained) => void this.advances.push({ delivered, retained }),
      close: () => void (this.closed += onLost ? 1 : 0),
      pendingLines: () => this.blocks.length - (this.advances.at(-1)?.delivered[0] ?? 0),
      pendingBytes: () => this.pendingBytes,
      locate: () => Promise.resolve(),
      linesBefore: () => 0,
    };
  }

  async waitCommitted(lsn: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        this.#waiters.delete(finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      if (this.blocks.length > lsn || signal.aborted) resolve();
      else {
        this.#waiters.add(finish);
        signal.addEventListener('abort', finish);
      }
    });
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  async #read(lane: number, from: number, maxRawBytes: number): Promise<LaneRead> {
    this.reads++;
    await Promise.resolve();
    const failure = this.failRead(lane);
    if (failure !== undefined) throw failure;
    if (this.failNextRead) {
      const error = this.failNextRead;
      this.failNextRead = undefined;
      throw error;
    }
    const blocks: Block[] = [];
    let raw = 0;
    let next = from;
    for (; next < this.blocks.length; next++) {
      const block = this.blocks[next];
      if ('why' in block) {
        // Losses belong to lane 0 here.
        if (lane !== 0) continue;
        return blocks.length > 0 ? { blocks, next, losses: [] } : { blocks, next: next + 1, losses: [block] };
      }
      if (block.lane !== lane) continue;
      if (blocks.length > 0 && raw + block.rawBytes > maxRawBytes) break;
      blocks.push(block);
      raw += block.rawBytes;
    }
    return { blocks, next, losses: [] };
  }
}
