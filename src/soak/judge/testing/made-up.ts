/** Soaks that nobody ran: samples and facts as they are when all is well, to be spoilt by tests. */
import type { ScopeTree } from '../../../runtime/scope.js';
import type { Phase, Sample, SoakFacts } from '../../types.js';

export interface MadeUp {
  readonly samples: readonly Sample[];
  readonly facts: SoakFacts;
}

export interface Plan {
  readonly containers: number;
  readonly places: number;
  /** Of the phase `run`. */
  readonly seconds: number;
  readonly rotateEveryMs: number;
  /** Between two samples. */
  readonly sampleSeconds: number;
}

const PLAN: Plan = { containers: 55, places: 50, seconds: 3600, rotateEveryMs: 30_000, sampleSeconds: 2 };
const WARM_UP_SECONDS = 30;
const LINES_A_SECOND = 370;
const MEGABYTE = 1e6;

/** All criteria pass, where `seconds` is long enough for them. */
export function goodSoak(plan: Partial<Plan> = {}): MadeUp {
  const { containers, places, seconds, rotateEveryMs, sampleSeconds } = { ...PLAN, ...plan };
  const start = 10;
  const end = start + WARM_UP_SECONDS + seconds;
  const streams = Math.min(containers, places);
  const collectEvery = Math.max(1, Math.round(Math.min(60, seconds / 20) / sampleSeconds));
  const samples: Sample[] = [];
  for (const [i, at] of timesOf(end, sampleSeconds).entries()) {
    const phase = phaseAt(at, start, end);
    const isBusy = phase === 'warm-up' || phase === 'run';
    const busySeconds = Math.min(Math.max(0, at - start), end - start);
    const turns = Math.floor((busySeconds * 1000) / rotateEveryMs);
    const rotations = streams * turns;
    const lines = LINES_A_SECOND * busySeconds;
    const isCollected = i % collectEvery === 0 || phase === 'baseline';
    // No heap is the same twice.
    const breath = 1000 * (i % 7);
    samples.push({
      seconds: at,
      phase,
      resources: resources(isBusy ? streams : 0, isBusy ? containers : 0),
      unowned: { file: 0, socket: 0, timer: 0, watcher: 0 },
      fds: 30 + (isBusy ? streams : 0),
      heapBytes: isCollected ? 20 * MEGABYTE + breath : undefined,
      externalBytes: isCollected ? 5 * MEGABYTE + breath : undefined,
      codeBytes: isCollected ? 3 * MEGABYTE : undefined,
      residentBytes: 100 * MEGABYTE + breath,
      streams: isBusy ? streams : 0,
      streamCapacity: places,
      waiting: isBusy ? containers - streams : 0,
      rotations,
      heartbeats: containers * Math.floor(busySeconds / 30),
      linesRead: lines,
      linesLate: 0,
      gaps: 0,
      unaccountedLines: 0,
      logRequests: rotations + streams,
      errors: 0,
      health: 'healthy',
      agentCpuSeconds: at * 0.05,
      engineCpuSeconds: at * 0.04,
      proxy: { logRequests: rotations + streams, followRequests: rotations + streams, unheard: 0 },
      containers: isBusy ? containers : 0,
      linesSeen: lines,
      linesSeenLate: 0,
      lineFaults: 0,
    });
  }
  return {
    samples,
    facts: {
      options: {
        containers,
        minutes: seconds / 60,
        rotateEveryMs,
        churn: false,
        image: undefined,
        attach: undefined,
        endpoint: undefined,
        directory: '/soak',
        maxStreams: places,
      },
      sampleSeconds,
      ranSeconds: seconds,
      linesClaimed: LINES_A_SECOND * (end - start),
      replaced: 0,
      faults: [],
      agentLogLines: 12,
      engineCpuMark: undefined,
      trees: { baseline: tree(0), run: tree(streams), drained: tree(0) },
      objects: { before: { Timeout: 12, Socket: 3 }, after: { Timeout: 12, Socket: 3 } },
    },
  };
}

/** A scope `agent` with two timers, and a scope `logs` with `streams` sockets named `stream`. */
export function tree(streams: number, extra: ScopeTree['resources'] = []): ScopeTree {
  const row = (kind: 'timer' | 'socket', name: string, count: number): ScopeTree['resources'][number] => ({
    kind,
    name,
    count,
    oldestSeconds: 60,
  });
  const open = streams > 0 ? [row('socket', 'stream', streams)] : [];
  return {
    name: 'agent',
    ageSeconds: 60,
    resources: [row('timer', 'commit', 2)],
    scopes: [{ name: 'logs', ageSeconds: 60, resources: [...open, ...extra], scopes: [] }],
  };
}

function resources(streams: number, containers: number): Sample['resources'] {
  return { scope: 10 + streams + containers, task: 5 + streams, timer: 4, socket: 2 + streams };
}

/** Close to each other before the run and after it. */
function timesOf(end: number, sampleSeconds: number): number[] {
  const begin = 10 + WARM_UP_SECONDS;
  const times: number[] = [];
  for (let at = 0; at < begin; at += 2) times.push(at);
  for (let at = begin; at < end; at += sampleSeconds) times.push(at);
  for (let at = end; at <= end + 20; at += 2) times.push(at);
  return times;
}

function phaseAt(at: number, start: number, end: number): Phase {
  if (at < start) return 'baseline';
  if (at < start + WARM_UP_SECONDS) return 'warm-up';
  if (at < end) return 'run';
  return at < end + 10 ? 'draining' : 'drained';
}
