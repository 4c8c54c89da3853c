/** What the process holds and no scope owns: nothing. */
import type { Sample } from '../types.js';
import type { Question } from './seen.js';
import { counted, figure, signed } from './words.js';

/** A descriptor that is being opened or closed in the moment of a sample may show in it. */
const STRAY_SHARE = 0.01;

export const nothingUnowned: Question = {
  id: 'unowned',
  mark: 'the process holds nothing that no scope owns: 0 in all but 1 % of samples (at least one), and 0 at the end',
  reads: ['unowned'],
  answer: ({ run, samples }) => {
    const strays = run.filter((sample) => ofSample(sample).length > 0);
    const allowed = Math.max(1, Math.floor(run.length * STRAY_SHARE));
    const atEnd = ofSample(samples[samples.length - 1]);
    const worst = strays.length > 0 ? `, such as ${ofSample(strays[strays.length - 1]).join(', ')}` : '';
    const end = atEnd.length > 0 ? atEnd.join(', ') : '0';
    return {
      measured: `${figure(strays.length)} of ${counted(run.length, 'sample')} not 0${worst}; at the end ${end}`,
      verdict: strays.length <= allowed && atEnd.length === 0 ? 'pass' : 'fail',
    };
  },
};

/** "socket +3", kind by kind, where it is not 0. */
function ofSample({ unowned }: Sample): readonly string[] {
  return Object.entries(unowned)
    .filter(([, count]) => count !== 0)
    .map(([kind, count]) => `${kind} ${signed(count)}`);
}
