import type { ReaderCounts } from './types.js';

export function noCounts(): ReaderCounts {
  return {
    bytesRead: 0,
    linesRead: 0,
    linesLate: 0,
    linesCut: 0,
    malformed: 0,
    incomplete: 0,
    skippedHistoryBytes: 0,
    rotations: 0,
    requests: 0,
  };
}
