/** What the agent asks of the engine, as both ends count it, and what that costs the engine. */
import { grown, type Question } from './seen.js';
import { figure } from './words.js';

export const requestsAgree: Question = {
  id: 'requests',
  mark: 'requests for logs by the agent = those that the proxy saw; while it runs at most capacity + 1 apart',
  reads: ['logRequests', 'proxy', 'streamCapacity'],
  answer: ({ run, samples }) => {
    const told = samples.filter(({ proxy }) => proxy !== undefined);
    const apart = ({ proxy, logRequests }: (typeof samples)[number]): number =>
      proxy ? Math.abs(proxy.logRequests - logRequests) : 0;
    const last = told[told.length - 1];
    const isCloseAlways = run.every((sample) => apart(sample) <= sample.streamCapacity + 1);
    return {
      measured:
        `${figure(last.logRequests)} by the agent, ${figure(last.proxy?.logRequests ?? 0)} by the proxy ` +
        `(${figure(last.proxy?.followRequests ?? 0)} of them followed); at most ${figure(Math.max(...run.map(apart)))} apart`,
      verdict: isCloseAlways && apart(last) === 0 ? 'pass' : 'fail',
    };
  },
};

export const engineCpu: Question = {
  id: 'cpu.engine',
  mark: 'processor time of the engine',
  reads: ['engineCpuSeconds'],
  answer: (seen) => {
    const seconds = grown(seen, ({ engineCpuSeconds }) => engineCpuSeconds ?? Number.NaN);
    const cores = seconds / seen.runSeconds;
    const mark = seen.facts.engineCpuMark;
    const words = `${figure(cores * 100)} % of a core`;
    return {
      measured:
        mark === undefined ? `${words}; told, not judged` : `${words}, the mark is ${figure(mark * 100)} %`,
      verdict: mark === undefined || cores < mark ? 'pass' : 'fail',
    };
  },
};
