/** Heartbeats: one for each running container every 30 s. */
import { HEARTBEAT_SECONDS } from './instruments.js';
import { area, grown, type Question } from './seen.js';
import { figure } from './words.js';

export const heartbeatsAsPredicted: Question = {
  id: 'heartbeats',
  mark: 'one every 30 s for each running container, ± one for each',
  reads: ['heartbeats', 'containers'],
  answer: (seen) => {
    const predicted = area(seen, ({ containers }) => containers / HEARTBEAT_SECONDS);
    const measured = grown(seen, ({ heartbeats }) => heartbeats);
    const most = Math.max(...seen.run.map(({ containers }) => containers)) + seen.facts.replaced;
    const words = `${figure(measured)} where ${figure(predicted)} were predicted`;
    if (seen.runSeconds <= HEARTBEAT_SECONDS)
      return { measured: `${words}: a run of less than two`, verdict: 'short' };
    return { measured: words, verdict: Math.abs(measured - predicted) <= most ? 'pass' : 'fail' };
  },
};
