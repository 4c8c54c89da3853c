/** The verdict over a soak as a whole. */
import type { Criterion } from '../types.js';

/** None of them failed; nothing judged is nothing proven. */
export function hasPassed(criteria: readonly Criterion[]): boolean {
  return criteria.length > 0 && criteria.every(({ verdict }) => verdict !== 'fail');
}
