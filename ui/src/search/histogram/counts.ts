/** Counts of lines by level and time, as /api/v1/histogram tells them, made ready to be drawn and to be said. */
import { LEVELS } from '../../query/levels.js';

export interface Counts {
  /** RFC 3339. Bucket i holds from + i * stepMs <= time < from + (i + 1) * stepMs. */
  readonly from: string;
  readonly to: string;
  readonly stepMs: number;
  /** Lines by bucket, for each level that there are any of. */
  readonly levels: Readonly<Record<string, readonly number[]>>;
  /** False while the counting still goes on. */
  readonly complete: boolean;
}

export interface Segment {
  readonly level: string;
  readonly count: number;
  /** Lines of this bar below it. */
  readonly below: number;
}

export interface Bar {
  /** Milliseconds since 1970. The last bar ends with the range. */
  readonly from: number;
  readonly to: number;
  readonly total: number;
  /** From the bottom up; levels without lines are left out. */
  readonly segments: readonly Segment[];
}

export function barsOf(counts: Counts): Bar[] {
  const start = Date.parse(counts.from);
  const end = Date.parse(counts.to);
  const levels = ordered(Object.keys(counts.levels));
  // Steps are whole milliseconds: the last ones may lie behind the range.
  const inRange = Math.ceil((end - start) / counts.stepMs);
  const length = Math.min(inRange, Math.max(0, ...levels.map((level) => counts.levels[level].length)));
  return Array.from({ length }, (_none, at) => {
    const segments: Segment[] = [];
    let total = 0;
    for (const level of levels) {
      const count = counts.levels[level][at] ?? 0;
      if (count === 0) continue;
      segments.push({ level, count, below: total });
      total += count;
    }
    const from = start + at * counts.stepMs;
    return { from, to: Math.min(from + counts.stepMs, end), total, segments };
  });
}

/** Lines of some bars by level, the worst first, without those that have none. */
export function totalsOf(bars: readonly Bar[]): { level: string; count: number }[] {
  const totals: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const { level, count } of bars.flatMap(({ segments }) => segments))
    totals[level] = (totals[level] ?? 0) + count;
  return ordered(Object.keys(totals)).map((level) => ({ level, count: totals[level] }));
}

/** The worst first: it stands at the bottom of a bar, where its height can be compared. One that is not known comes last. */
function ordered(levels: string[]): string[] {
  const rank = (level: string): number => {
    const at = (LEVELS as readonly string[]).indexOf(level);
    return at < 0 ? LEVELS.length : at;
  };
  return levels.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}
