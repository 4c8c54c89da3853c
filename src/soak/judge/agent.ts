/** What the agent says of itself: that it answers, its health, its log, its share of the processor. */
import type { Sample } from '../types.js';
import { grown, leftOut, type Question } from './seen.js';
import { counted, figure } from './words.js';

/** Of the samples that should have been taken in the run, but for the longest silence. */
const ENOUGH = 0.8;
/** Longest time without one, in intervals between samples, and in seconds: this machine may have stood still. */
const LONGEST_SILENCE = { intervals: 5, seconds: 15 };

export const agentAnswers: Question = {
  id: 'samples',
  mark: 'none of its silences lasted five samples (at least 15 s), and of those outside of the longest 80 % were answered',
  reads: ['seconds'],
  answer: ({ run, runSeconds, facts }) => {
    const { sampleSeconds, ranSeconds } = facts;
    const between = run.slice(1).map((sample, i) => sample.seconds - run[i].seconds);
    // The rest: before the first sample and after the last.
    const silence = Math.max(...between, ranSeconds - runSeconds);
    const { intervals, seconds } = LONGEST_SILENCE;
    const expected = Math.floor((ranSeconds - silence) / sampleSeconds) + 1;
    const isAlive =
      run.length >= expected * ENOUGH && silence <= Math.max(seconds, sampleSeconds * intervals);
    return {
      measured: `${figure(run.length)} in ${figure(Math.round(ranSeconds))} s, the longest silence ${figure(silence)} s`,
      verdict: isAlive ? 'pass' : 'fail',
    };
  },
};

export const noErrors: Question = {
  id: 'errors',
  mark: 'no line at level error or above in the log of the agent',
  reads: ['errors', 'agentLogLines'],
  answer: ({ samples, facts }) => {
    // An agent that ran before us may have had its troubles before us.
    const before = facts.options.attach === undefined ? 0 : samples[0].errors;
    const errors = samples[samples.length - 1].errors - before;
    return { measured: counted(errors, 'error'), verdict: errors === 0 ? 'pass' : 'fail' };
  },
};

export const goodHealth: Question = {
  id: 'health',
  mark: 'healthy at the end, and never unhealthy',
  reads: ['health'],
  answer: ({ run, calm, samples, facts }) => {
    const atEnd = samples[samples.length - 1].health;
    const bad = run.filter(({ health }) => health === 'unhealthy').length;
    const isPoor = ({ health }: Sample): boolean => health !== 'healthy';
    const poor = run.filter(isPoor).length;
    const besideFaults =
      facts.faults.length > 0 ? ` (${figure(calm.filter(isPoor).length)} outside of faults)` : '';
    return {
      measured: `${atEnd} at the end; in the run not healthy in ${counted(poor, 'sample')}${besideFaults}, unhealthy in ${figure(bad)}`,
      verdict: atEnd === 'healthy' && bad === 0 ? 'pass' : 'fail',
    };
  },
};

export const agentCpu: Question = {
  id: 'cpu.agent',
  mark: 'told, not judged',
  reads: ['agentCpuSeconds'],
  answer: (seen) => ({
    measured: `${figure((grown(seen, ({ agentCpuSeconds }) => agentCpuSeconds ?? Number.NaN) / seen.calmSeconds) * 100)} % of a core${leftOut(seen)}`,
    verdict: 'pass',
  }),
};
