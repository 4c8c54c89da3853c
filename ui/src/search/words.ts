/** What the search page says, in words. Pure. */
import { bytes, count, counted, duration } from '../lib/format.js';
import { millisOf, momentText, type Zone } from '../lib/time.js';
import { isEverything, rangeInWords, secondWords, spanOf, type TimeRange } from '../time-range/range.js';
import type { Order } from './address.js';
import type { SearchState } from './run.js';

/** The line above the results: what is there, and what it took. */
export function statusWords(
  state: SearchState,
  range: TimeRange,
  order: Order,
  zone: Zone,
  now: number,
): string {
  const { reachedTime } = state;
  const direction = order === 'newest' ? 'back' : 'up';
  const reached =
    reachedTime === null ? '' : `${direction} to ${secondWords(millisOf(reachedTime), zone, now)}`;
  const { phase, found, continueAt, damagedBlocks, removedSegments, unjudgedLines } = state;
  const damage = damagedBlocks > 0 ? `${counted(damagedBlocks, 'damaged block')} could not be read` : '';
  const removed =
    removedSegments > 0
      ? `the oldest of it was removed meanwhile (${counted(removedSegments, 'segment')})`
      : '';
  const unjudged =
    unjudgedLines > 0 ? `${counted(unjudgedLines, 'line')} left out: the query takes too long for them` : '';
  if (phase === 'working') return joined(`${counted(found, 'line')} found`, scannedWords(state), reached);
  if (phase === 'cancelled') return joined(`Cancelled: ${counted(found, 'line')} found`, reached);
  if (phase === 'failed') return `${counted(found, 'line')} found before it failed`;
  const which = continueAt === null ? counted(found, 'line') : `The ${order} ${counted(found, 'line')}`;
  if (state.isFull)
    return joined(`${which} ${rangeInWords(range)}, as many as a page holds`, damage, unjudged);
  const cost = `${bytes(state.scannedBytes)} scanned in ${duration(state.elapsedMs / 1000)}`;
  return joined(`${which} ${rangeInWords(range)}`, cost, damage, removed, unjudged);
}

function scannedWords({ scannedBytes, totalBytes }: SearchState): string {
  if (totalBytes === 0) return '';
  return `${bytes(scannedBytes)} of ${bytes(totalBytes)} scanned`;
}

/** Between 0 and 1; null where it cannot be told. */
export function progressOf({ scannedBytes, totalBytes }: SearchState): number | null {
  return totalBytes > 0 ? Math.min(1, scannedBytes / totalBytes) : null;
}

export interface NothingFound {
  readonly title: string;
  readonly reach: string;
  /** What one click may do about it. */
  readonly offers: 'everything' | 'no-query' | 'containers';
}

/** `oldest` is the time of the history's first line, null where there is none, undefined where it is not known. */
export function nothingFound(
  query: string,
  range: TimeRange,
  oldest: string | null | undefined,
  zone: Zone,
  now: number,
): NothingFound {
  if (oldest === null)
    return {
      title: 'The history is empty.',
      reach: 'Lines appear as soon as a container writes one.',
      offers: 'containers',
    };
  const title = query === '' ? `No lines ${rangeInWords(range)}.` : `No line matches ${rangeInWords(range)}.`;
  const reach =
    oldest === undefined ? '' : `The history reaches back to ${momentText(millisOf(oldest), zone)}.`;
  const span = spanOf(range, now);
  if (oldest !== undefined && span !== null && span.to <= millisOf(oldest))
    return {
      title: `${rangeInWords(range) === 'in this time' ? 'This time' : 'All of this'} is before the history begins.`,
      reach,
      offers: 'everything',
    };
  return { title, reach, offers: isEverything(range) ? 'no-query' : 'everything' };
}

/** The histogram as one sentence. */
export function countsWords(
  totals: readonly { level: string; count: number }[],
  isComplete: boolean,
): string {
  const all = totals.reduce((sum, one) => sum + one.count, 0);
  const levels = totals.map((one) => `${count(one.count)} ${one.level}`).join(', ');
  return `${counted(all, 'line')}${isComplete ? '' : ' counted so far'}${levels && `: ${levels}`}`;
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
