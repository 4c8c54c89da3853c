import type { Position, SourceKey } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import type { SealedBlock } from './block-builder.js';
import type { Addition, StoredCursor } from './state.js';

/** What one commit makes durable. */
export class Group implements Addition {
  readonly blocks: SealedBlock[] = [];
  readonly positions = new Map<SourceKey, Position | undefined>();
  readonly cursors = new Map<string, StoredCursor>();
  readonly totals = new Map<string, number>();
  /** Lines were encoded for it that may not be in its blocks yet. */
  hasLines = false;

  get isEmpty(): boolean {
    return !this.hasLines && this.positions.size === 0 && this.cursors.size === 0 && this.totals.size === 0;
  }

  /** Of each lane, as the directories of its blocks say. */
  get lanes(): readonly number[] {
    const lanes = Array<number>(LANES).fill(0);
    for (const { lane, streams } of this.blocks) for (const { lines } of streams) lanes[lane] += lines;
    return lanes;
  }

  get lines(): number {
    return this.lanes.reduce((sum, lines) => sum + lines, 0);
  }
}
