/** Every line exactly once, by three counts of three parties, and nothing that the agent itself cannot account for. */
import type { Question } from './seen.js';
import { counted, figure } from './words.js';

export const everyLineOnce: Question = {
  id: 'lines',
  mark: 'every line exactly once, in order or told to be late, and whole: written = read by the agent = seen at its sink, 0 faults',
  reads: ['linesSeen', 'linesSeenLate', 'linesRead', 'linesLate', 'lineFaults', 'linesClaimed'],
  answer: ({ samples, facts }) => {
    const [first] = samples;
    const last = samples[samples.length - 1];
    // An agent may have read other lines before the first sample; of ours it had read those that were seen by then.
    const read = last.linesRead - first.linesRead + first.linesSeen;
    const isWhole = last.linesSeen === facts.linesClaimed && read === facts.linesClaimed;
    const told = last.linesLate - first.linesLate + first.linesSeenLate;
    const late =
      last.linesSeenLate + told > 0 ? `${figure(last.linesSeenLate)} late, ${figure(told)} told, ` : '';
    return {
      measured:
        `${figure(facts.linesClaimed)} written, ${figure(read)} read, ${figure(last.linesSeen)} seen, ` +
        late +
        counted(last.lineFaults, 'fault'),
      // A hole may be at the end of an output, with nothing behind it: then what comes late comes in order.
      verdict: isWhole && last.lineFaults === 0 && last.linesSeenLate <= told ? 'pass' : 'fail',
    };
  },
};

export const noGaps: Question = {
  id: 'gaps',
  mark: 'no gap is told',
  reads: ['gaps'],
  answer: ({ samples }) => {
    const gaps = samples[samples.length - 1].gaps - samples[0].gaps;
    return { measured: counted(gaps, 'gap'), verdict: gaps === 0 ? 'pass' : 'fail' };
  },
};

export const nothingUnaccounted: Question = {
  id: 'unaccounted',
  mark: 'the agent accounts for every line, in every sample',
  reads: ['unaccountedLines'],
  answer: ({ samples }) => {
    const off = samples.filter(({ unaccountedLines }) => unaccountedLines !== 0);
    return {
      measured: `not 0 in ${figure(off.length)} of ${counted(samples.length, 'sample')}`,
      verdict: off.length === 0 ? 'pass' : 'fail',
    };
  },
};
