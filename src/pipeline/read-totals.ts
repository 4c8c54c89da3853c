/** What sources count. */
import type { ReadTotals, SourceFigures } from './contract.js';

/** What a source begins to count from. */
export function noReads(): ReadTotals {
  return { linesRead: 0, linesLate: 0, bytesRead: 0, rotations: 0, heartbeats: 0, requests: 0 };
}

/** Of a source that knows no containers and opens no streams of an engine. */
export const NO_CONTAINERS: Omit<SourceFigures, 'active' | 'retired'> = {
  containers: {},
  streams: [],
  streamCapacity: 0,
  waiting: 0,
  stalled: 0,
};

export function addReads(into: ReadTotals, more: Readonly<ReadTotals>): void {
  into.linesRead += more.linesRead;
  into.linesLate += more.linesLate;
  into.bytesRead += more.bytesRead;
  into.rotations += more.rotations;
  into.heartbeats += more.heartbeats;
  into.requests += more.requests;
}
