/**
 * What sources push into: the processors in order, then the taps, then the journal. Everything happens before `push`
 * returns; only the journal's backpressure is a promise.
 */
import type { Batch } from './batch.js';
import type { Origin, Pipeline, Position, Processor, SourceKey, Tap } from './contract.js';
import type { StreamTable } from './streams.js';

/** What the intake needs of the journal. */
export interface JournalWriter {
  readonly isFirstStart: boolean;
  position(key: SourceKey): Position | undefined;
  positionKeys(prefix: string): SourceKey[];
  setPosition(key: SourceKey, position: Position | undefined): void;
  append(batch: Batch, key: SourceKey, position: Position, origin: Origin): Promise<void> | undefined;
}

export interface IntakeParts {
  readonly journal: JournalWriter;
  readonly streams: StreamTable;
  readonly processors: readonly Processor[];
  readonly taps: readonly Tap[];
}

export function createIntake({ journal, streams, processors, taps }: IntakeParts): Pipeline {
  const streamOf = (id: number) => streams.get(id);
  return {
    streams,
    isFirstStart: journal.isFirstStart,
    position: (key) => journal.position(key),
    positionKeys: (prefix) => journal.positionKeys(prefix),
    setPosition: (key, position) => journal.setPosition(key, position),
    push(batch, key, position, origin) {
      for (const processor of processors) processor.process(batch, streams);
      for (const tap of taps) tap.onBatch(batch, streamOf);
      return journal.append(batch, key, position, origin);
    },
  };
}
