/**
 * The one order of the history: by time, and among lines of one time by their place in the journal, which is the order in
 * which they came. Backward is exactly the reverse of forward.
 */
import type { LineTime } from '../pipeline/line-time.js';

export type Direction = 'backward' | 'forward';

/** Names a line: `row` is its number within the block at `lsn`. */
export interface Place extends LineTime {
  readonly lsn: number;
  readonly row: number;
}

const SECOND_NANOS = 1_000_000_000;

/** Below 0 where `a` is earlier. */
export function compareTimes(a: LineTime, b: LineTime): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

export function comparePlaces(a: Place, b: Place): number {
  return compareTimes(a, b) || a.lsn - b.lsn || a.row - b.row;
}

export function justAfter({ seconds, nanos }: LineTime): LineTime {
  return nanos + 1 < SECOND_NANOS ? { seconds, nanos: nanos + 1 } : { seconds: seconds + 1, nanos: 0 };
}

/** What is in a range of time: [from, to). */
export interface TimeRange {
  readonly from: LineTime;
  readonly to: LineTime;
}
