/**
 * Holds what an agent said of a growing file against what was written to it. The agent is killed and started again; each life of
 * it is a run.
 *
 * - In one run each line comes once, and in order.
 * - A line that came in one run may come in the next one: its sink is standard output, which cannot say what it has.
 * - A line may be missing where a cut destroyed it, and a gap stands there: from no later than the last line before it carries
 *   (from the beginning where there is none), until no earlier than that.
 * - There are no more gaps than cuts. (There may be fewer: two cuts between two looks are one.)
 */
import type { Deed, Style } from './growing-file.js';

export interface Written {
  readonly path: string;
  readonly style: Style;
  /** Lines 0 to `next` - 1. */
  readonly next: number;
  readonly destroyed: ReadonlySet<number>;
  readonly deeds: readonly Deed[];
}

/** A line of the agent's output. */
export interface SeenLine {
  readonly number: number;
  /** What it carries, as RFC 3339. */
  readonly time: string;
  readonly run: number;
}

/** RFC 3339; without `from` it begins before everything. */
export interface SeenGap {
  readonly why: string;
  readonly from: string | undefined;
  readonly to: string;
}

export interface Judgment {
  /** Lines that a cut destroyed, at a place that a gap tells of. */
  readonly destroyed: number;
  /** Lines that came in more than one run. */
  readonly again: number;
  readonly gaps: number;
  /** One sentence for each thing that is wrong, with what was done to the file around there. */
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly kind: 'lost' | 'untold' | 'twice' | 'disordered' | 'false_gap' | 'unwritten';
  readonly evidence: string;
}

export function judge(file: Written, seen: readonly SeenLine[], told: readonly SeenGap[]): Judgment {
  const faults: Fault[] = [];
  const say = (kind: Fault['kind'], line: number, what: string): void => {
    faults.push({
      kind,
      evidence: `${file.path} (${file.style}), line ${line}: ${what}; ${deedsAround(file, line)}`,
    });
  };
  const first = new Map<number, SeenLine>();
  let again = 0;
  let last: SeenLine | undefined;
  let inRun = new Set<number>();
  for (const line of seen) {
    if (line.run !== last?.run) {
      inRun = new Set();
      last = undefined;
    }
    if (line.number >= file.next) say('unwritten', line.number, 'nobody wrote it');
    if (inRun.has(line.number)) say('twice', line.number, `it came twice in run ${line.run}`);
    else if (last && line.number < last.number)
      say(
        'disordered',
        line.number,
        `it came behind line ${last.number} (${last.time}), at ${line.time} in run ${line.run}`,
      );
    if (!inRun.has(line.number) && first.has(line.number)) again++;
    inRun.add(line.number);
    if (!first.has(line.number)) first.set(line.number, line);
    last = line;
  }
  // After a kill a gap is told again, as lines are.
  const gaps = [...new Map(told.map((gap) => [JSON.stringify(gap), gap])).values()];
  let destroyed = 0;
  let before: SeenLine | undefined;
  for (let number = 0; number < file.next; number++) {
    const line = first.get(number);
    if (line) {
      before = line;
      continue;
    }
    const place = before
      ? `the last one before it is ${before.number} (${before.time}, run ${before.run})`
      : 'none came before it';
    if (!file.destroyed.has(number)) say('lost', number, `it is missing; ${place}`);
    else if (gaps.some((gap) => isAt(gap, before?.time))) destroyed++;
    else
      say(
        'untold',
        number,
        `a cut destroyed it, and no gap stands there; ${place}; gaps: ${JSON.stringify(gaps)}`,
      );
  }
  const cuts = file.style === 'copytruncate' ? file.deeds.length : 0;
  if (gaps.length > cuts)
    say('false_gap', file.next, `${gaps.length} gaps of ${cuts} cuts: ${JSON.stringify(gaps)}`);
  return { destroyed, again, gaps: gaps.length, faults };
}

function isAt({ from, to }: SeenGap, before: string | undefined): boolean {
  if (before === undefined) return from === undefined;
  return (from === undefined || from <= before) && before <= to;
}

/** What was done just before and just behind a line. */
function deedsAround({ deeds }: Written, number: number): string {
  const behind = deeds.findIndex(({ next }) => next > number);
  const at = behind < 0 ? deeds.length : behind;
  const around = deeds.slice(Math.max(0, at - 2), at + 2);
  const text = around.map(
    ({ what, next, ms }) => `${what} before line ${next} at ${new Date(ms).toISOString()}`,
  );
  return text.length > 0 ? text.join(', ') : 'it was never rotated';
}
