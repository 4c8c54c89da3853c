/** What the agent asks of the engine, as both ends count it, and what that costs the engine. */
import type { Sample } from '../types.js';
import { grown, increased, leftOut, type Question } from './seen.js';
import { figure } from './words.js';

/** Of the rotations; those at its edges are one a stream. */
const ROTATIONS_SEEN = 0.95;

export const requestsAgree: Question = {
  id: 'requests',
  mark: 'requests for logs by the agent = those that the proxy saw; while it runs at most capacity + 1 apart; one that follows for each rotation',
  reads: ['logRequests', 'proxy', 'streamCapacity', 'rotations'],
  answer: (seen) => {
    const { run, samples, facts } = seen;
    const told = samples.filter(({ proxy }) => proxy !== undefined);
    const isFaulty = facts.faults.length > 0;
    /** Beyond what a fault cut off before the proxy could hear it. */
    const apart = ({ proxy, logRequests }: Sample): number => {
      if (!proxy) return 0;
      const difference = logRequests - proxy.logRequests;
      return isFaulty && difference > 0 ? Math.max(0, difference - proxy.unheard) : Math.abs(difference);
    };
    const last = told[told.length - 1];
    const isCloseAlways = run.every((sample) => apart(sample) <= sample.streamCapacity + 1);
    const rotations = grown(seen, (sample) => sample.rotations);
    const follows = grown(seen, ({ proxy }) => proxy?.followRequests ?? Number.NaN);
    const atEdges = run[0].streamCapacity * seen.stretches.length;
    const isConfirmed = follows >= rotations * ROTATIONS_SEEN - atEdges;
    const cut = isFaulty
      ? `; ${figure(last.proxy?.unheard ?? 0)} were cut off by faults before it heard them`
      : '';
    return {
      measured:
        `${figure(last.logRequests)} by the agent, ${figure(last.proxy?.logRequests ?? 0)} by the proxy ` +
        `(${figure(last.proxy?.followRequests ?? 0)} of them followed)${cut}; at most ${figure(Math.max(...run.map(apart)))} apart; ` +
        `${figure(follows)} followed during ${figure(rotations)} rotations`,
      verdict: isCloseAlways && isConfirmed && apart(last) === 0 ? 'pass' : 'fail',
    };
  },
};

export const engineCpu: Question = {
  id: 'cpu.engine',
  mark: 'processor time of the engine',
  reads: ['engineCpuSeconds'],
  answer: (seen) => {
    const cores = increased(seen, ({ engineCpuSeconds }) => engineCpuSeconds) / seen.calmSeconds;
    const mark = seen.facts.engineCpuMark;
    const words = `${figure(cores * 100)} % of a core${leftOut(seen)}`;
    return {
      measured:
        mark === undefined ? `${words}; told, not judged` : `${words}, the mark is ${figure(mark * 100)} %`,
      verdict: mark === undefined || cores < mark ? 'pass' : 'fail',
    };
  },
};
