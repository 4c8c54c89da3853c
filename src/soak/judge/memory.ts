/** Memory: what lives after a forced collection, compiled code apart, and what the system says is resident. */

import type { Sample } from '../types.js';
import { type GrowthRule, judgeGrowth } from './growth.js';
import type { Question } from './seen.js';

const MEGABYTE = 1e6;
/**
 * V8 compiles what runs seldom only after many minutes, and again what it had compiled too boldly: heap snapshots of a soak's
 * eighth and fourth minute differ by compiled code and what belongs to it, and by no object; so do two with 300 replaced
 * containers between them. Such growth ends with the program's size: it is judged apart, with a mark of its own.
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
  mark: 'heap without compiled code, and external memory, after a forced collection, grow by less than 1 MB an hour',
  reads: ['heapBytes', 'externalBytes', 'codeBytes'],
  answer: (seen) => judgeGrowth(seen, inMegabytes(liveBytes), { ...HOUR, mark: 1 }),
};

export const codeMemory: Question = {
  id: 'memory.code',
  mark: 'compiled code grows by less than 2 MB an hour',
  reads: ['codeBytes'],
  answer: (seen) =>
    judgeGrowth(
      seen,
      inMegabytes(({ codeBytes }) => codeBytes),
      { ...HOUR, mark: 2 },
    ),
};

export const residentMemory: Question = {
  id: 'memory.resident',
  mark: 'resident memory grows by less than 10 MB an hour',
  reads: ['residentBytes'],
  answer: (seen) =>
    judgeGrowth(
      seen,
      inMegabytes(({ residentBytes }) => residentBytes),
      { ...HOUR, mark: 10 },
    ),
};

/** What the program keeps; what V8 makes of its code is judged apart. */
export function liveBytes({ heapBytes, externalBytes, codeBytes }: Sample): number | undefined {
  if (heapBytes === undefined || externalBytes === undefined || codeBytes === undefined) return undefined;
  return heapBytes + externalBytes - codeBytes;
}

function inMegabytes(bytes: (sample: Sample) => number | undefined): (sample: Sample) => number | undefined {
  return (sample) => {
    const value = bytes(sample);
    return value === undefined ? undefined : value / MEGABYTE;
  };
}
