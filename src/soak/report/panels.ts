/** Which plots a report has, in which order. */

import type { Unit } from '../../selftest/report/figures.js';
import { HEARTBEAT_SECONDS } from '../judge/instruments.js';
import { liveBytes } from '../judge/memory.js';
import { rotationsPerSecond } from '../judge/rotations.js';
import type { Sample, SoakOptions } from '../types.js';
import type { Line, Panel } from './plot.js';
import { type Reading, rate, readings } from './series.js';
import { PER_HOUR, PER_MINUTE, type Per, trendOf } from './trend.js';

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** An agent that somebody else runs may name kinds without end. */
const MAX_KINDS = 16;
/** Over less, a rate is told by how samples and ticks happen to fall. */
const LEAST_WINDOW_SECONDS = 10;
const WINDOWS = 150;
const HEARTBEAT_WINDOW_SECONDS = 2 * HEARTBEAT_SECONDS;

type Draw = (name: string, read: Reading) => Line;

export function sections(samples: readonly Sample[], options: SoakOptions): Section[] {
  const endSeconds = samples.at(-1)?.seconds ?? 0;
  const rotateSeconds = options.rotateEveryMs / 1000;
  const window = Math.max(LEAST_WINDOW_SECONDS, endSeconds / WINDOWS);
  const level: Draw = (name, read) => ({ name, points: readings(samples, read) });
  const speed =
    (factor: number, windowSeconds = window): Draw =>
    (name, read) => ({ name, points: rate(readings(samples, read), windowSeconds, factor) });
  const perMinute = speed(60);
  const judged = (title: string, unit: Unit, per: Per, read: Reading): Panel => {
    const run = samples.filter(({ phase }) => phase === 'run');
    return { title, unit, lines: [level(title, read)], trend: trendOf(readings(run, read), unit, per) };
  };
  const kinds = (title: string, of: (sample: Sample) => Readonly<Record<string, number>>): Section => {
    const names = [...new Set(samples.flatMap((sample) => Object.keys(of(sample))))].toSorted();
    const shown = names.slice(0, MAX_KINDS);
    return {
      title: names.length > shown.length ? `${title} (${shown.length} of ${names.length} kinds)` : title,
      panels: shown.map((kind) => judged(kind, 'count', PER_MINUTE, (sample) => of(sample)[kind] ?? 0)),
    };
  };
  return [
    {
      title: 'Streams',
      panels: [
        {
          title: 'Streams',
          unit: 'count',
          lines: [
            level('open', (sample) => sample.streams),
            dashed(level('capacity', (sample) => sample.streamCapacity)),
            level('waiting', (sample) => sample.waiting),
            level('containers', (sample) => sample.containers),
          ],
        },
        {
          title: 'Rotations',
          unit: 'per minute',
          lines: [
            speed(60, Math.max(window, rotateSeconds * 2))('measured', (sample) => sample.rotations),
            dashed(level('predicted', (sample) => rotationsPerSecond(sample, options.rotateEveryMs) * 60)),
          ],
        },
        {
          title: 'Heartbeats',
          unit: 'per minute',
          lines: [
            speed(60, Math.max(window, HEARTBEAT_WINDOW_SECONDS))('measured', (sample) => sample.heartbeats),
            dashed(level('predicted', (sample) => (sample.containers / HEARTBEAT_SECONDS) * 60)),
          ],
        },
        {
          title: 'Requests for logs',
          unit: 'per minute',
          lines: [
            perMinute('by the agent', (sample) => sample.logRequests),
            dashed(perMinute('by the proxy', (sample) => sample.proxy?.logRequests)),
          ],
        },
        {
          title: 'Lines',
          unit: 'per second',
          lines: [
            speed(1)('read by the agent', (sample) => sample.linesRead),
            dashed(speed(1)('seen at the sink', (sample) => sample.linesSeen)),
          ],
        },
        {
          title: 'Faults so far',
          unit: 'count',
          lines: [
            level('lines', (sample) => sample.lineFaults),
            level('gaps', (sample) => sample.gaps),
            level('unaccounted', (sample) => sample.unaccountedLines),
            level('errors', (sample) => sample.errors),
          ],
        },
      ],
    },
    {
      title: 'Memory, descriptors and processor',
      panels: [
        judged('Descriptors', 'count', PER_MINUTE, (sample) => sample.fds),
        judged('Heap without code, and external, collected', 'bytes', PER_HOUR, liveBytes),
        judged('Compiled code', 'bytes', PER_HOUR, (sample) => sample.codeBytes),
        judged('Resident', 'bytes', PER_HOUR, (sample) => sample.residentBytes),
        {
          title: 'Processor',
          unit: 'percent',
          lines: [
            speed(100)('agent', (sample) => sample.agentCpuSeconds),
            speed(100)('dockerd', (sample) => sample.engineCpuSeconds),
          ],
        },
      ],
    },
    kinds('Owned by scopes', (sample) => sample.resources),
    kinds('Held, and owned by no scope', (sample) => sample.unowned),
  ];
}

function dashed(line: Line): Line {
  return { ...line, isDashed: true };
}
