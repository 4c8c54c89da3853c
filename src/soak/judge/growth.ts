/**
 * Does something grow? Judged by the interval of its slope over the run, never by the estimate alone:
 * - pass: the upper bound is below the mark;
 * - fail: growth is proven. The estimate is beyond the mark and clears zero by twice its uncertainty; in a short run it
 *   must also make at least two, so that the jitter of a handful of samples is no proof;
 * - otherwise it cannot be told. A run that was long enough to tell fails for that; a shorter one is not judged.
 * Samples within a fault are left out, as what streams hold goes and comes again. So are those in which what is judged is
 * still settling, where the run is long enough to judge the rest; what it grew by until then is told.
 */
import type { Criterion } from '../../selftest/criteria.js';
import type { Sample } from '../types.js';
import type { Answer, Question, Seen } from './seen.js';
import { fitSlope } from './statistics.js';
import { added, named } from './trees.js';
import { figure, signed } from './words.js';

export interface GrowthRule {
  /** Growth for each `unitSeconds` that is too much. */
  readonly mark: number;
  /** 60 for "a minute", 3600 for "an hour". */
  readonly unitSeconds: number;
  /** As in "a minute". */
  readonly unit: string;
  /** It settles for so long from the run's beginning: that is left out. */
  readonly settlesSeconds: number;
  /** Runs shorter than this, once it has settled, may be unable to tell. */
  readonly enoughSeconds: number;
  /** In such a run, growth by less than this over all of it proves nothing. */
  readonly leastInShort: number;
}

const MINUTE: GrowthRule = {
  mark: 0.1,
  unitSeconds: 60,
  unit: 'a minute',
  settlesSeconds: 0,
  enoughSeconds: 600,
  leastInShort: 2,
};
const MARK = 'grows by less than 0.1 a minute';

export function judgeGrowth(
  seen: Seen,
  read: (sample: Sample) => number | undefined,
  rule: GrowthRule,
): Answer {
  const all = seen.calm.flatMap((sample) => {
    const y = read(sample);
    return y === undefined ? [] : [{ x: sample.seconds / rule.unitSeconds, y }];
  });
  const isLong = seen.runSeconds >= rule.settlesSeconds + rule.enoughSeconds;
  const settledAt = ((seen.run[0]?.seconds ?? 0) + rule.settlesSeconds) / rule.unitSeconds;
  const points = isLong ? all.filter(({ x }) => x >= settledAt) : all;
  const slope = fitSlope(points);
  if (!slope) {
    return {
      measured: `${figure(points.length)} samples are too few to tell`,
      verdict: isLong ? 'fail' : 'short',
    };
  }
  const { estimate, low, high } = slope;
  const settling = points.length < all.length ? settlingOf(all[0].y, points[0].y, rule) : '';
  const measured = `${signed(estimate)} (${figure(low)} to ${figure(high)}) ${rule.unit}${settling}`;
  if (high < rule.mark) return { measured, verdict: 'pass' };
  const overall = (estimate * seen.runSeconds) / rule.unitSeconds;
  const isClear = estimate > rule.mark && 2 * low > estimate;
  const isProven = isClear && (isLong || overall >= rule.leastInShort);
  if (isProven) return { measured, verdict: 'fail' };
  const doubt = isLong ? 'cannot be told apart from growth' : 'too short a run to tell';
  return { measured: `${measured}: ${doubt}`, verdict: isLong ? 'fail' : 'short' };
}

/** What scopes own, by kind; a failure names the scopes. */
export const ownedGrowth: Question = {
  id: 'growth',
  mark: MARK,
  reads: ['resources', 'trees'],
  answer: (seen) =>
    kinds(seen.run.map(({ resources }) => resources)).map((kind) => {
      const { measured, verdict } = judgeGrowth(seen, ({ resources }) => resources[kind] ?? 0, MINUTE);
      const names = verdict === 'fail' ? namesOf(kind, seen) : '';
      return { id: `growth.${kind}`, mark: MARK, measured: measured + names, verdict };
    }),
};

/** What no scope owns, by kind. */
export const unownedGrowth: Question = {
  id: 'growth.unowned',
  mark: MARK,
  reads: ['unowned'],
  answer: (seen) =>
    kinds(seen.run.map(({ unowned }) => unowned)).map((kind) => ({
      id: `growth.unowned.${kind}`,
      mark: MARK,
      ...judgeGrowth(seen, ({ unowned }) => unowned[kind] ?? 0, MINUTE),
    })),
};

export const descriptorGrowth: Question = {
  id: 'growth.descriptors',
  mark: MARK,
  reads: ['fds'],
  answer: (seen) => judgeGrowth(seen, ({ fds }) => fds, MINUTE),
};

function settlingOf(from: number, to: number, { settlesSeconds }: GrowthRule): string {
  return `, after ${signed(to - from)} in the first ${figure(settlesSeconds / 60)} minutes`;
}

function namesOf(kind: string, { facts }: Seen): string {
  if (!facts.trees) return '';
  const rows = added(facts.trees.baseline, facts.trees.run).filter((row) => row.kind === kind);
  return rows.length > 0 ? `; since the baseline ${named(rows)}` : '';
}

function kinds(records: readonly Readonly<Record<string, number>>[]): readonly Criterion['id'][] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}
