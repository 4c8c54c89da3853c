/** Samples of a soak that never was: 55 containers, streams that rotate, a heap that breathes. */
import type { SoakHead } from '../../src/soak/report/index.js';
import type { Phase, Sample, SoakOptions } from '../../src/soak/types.js';

export const SOAK_OPTIONS: SoakOptions = {
  containers: 55,
  minutes: 60,
  rotateEveryMs: 30_000,
  churn: false,
  image: undefined,
  attach: undefined,
  endpoint: undefined,
  directory: 'soak',
  maxStreams: 50,
};

export const SOAK_HEAD: SoakHead = {
  command: 'log-capturer soak --containers 55 --minutes 60 --rotate-every 30s',
  startedAt: '2026-11-22T06:14:49.123Z',
  build: { version: '0.4.0', revision: '562570299d1e', digest: '3c1f0a9be2d47788', dirty: false },
  machine: { cpu: 'two cores', cores: 2, memory: '8 GiB', system: 'Linux 6.1', node: 'v20.20.0' },
  engine: 'Docker Engine 20.10.24, API 1.41, overlay2, json-file',
  options: SOAK_OPTIONS,
};

/** The phases of a run of `count` samples, the same shares whatever their number. */
function phaseAt(share: number): Phase {
  if (share < 0.03) return 'baseline';
  if (share < 0.12) return 'warm-up';
  if (share < 0.94) return 'run';
  return share < 0.97 ? 'draining' : 'drained';
}

/** Sample `i` of `count`, `every` seconds apart. `noise` answers 0 … 1. `leak`: timers that are left behind a minute. */
export function soakSample(i: number, count: number, every: number, noise: () => number, leak = 0): Sample {
  const seconds = i * every;
  const phase = phaseAt(i / count);
  const total = seconds - count * every * 0.03;
  const isCrowded = phase === 'warm-up' || phase === 'run';
  const containers = isCrowded ? Math.min(55, Math.round(total / 2)) : 0;
  const streams = Math.min(50, containers);
  const sofar = Math.max(0, Math.min(total, count * every * 0.91));
  const leaked = Math.floor((sofar / 60) * leak);
  return {
    seconds,
    phase,
    resources: {
      scope: 14 + streams,
      timer: 22 + streams * 2 + leaked + Math.round(noise() * 2),
      socket: 3 + streams,
      watcher: 1,
      task: 9 + streams,
      request: streams,
      file: 4,
      server: 2,
    },
    unowned: { timer: 0, socket: 0, file: noise() > 0.995 ? 1 : 0, inotify: 0 },
    fds: 31 + streams + leaked + Math.round(noise() * 3),
    ...(i % 30 === 0
      ? {
          heapBytes: 21e6 + noise() * 6e5,
          externalBytes: 6e6 + noise() * 3e5,
          codeBytes: 3e6 + noise() * 1e5,
        }
      : { heapBytes: undefined, externalBytes: undefined, codeBytes: undefined }),
    residentBytes: 96e6 + Math.min(sofar, 400) * 2e4 + noise() * 2e6,
    streams,
    streamCapacity: 50,
    waiting: containers - streams,
    rotations: Math.round((sofar * 50) / 30),
    heartbeats: Math.round((sofar * 55) / 30),
    linesRead: Math.round(sofar * 378),
    linesLate: 0,
    gaps: 0,
    unaccountedLines: 0,
    logRequests: Math.round((sofar * 50) / 30) + 50,
    errors: 0,
    health: 'healthy',
    agentCpuSeconds: sofar * 0.05 + noise() * 0.1,
    engineCpuSeconds: sofar * 0.03 + noise() * 0.1,
    proxy: {
      logRequests: Math.round((sofar * 50) / 30) + 50,
      followRequests: Math.round((sofar * 50) / 30),
      unheard: 0,
    },
    containers,
    linesSeen: Math.round(sofar * 378),
    linesSeenLate: 0,
    lineFaults: 0,
  };
}
