/**
 * Rotations: each open stream once per turn. A turn is as long as a stream may be (`max-age`), or shorter where more
 * containers run than there are places: then every container has its turn about every 30 s.
 *
 *     rotations per second = min(N, C) / turn,   turn = max-age                                 where N <= C
 *                                                turn = clamp(30 s × C / (N - C), 1 s, max-age)  otherwise
 *
 * for N running containers and C places, integrated over the samples.
 */
import type { Sample } from '../types.js';
import { area, expectedStreams, grown, leftOut, type Question } from './seen.js';
import { figure } from './words.js';

const ROUND_SECONDS = 30;
const SHORTEST_TURN_SECONDS = 1;
/** From this age on, opening a stream is nothing beside the time that it is open. */
const LONG_AGE_MS = 10_000;

export const rotationsAsPredicted: Question = {
  id: 'rotations',
  mark: 'as many as predicted: ±2 % where a stream lives 10 s or more, ±5 % below and with churn; or ±1 a stream, anew after each fault',
  reads: ['rotations', 'containers', 'streamCapacity'],
  answer: (seen) => {
    const { rotateEveryMs, churn } = seen.facts.options;
    const predicted = area(seen, (sample) => rotationsPerSecond(sample, rotateEveryMs));
    const measured = grown(seen, ({ rotations }) => rotations);
    const tolerance = rotateEveryMs >= LONG_AGE_MS && !churn ? 0.02 : 0.05;
    const places = Math.max(...seen.calm.map(expectedStreams));
    const difference = measured - predicted;
    const allowed = Math.max(tolerance * predicted, places * seen.stretches.length);
    const percent = predicted > 0 ? ` (${figure((difference / predicted) * 100)} %)` : '';
    const words = `${figure(measured)} where ${figure(predicted)} were predicted${percent}, ±${figure(allowed)}${leftOut(seen)}`;
    if (seen.stretches.length > 1 && predicted <= allowed)
      return { measured: `${words}: too short between faults to tell`, verdict: 'short' };
    return { measured: words, verdict: Math.abs(difference) <= allowed ? 'pass' : 'fail' };
  },
};

/** As predicted at the moment of a sample. */
export function rotationsPerSecond(sample: Sample, rotateEveryMs: number): number {
  return expectedStreams(sample) / turnSeconds(sample, rotateEveryMs);
}

function turnSeconds({ containers, streamCapacity }: Sample, rotateEveryMs: number): number {
  const age = rotateEveryMs / 1000;
  const waiting = containers - streamCapacity;
  if (waiting <= 0) return age;
  return Math.min(age, Math.max(SHORTEST_TURN_SECONDS, (ROUND_SECONDS * streamCapacity) / waiting));
}
