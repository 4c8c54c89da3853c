/**
 * A gap: lines that were written and will not be had, with container, time and reason. Told as a message of the log, by
 * metric and API, and, where a source has it, by a line of its own in the container's history, where the lines are missing.
 *
 * What is missing was written from `from` to `to`. A source says what the lines beside it carry; what is told is wider by
 * SKEW_SECONDS on both sides.
 */
import { Batch } from './batch.js';
import { type LineTime, timeText } from './line-time.js';

/** The closed list; docs/errors.md says of each what it means and what to do. */
export const GAP_REASONS = [
  'rotated',
  'skipped',
  'removed',
  'truncated',
  'blind',
  'descriptors',
  'non_blocking',
  'overflow',
  'cap',
  'damaged',
] as const;

export type GapReason = (typeof GAP_REASONS)[number];

/**
 * stdout and stderr are stamped each by itself, before their order in the log is settled: a line may carry an earlier time
 * than the one in front of it. Milliseconds, as a rule.
 */
const SKEW_SECONDS = 1;

/** What a source knows of lines that it could not read. */
export interface SourceGap {
  readonly why: GapReason;
  /** Time of the last line before; undefined where there is none, or it is not known. */
  readonly from: LineTime | undefined;
  /** Time of the first line behind it, or of the moment where none will come; undefined where nobody can know where it is. */
  readonly to: LineTime | undefined;
  /** What happened there, in words that complete "lines are missing: "; else those of the reason. */
  readonly detail?: string;
  /** How many, where that is known. */
  readonly lines?: number | undefined;
}

export interface Gap extends SourceGap {
  /** Its name; OTHER_CONTAINERS for those that nobody can name. */
  readonly container: string;
  /** The sink that will not have them; the history had them. Undefined: nobody will. */
  readonly sink?: string;
}

export const OTHER_CONTAINERS = '_other';

interface Words {
  /** Whether it is certain that lines were there. */
  readonly isCertain: boolean;
  readonly why: string;
}

const WORDS: Readonly<Record<GapReason, Words>> = {
  rotated: { isCertain: true, why: 'the log rotated faster than it could be read' },
  skipped: { isCertain: false, why: 'the engine left them out when it served a log that rotated' },
  removed: { isCertain: false, why: 'the container was removed before its log was read to the end' },
  truncated: { isCertain: false, why: 'somebody cut the log file short' },
  blind: { isCertain: false, why: 'they were written and removed while the agent was not running' },
  descriptors: { isCertain: true, why: 'no more files could be opened' },
  non_blocking: {
    isCertain: false,
    why: 'it logs with mode=non-blocking, where the engine drops lines when its buffer is full',
  },
  overflow: { isCertain: true, why: 'they came faster than they could be taken' },
  cap: {
    isCertain: true,
    why: 'the journal reached its size limit, or was deleted, before they were delivered',
  },
  damaged: { isCertain: true, why: 'they are damaged on the disk' },
};

/** As it is told, of the container with this name. */
export function gapOf(container: string, gap: SourceGap): Gap {
  const { from, to } = gap;
  return {
    ...gap,
    container,
    from: from && { ...from, seconds: Math.max(0, from.seconds - SKEW_SECONDS) },
    to: to && { ...to, seconds: to.seconds + SKEW_SECONDS },
  };
}

/** One sentence without its full stop, and without the container's name. */
export function gapSentence({ why, from, to, detail, lines }: Omit<Gap, 'container'>): string {
  const { isCertain, why: words } = WORDS[why];
  const who = lines === undefined ? 'lines' : lines === 1 ? '1 line' : `${lines} lines`;
  const verb = !isCertain && lines === undefined ? 'may be' : lines === 1 ? 'is' : 'are';
  const since = from && ` from ${timeText(from.seconds, from.nanos)}`;
  const until = to && `${from ? ' to' : ' up to'} ${timeText(to.seconds, to.nanos)}`;
  return `${who}${since ?? ''}${until ?? ''} ${verb} missing: ${detail ?? words}`;
}

/** The line that stands in the history where the lines are missing, as a batch of its own. */
export function gapLine(gap: Gap, streamId: number, { seconds, nanos }: LineTime): Batch {
  const text = Buffer.from(`log-capturer: ${gapSentence(gap)}`);
  const batch = new Batch(text, 1);
  batch.add(0, text.length, streamId, seconds, nanos, 0);
  return batch;
}
