/** What a self-test asks, what it measured, and whether that will do. */

/** `short`: the run was too short to judge it; no reason to fail. */
export type Verdict = 'pass' | 'fail' | 'short';

export interface Criterion {
  /** Stable, such as `growth.timer` or `lines`. */
  readonly id: string;
  /** The mark, in words: "grows by less than 0.1 a minute". */
  readonly mark: string;
  /** What was measured, in words with figures. */
  readonly measured: string;
  readonly verdict: Verdict;
}

/** None of them failed; nothing judged is nothing proven. */
export function hasPassed(criteria: readonly Criterion[]): boolean {
  return criteria.length > 0 && criteria.every(({ verdict }) => verdict !== 'fail');
}
