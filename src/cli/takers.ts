/** Which sinks take what a container writes: their `match`, tried on each stream that the container may have. */
import type { Config } from '../config/types.js';
import { wantedBy } from '../pipeline/hidden-labels.js';
import { compileMatch, type Matcher } from '../pipeline/match.js';
import { CATCH_UP_LABEL, type Labels } from '../pipeline/streams.js';

export const OUTPUTS = ['stdout', 'stderr'] as const;

export interface Taker {
  readonly sink: string;
  /** Those of `OUTPUTS` that it takes, live or while catching up: at least one. */
  readonly outputs: readonly string[];
}

/** By the sink's name. */
export type Matchers = ReadonlyMap<string, Matcher>;

export function matchersOf(sinks: Config['sinks']): Matchers {
  const entries = Object.entries(sinks);
  return new Map(
    entries.map(([name, { match }]) => [name, wantedBy(name, match ? compileMatch(match) : undefined)]),
  );
}

/** `labels` are the container's, without `outputLabel`, which says stdout or stderr. */
export function takersOf(labels: Labels, outputLabel: string, matchers: Matchers): Taker[] {
  return [...matchers].flatMap(([sink, matches]) => {
    const outputs = OUTPUTS.filter((output) => {
      const live = { ...labels, [outputLabel]: output };
      return matches(live) || matches({ ...live, [CATCH_UP_LABEL]: 'true' });
    });
    return outputs.length > 0 ? [{ sink, outputs }] : [];
  });
}
