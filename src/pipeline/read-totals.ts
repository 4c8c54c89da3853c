import type { ReadTotals } from './contract.js';

/** What a source begins to count from. */
export function noReads(): ReadTotals {
  return { linesRead: 0, bytesRead: 0, gaps: 0, rotations: 0, heartbeats: 0, requests: 0 };
}

export function addReads(into: ReadTotals, more: Readonly<ReadTotals>): void {
  into.linesRead += more.linesRead;
  into.bytesRead += more.bytesRead;
  into.gaps += more.gaps;
  into.rotations += more.rotations;
  into.heartbeats += more.heartbeats;
  into.requests += more.requests;
}
