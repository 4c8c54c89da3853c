/** The pool of streams: as large as was asked for, full as far as there are containers, and never more than full. */
import { area, expectedStreams, leftOut, type Question } from './seen.js';
import { figure } from './words.js';

/** Between the old reader of a rotation and the new one there is none; containers come and go between two samples. */
const TOLERANCE = { share: 0.05, streams: 0.5 };

export const poolAtCapacity: Question = {
  id: 'pool',
  mark: 'streams = min(containers, capacity) on average, within 5 % or half a stream, and never above capacity; the others wait',
  reads: ['streams', 'streamCapacity', 'waiting', 'containers'],
  answer: (seen) => {
    const average = (seconds: number): number => seconds / seen.calmSeconds;
    const expected = average(area(seen, expectedStreams));
    const streams = average(area(seen, (sample) => sample.streams));
    const waiting = average(area(seen, (sample) => sample.waiting));
    const expectedWaiting = average(area(seen, (sample) => sample.containers - expectedStreams(sample)));
    const over = seen.run.filter((sample) => sample.streams > sample.streamCapacity);
    const allowed = Math.max(TOLERANCE.streams, expected * TOLERANCE.share);
    const { maxStreams, attach } = seen.facts.options;
    // What an agent of others may have is theirs to say.
    const capacity = attach === undefined ? maxStreams : seen.run[0].streamCapacity;
    const isAsAsked = seen.run.every((sample) => sample.streamCapacity === capacity);
    const isFull = Math.abs(streams - expected) <= allowed && Math.abs(waiting - expectedWaiting) <= allowed;
    const lowest = Math.min(...seen.calm.map((sample) => sample.streams));
    const highest = Math.max(...seen.calm.map((sample) => sample.streams));
    return {
      measured:
        `${figure(streams)} streams on average (${figure(lowest)} to ${figure(highest)}) where ${figure(expected)} should be; ` +
        `${figure(waiting)} waiting where ${figure(expectedWaiting)} should be; above capacity in ${figure(over.length)} samples` +
        (isAsAsked ? '' : `; its capacity is not ${figure(capacity)} throughout`) +
        leftOut(seen),
      verdict: isFull && isAsAsked && over.length === 0 ? 'pass' : 'fail',
    };
  },
};
