/** Heartbeats: one for each running container every 30 s, all in one moment. */
import { HEARTBEAT_SECONDS } from './instruments.js';
import { area, grown, leftOut, type Question } from './seen.js';
import { figure } from './words.js';

export const heartbeatsAsPredicted: Question = {
  id: 'heartbeats',
  mark: 'one every 30 s for each running container, ± one for each, anew after each fault',
  reads: ['heartbeats', 'containers'],
  answer: (seen) => {
    const predicted = area(seen, ({ containers }) => containers / HEARTBEAT_SECONDS);
    const measured = grown(seen, ({ heartbeats }) => heartbeats);
    const containers = Math.max(...seen.calm.map((sample) => sample.containers));
    const most = containers * seen.stretches.length + seen.facts.replaced;
    const words = `${figure(measured)} where ${figure(predicted)} were predicted, ±${figure(most)}${leftOut(seen)}`;
    if (seen.runSeconds <= HEARTBEAT_SECONDS)
      return { measured: `${words}: a run of less than two`, verdict: 'short' };
    if (seen.stretches.length > 1 && predicted <= most)
      return { measured: `${words}: too short between faults to tell`, verdict: 'short' };
    return { measured: words, verdict: Math.abs(measured - predicted) <= most ? 'pass' : 'fail' };
  },
};
