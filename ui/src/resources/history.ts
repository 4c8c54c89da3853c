/** What `GET /api/v1/resources/history` answers, as charts and as words. */
import { bytes, digits, duration } from '../lib/format.js';

/** Null is what could not be seen. */
export type Series = readonly (number | null)[];

/** All of the same length; `time` in milliseconds since 1970, rising. */
export interface Samples {
  readonly time: readonly number[];
  readonly rssBytes: Series;
  readonly heapUsedBytes: Series;
  readonly fds: Series;
  readonly eventLoopDelayP99Ms: Series;
  readonly cpuPercent: Series;
  /** What scopes own, by kind; what nobody owns, which must be 0. */
  readonly owned: Readonly<Record<string, Series>>;
  readonly unowned: Readonly<Record<string, Series>>;
}

export interface Verdict {
  /** `rssBytes`, `owned.timer`, … */
  readonly series: string;
  readonly unit: string;
  /** Fitted slope, and the bounds of its 95 % interval. */
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: 'steady' | 'growing' | 'falling' | 'too_short';
}

export interface History {
  readonly everyMs: number;
  readonly samples: Samples;
  readonly verdicts: readonly Verdict[];
}

export type Unit = 'bytes' | 'count' | 'ms' | 'percent';

/** `1.23 MiB`, `12`, `3.4 ms`, `0.5 %` */
export function amount(value: number, unit: Unit): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (unit === 'bytes') return `${sign}${bytes(size)}`;
  const text = `${sign}${digits(size)}`;
  if (unit === 'ms') return `${text} ms`;
  return unit === 'percent' ? `${text} %` : text;
}

/** One sentence: what the slope of a series says, and between which bounds it lies. */
export function verdictSentence({ perHour, low, high, verdict }: Verdict, unit: Unit): string {
  const bounds = `${signed(low, unit)} to ${signed(high, unit)} an hour`;
  switch (verdict) {
    case 'steady':
      return `Steady (${bounds})`;
    case 'growing':
      return `Growing by ${amount(perHour, unit)} an hour (${bounds})`;
    case 'falling':
      return `Falling by ${amount(-perHour, unit)} an hour (${bounds})`;
    default:
      return low === 0 && high === 0 ? 'Too short a time to say' : `Not to be told yet (${bounds})`;
  }
}

/** What is said of all series together. */
export function overall(verdicts: readonly Verdict[]): {
  readonly state: Verdict['verdict'];
  readonly growing: string[];
} {
  const growing = verdicts.filter(({ verdict }) => verdict === 'growing').map(({ series }) => series);
  if (growing.length > 0) return { state: 'growing', growing };
  const isShort = verdicts.length === 0 || verdicts.some(({ verdict }) => verdict === 'too_short');
  return { state: isShort ? 'too_short' : 'steady', growing };
}

/** How many things nobody owns, at the newest sample; too much of one kind does not hide too little of another. */
export function unownedNow({ unowned }: Samples): number {
  return Object.values(unowned).reduce((sum, series) => sum + Math.abs(series.at(-1) ?? 0), 0);
}

/** The least, the most and the newest of a series; undefined where there is none. */
export function spanOf(
  series: Series,
): { readonly least: number; readonly most: number; readonly last: number } | undefined {
  let span: { least: number; most: number; last: number } | undefined;
  for (const value of series) {
    if (value === null) continue;
    span = span
      ? { least: Math.min(span.least, value), most: Math.max(span.most, value), last: value }
      : { least: value, most: value, last: value };
  }
  return span;
}

/** Where samples were not taken, as while the machine slept, the line is broken: a null stands in the middle. Seconds. */
export function withBreaks(
  time: readonly number[],
  series: Series,
  everyMs: number,
): [x: number[], y: (number | null)[]] {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const step = (at: number): number => (at > 0 && at < time.length ? time[at] - time[at - 1] : 0);
  for (const [at, ms] of time.entries()) {
    // Old samples are thinned out: what is usual there is what their neighbours have.
    const usual = Math.max(everyMs, step(at - 1), step(at + 1));
    if (step(at) > 3 * usual) {
      x.push((ms - step(at) / 2) / 1000);
      y.push(null);
    }
    x.push(ms / 1000);
    y.push(series[at] ?? null);
  }
  return [x, y];
}

/** How often, and over how long. */
export function extent({ everyMs, samples: { time } }: History): string {
  const [first, last] = [time[0], time.at(-1)];
  if (first === undefined || last === undefined) return 'no sample yet';
  return `a sample every ${duration(everyMs / 1000)}, over ${duration((last - first) / 1000)}`;
}

function signed(value: number, unit: Unit): string {
  return value > 0 ? `+${amount(value, unit)}` : amount(value, unit);
}
