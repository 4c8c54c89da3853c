import type { Position, SourceKey } from '../pipeline/contract.js';
import type { SealedBlock } from './block-builder.js';
import type { Changes, StoredCursor } from './state.js';

/** What one commit makes durable. */
export class Group implements Changes {
  readonly blocks: SealedBlock[] = [];
  readonly positions = new Map<SourceKey, Position | undefined>();
  readonly cursors = new Map<string, StoredCursor>();
  lines = 0;

  get isEmpty(): boolean {
    return this.lines === 0 && this.positions.size === 0 && this.cursors.size === 0;
  }
}
