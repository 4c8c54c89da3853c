/**
 * Does a series grow? By the interval of its slope, never by the estimate alone:
 * - growing, falling: the estimate is beyond the mark, and the whole interval on its side of zero;
 * - steady: the whole interval lies within the mark, on both sides;
 * - anything else cannot be told yet.
 */
import type { Point } from './series.js';
import { robustSlope } from './theil-sen.js';

export type Verdict = 'steady' | 'growing' | 'falling' | 'too_short';

export interface TrendRule {
  /** Change an hour that is too much. */
  readonly mark: number;
  /** What is just starting grows: so many of the first minutes are left out. */
  readonly settlesMinutes: number;
  /** Of the minutes after that, at least so many are needed. */
  readonly enoughMinutes: number;
}

export interface Trend {
  /** Fitted slope, and the bounds of its 95 % interval; 0 where there is none yet. */
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOTHING: Trend = { perHour: 0, low: 0, high: 0, verdict: 'too_short' };

/** `points`: x in milliseconds, rising; `beganMs`: when what is judged began. */
export function trendOf(points: readonly Point[], beganMs: number, rule: TrendRule): Trend {
  const settled = points.filter(({ x }) => x >= beganMs + rule.settlesMinutes * MINUTE_MS);
  const first = settled[0]?.x ?? 0;
  const last = settled.at(-1)?.x ?? 0;
  const slope = robustSlope(settled.map(({ x, y }) => ({ x: (x - first) / HOUR_MS, y })));
  if (!slope) return NOTHING;
  const { estimate: perHour, low, high } = slope;
  const isLong = last - first >= rule.enoughMinutes * MINUTE_MS;
  return { perHour, low, high, verdict: isLong ? judge(perHour, low, high, rule.mark) : 'too_short' };
}

function judge(estimate: number, low: number, high: number, mark: number): Verdict {
  if (estimate > mark && low > 0) return 'growing';
  if (estimate < -mark && high < 0) return 'falling';
  return -mark < low && high < mark ? 'steady' : 'too_short';
}
