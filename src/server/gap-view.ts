/** Gaps as the API shows them. Times are RFC 3339 with nanoseconds; null stands for what nobody knows. */
import type { GapRegister, ToldGap } from '../pipeline/gap-register.js';
import { gapSentence } from '../pipeline/gaps.js';
import { type LineTime, timeText } from '../pipeline/line-time.js';

export interface GapView {
  /** Rises by one with each gap, over restarts. */
  readonly number: number;
  /** When it was told, or last grew. */
  readonly told: string;
  readonly container: string;
  /** Null: nobody will have the lines; else that sink will not. */
  readonly sink: string | null;
  readonly why: string;
  /** What is missing was written between these. */
  readonly from: string | null;
  readonly to: string | null;
  readonly lines: number | null;
  /** All of it, for people. */
  readonly text: string;
}

export interface GapsView {
  /** The last thousand, the newest first. */
  readonly gaps: readonly GapView[];
  /** Of this run, by reason. */
  readonly counts: Readonly<Record<string, number>>;
}

export function gapsView({ newest, counts }: Pick<GapRegister, 'newest' | 'counts'>): GapsView {
  return { gaps: newest.map(viewOf), counts: Object.fromEntries(counts) };
}

function viewOf(gap: ToldGap): GapView {
  const { number, toldMs, container, sink = null, why, from, to, lines = null } = gap;
  return {
    number,
    told: new Date(toldMs).toISOString(),
    container,
    sink,
    why,
    from: shown(from),
    to: shown(to),
    lines,
    text: gapSentence(gap),
  };
}

function shown(time: LineTime | undefined): string | null {
  return time ? timeText(time.seconds, time.nanos) : null;
}
