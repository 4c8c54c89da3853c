/** How verdicts are put in words and in order. */
import type { Criterion, Verdict } from '../criteria.js';

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  short: 'SHORT',
};

const GRAVITY: readonly Verdict[] = ['fail', 'short', 'pass'];

/** The failed ones first, otherwise as given. */
export function gravestFirst(criteria: readonly Criterion[]): Criterion[] {
  return criteria.toSorted((a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict));
}

/** `2 of 24 criteria failed`. */
export function inOneSentence(criteria: readonly Criterion[]): string {
  const of = (verdict: Verdict): number =>
    criteria.filter((criterion) => criterion.verdict === verdict).length;
  const all = `${criteria.length} ${criteria.length === 1 ? 'criterion' : 'criteria'}`;
  const short = of('short');
  const unjudged = short > 0 ? `; ${short} could not be judged` : '';
  if (criteria.length === 0) return 'nothing was judged';
  return of('fail') > 0 ? `${of('fail')} of ${all} failed${unjudged}` : `none of ${all} failed${unjudged}`;
}
