/** What a sink loses, as gaps: by container as far as it is known whose lines they were. */
import type { Loss } from '../journal/types.js';
import { type Gap, OTHER_CONTAINERS } from '../pipeline/gaps.js';
import { ownerOf, parseLabelText } from '../pipeline/streams.js';

/** So many containers are named, those that lost most; the others are one. */
const MAX_NAMED = 20;

/** What one container lost. Undefined is what nobody knows; times are whole seconds since 1970. */
interface Share {
  readonly lines: number | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** `wants`: whether the sink wants the stream with these labels, in Loki's form: what it does not want it does not miss. */
export function gapsOf(sink: string, losses: readonly Loss[], wants: (labels: string) => boolean): Gap[] {
  return [...new Set(losses.map(({ why }) => why))].flatMap((why) => {
    const shares = sharesOf(
      losses.filter((loss) => loss.why === why),
      wants,
    );
    return [...shares].map(([container, { lines, from, to }]): Gap => {
      // In whole seconds: rounded so that nothing that is missing lies outside.
      const last = to === undefined ? undefined : { seconds: to, nanos: 999_999_999 };
      const first = from === undefined ? undefined : { seconds: from, nanos: 0 };
      return { container, sink, why, from: first, to: last, lines };
    });
  });
}

function sharesOf(losses: readonly Loss[], wants: (labels: string) => boolean): Map<string, Share> {
  const shares = new Map<string, Share>();
  for (const { streams = [], lines, firstSeconds: from, lastSeconds: to } of losses) {
    let unnamed = lines;
    for (const { labels, lines } of streams) {
      unnamed -= lines;
      const container = ownerOf(parseLabelText(labels)) ?? OTHER_CONTAINERS;
      if (wants(labels)) add(shares, container, { lines, from, to });
    }
    // None at all stands for a number that nobody knows.
    if (unnamed > 0 || lines === 0)
      add(shares, OTHER_CONTAINERS, { lines: lines === 0 ? undefined : unnamed, from, to });
  }
  const mostFirst = [...shares].sort(([, a], [, b]) => (b.lines ?? 0) - (a.lines ?? 0));
  const named = new Map(mostFirst.slice(0, MAX_NAMED));
  for (const [, share] of mostFirst.slice(MAX_NAMED)) add(named, OTHER_CONTAINERS, share);
  return named;
}

function add(shares: Map<string, Share>, container: string, share: Share): void {
  const before = shares.get(container);
  if (!before) shares.set(container, share);
  else
    shares.set(container, {
      lines: ofBoth(before.lines, share.lines, (a, b) => a + b),
      from: ofBoth(before.from, share.from, Math.min),
      to: ofBoth(before.to, share.to, Math.max),
    });
}

function ofBoth(
  a: number | undefined,
  b: number | undefined,
  join: (a: number, b: number) => number,
): number | undefined {
  return a === undefined || b === undefined ? undefined : join(a, b);
}
