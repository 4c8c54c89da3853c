/** Where containers are to be replaced: that they are, all along. */
import type { Question } from './seen.js';
import { figure } from './words.js';

/** A replacement takes some ten seconds, and twice that where a container has to be killed. */
const LEAST_A_MINUTE = 1;
const ENOUGH_SECONDS = 30;

export const containersReplaced: Question = {
  id: 'churn',
  mark: 'a container is replaced every minute at least',
  reads: ['containers'],
  answer: ({ facts }) => {
    if (!facts.options.churn) return [];
    const wanted = Math.max(1, Math.floor((facts.ranSeconds / 60) * LEAST_A_MINUTE));
    const measured = `${figure(facts.replaced)} replaced`;
    if (facts.ranSeconds < ENOUGH_SECONDS) return { measured, verdict: 'short' };
    return { measured, verdict: facts.replaced >= wanted ? 'pass' : 'fail' };
  },
};
