/** Memory: what lives after a forced collection, and what the system says is resident. */
import { type GrowthRule, judgeGrowth } from './growth.js';
import type { Question } from './seen.js';

const MEGABYTE = 1e6;
/**
 * V8 compiles what runs seldom only after many minutes: heap snapshots of a soak's eighth and fourth minute differ by
 * compiled code and what belongs to it, and by no object. Such growth ends with the program's size, and says nothing of the
 * hours after.
 */
const HOUR: Omit<GrowthRule, 'mark'> = {
  unitSeconds: 3600,
  unit: 'MB an hour',
  settlesSeconds: 1200,
  enoughSeconds: 1200,
  leastInShort: Number.POSITIVE_INFINITY,
};

export const liveMemory: Question = {
  id: 'memory.live',
  mark: 'heap and external memory after a forced collection grow by less than 1 MB an hour',
  reads: ['heapBytes', 'externalBytes'],
  answer: (seen) =>
    judgeGrowth(
      seen,
      ({ heapBytes, externalBytes }) =>
        heapBytes === undefined || externalBytes === undefined
          ? undefined
          : (heapBytes + externalBytes) / MEGABYTE,
      { ...HOUR, mark: 1 },
    ),
};

export const residentMemory: Question = {
  id: 'memory.resident',
  mark: 'resident memory grows by less than 10 MB an hour',
  reads: ['residentBytes'],
  answer: (seen) =>
    judgeGrowth(
      seen,
      ({ residentBytes }) => (residentBytes === undefined ? undefined : residentBytes / MEGABYTE),
      { ...HOUR, mark: 10 },
    ),
};
