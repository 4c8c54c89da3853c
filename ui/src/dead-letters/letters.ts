/** What `/api/v1/dead-letters` answers, and which letters go together. */
import { counted } from '../lib/format.js';

export const DEAD_LETTERS = 'api/v1/dead-letters';

export interface Letter {
  /** `<bundle>-<line>`. */
  readonly id: string;
  readonly sink: string;
  readonly reason: string;
  /** What the sink's server said; empty where it was not asked. */
  readonly said: string;
  readonly tenant?: string;
  readonly attempts: number;
  /** RFC 3339, to the millisecond. */
  readonly rejected: string;
  readonly time: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
  /** What processors found in it. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The line's bytes, where they are no UTF-8. */
  readonly base64?: string;
}

export interface LetterCount {
  readonly sink: string;
  readonly reason: string;
  readonly lines: number;
}

export interface LetterPage {
  readonly counts: readonly LetterCount[];
  /** On disk. */
  readonly bytes: number;
  readonly letters: readonly Letter[];
  readonly next?: string;
}

export interface Redriven {
  readonly delivered: number;
  /** By reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly left: number;
  readonly trouble?: string;
}

/** Which letters are meant; an empty one means all. Times are of the rejection, `until` itself is not meant. */
export interface LetterFilter {
  readonly sink?: string;
  readonly reason?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Letters that a sink refused in one moment for one reason. They can be given again, or deleted, together only. */
export interface Refusal {
  readonly key: string;
  readonly sink: string;
  readonly reason: string;
  readonly rejected: string;
  readonly letters: readonly Letter[];
}

/** In the order in which they come. */
export function refusals(letters: readonly Letter[]): Refusal[] {
  const byKey = new Map<string, Letter[]>();
  for (const letter of letters) {
    const key = JSON.stringify([letter.sink, letter.reason, letter.rejected]);
    const together = byKey.get(key);
    if (together) together.push(letter);
    else byKey.set(key, [letter]);
  }
  return [...byKey].map(([key, together]) => {
    const { sink, reason, rejected } = together[0];
    return { key, sink, reason, rejected, letters: together };
  });
}

/** Means the letters of this refusal, also those that are not shown, and no others. */
export function filterOf({
  sink,
  reason,
  rejected,
}: Pick<Refusal, 'sink' | 'reason' | 'rejected'>): LetterFilter {
  return { sink, reason, since: rejected, until: new Date(Date.parse(rejected) + 1).toISOString() };
}

/** `?sink=loki&reason=too_old`; empty for a filter that means all. */
export function queryOf(filter: LetterFilter, more: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries({ ...filter, ...more }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** How many lines a filter by sink and reason means. */
export function linesOf(counts: readonly LetterCount[], { sink, reason }: LetterFilter): number {
  return counts
    .filter((count) => (!sink || sink === count.sink) && (!reason || reason === count.reason))
    .reduce((sum, { lines }) => sum + lines, 0);
}

/** Several redrives as one. */
export function together(results: readonly Redriven[]): Redriven {
  const refused = new Map<string, number>();
  for (const result of results)
    for (const [reason, lines] of Object.entries(result.refused))
      refused.set(reason, (refused.get(reason) ?? 0) + lines);
  const trouble = results.find((result) => result.trouble)?.trouble;
  return {
    delivered: results.reduce((sum, { delivered }) => sum + delivered, 0),
    refused: Object.fromEntries(refused),
    left: results.reduce((sum, { left }) => sum + left, 0),
    ...(trouble !== undefined && { trouble }),
  };
}

/** What became of them, in a sentence. */
export function outcome({ delivered, refused, left, trouble }: Redriven): string {
  const again = Object.entries(refused).filter(([, lines]) => lines > 0);
  const parts = [
    delivered > 0 ? `${counted(delivered, 'line')} delivered` : '',
    ...again.map(([reason, count]) => `${counted(count, 'line')} refused again (${reason})`),
    left > 0 ? `${counted(left, 'line')} left` : '',
  ].filter(Boolean);
  const sentence = parts.length === 0 ? 'There was nothing to redrive.' : `${parts.join(', ')}.`;
  return trouble ? `${sentence} ${trouble}` : sentence;
}
