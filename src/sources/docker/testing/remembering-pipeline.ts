/** A pipeline for tests that remembers positions and gaps at once, and lines not at all. */
import type { Pipeline, Position, SourceKey } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import { type Labels, StreamTable } from '../../../pipeline/streams.js';

export class RememberingPipeline implements Pipeline {
  readonly streams = new StreamTable();
  readonly isFirstStart = false;
  readonly positions = new Map<SourceKey, Position>();
  readonly gaps: (SourceGap & { readonly labels: Labels })[] = [];

  push(): undefined {}

  gap(gap: SourceGap, labels: Labels): void {
    this.gaps.push({ ...gap, labels });
  }

  setPosition(key: SourceKey, position: Position | undefined): void {
    if (position === undefined) this.positions.delete(key);
    else this.positions.set(key, position);
  }

  position(key: SourceKey): Position | undefined {
    return this.positions.get(key);
  }

  positionKeys(prefix: string): SourceKey[] {
    return [...this.positions.keys()].filter((key) => key.startsWith(prefix));
  }
}
