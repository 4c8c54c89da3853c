/** Gaps as the API shows them. Times are RFC 3339 with nanoseconds; null stands for what nobody knows. */
import type { GapRegister, ToldGap } from '../pipeline/gap-register.js';
import { gapSentence } from '../pipeline/gaps.js';
import { type LineTime, timeText } from '../pipeline/line-time.js';
import type { GapsView, GapView } from './shapes/gap.js';

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
