import { describe, expect, it } from 'vitest';
import type { Fault, Sample, SoakFacts } from '../types.js';
import { judge } from './index.js';
import { goodSoak } from './testing/made-up.js';

const GOOD = goodSoak();
const FAULT: Fault = {
  kind: 'engine-restarts',
  from: 601,
  to: 659,
  alarm: { after: 4, within: 7 },
  recovered: 3,
  failure: undefined,
};

const failures = (
  spoil: (sample: Sample) => Partial<Sample>,
  faults: readonly Fault[],
  facts: Partial<SoakFacts> = {},
): string[] =>
  judge(
    GOOD.samples.map((sample) => ({ ...sample, ...spoil(sample) })),
    { ...GOOD.facts, ...facts, faults },
  )
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id }) => id);

/** What an hour is like of which the engine was away for a minute. */
const engineAway = (sample: Sample): Partial<Sample> => {
  const { seconds, rotations, heartbeats, logRequests, engineCpuSeconds = 0 } = sample;
  if (seconds < 601) return {};
  const isAway = seconds < 659;
  const last = 600 - 10;
  return {
    rotations: isAway ? 50 * Math.floor(last / 30) : rotations - 100,
    heartbeats: isAway ? 55 * Math.floor(last / 30) : heartbeats - 110,
    logRequests: isAway ? 50 * Math.floor(last / 30) + 50 : logRequests - 100,
    proxy: undefined,
    engineCpuSeconds: isAway ? undefined : engineCpuSeconds - 659 * 0.04,
    ...(isAway
      ? { streams: 0, fds: 30, resources: { scope: 10, task: 5, timer: 4, socket: 2 }, health: 'degraded' }
      : {}),
  };
};
const withProxy = (sample: Sample): Partial<Sample> => {
  const spoilt = engineAway(sample);
  const { logRequests = sample.logRequests } = spoilt;
  return { ...spoilt, proxy: { logRequests, followRequests: logRequests, unheard: 0 } };
};

describe('a fault', () => {
  it('that was got over in time spoils nothing but what lies in it', () => {
    expect(failures(withProxy, [FAULT])).toEqual([]);
    expect(failures(withProxy, [])).toEqual(
      expect.arrayContaining(['rotations', 'heartbeats', 'growth.task', 'growth.descriptors']),
    );
  });

  it('is said to be left out, with how long it was', () => {
    const told = judge(
      GOOD.samples.map((sample) => ({ ...sample, ...withProxy(sample) })),
      {
        ...GOOD.facts,
        faults: [FAULT],
      },
    );
    for (const id of ['pool', 'rotations', 'heartbeats', 'cpu.engine'])
      expect(told.find((criterion) => criterion.id === id)?.measured).toContain(
        'without 1 fault, 60 of 3598 s',
      );
    // The engine's own count begins anew.
    expect(told.find(({ id }) => id === 'cpu.engine')?.measured).toMatch(/^4 % of a core/);
    expect(told.find(({ id }) => id === 'faults.engine-restarts')?.measured).toBe(
      '1 time; alarm after 4 to 4 s, the mark is 7 s; well again after 3 to 3 s',
    );
  });

  it.each([
    ['without an alarm', { alarm: { after: undefined, within: 7 } }],
    ['with a late alarm', { alarm: { after: 7.1, within: 7 } }],
    ['that is never got over', { recovered: undefined }],
    ['that is got over late', { recovered: 31 }],
    ['that could not be put in', { failure: 'no such process' }],
  ] as const)('%s fails', (_, change) => {
    expect(failures(() => ({}), [FAULT, { ...FAULT, from: 1000, to: 1010, ...change }])).toEqual([
      'faults.engine-restarts',
    ]);
  });

  it('shorter than the time between two samples divides what is judged all the same', () => {
    const jump = ({ seconds, rotations }: Sample): Partial<Sample> => ({
      rotations: rotations + (seconds > 600 ? 1000 : 0),
    });
    expect(failures(jump, [{ ...FAULT, from: 600.5, to: 601.5 }])).toEqual([]);
    expect(failures(jump, [{ ...FAULT, from: 602.5, to: 603.5 }])).toEqual(['rotations', 'requests']);
  });

  it('after fault leaves too little between them to tell how often something repeats', () => {
    const faults = Array.from({ length: 300 }, (_, i) => ({ ...FAULT, from: 41 + i * 12, to: 45 + i * 12 }));
    const criteria = judge(GOOD.samples, { ...GOOD.facts, faults });
    for (const name of ['rotations', 'heartbeats'])
      expect(criteria.find(({ id }) => id === name)).toMatchObject({ verdict: 'short' });
  });

  it('hides no leak: what each leaves behind grows, what all leave behind is there at the end', () => {
    const faults = Array.from({ length: 10 }, (_, i) => ({
      ...FAULT,
      from: 301 + i * 300,
      to: 311 + i * 300,
    }));
    const leaky = ({ seconds, resources }: Sample): Partial<Sample> => {
      const left = faults.filter(({ to }) => to < seconds).length;
      return { resources: { ...resources, task: resources['task'] + 2 * left } };
    };
    expect(failures(leaky, faults)).toEqual(['growth.task', 'drained.census']);
  });

  it('may cut off requests before the proxy hears them, as many as were cut off', () => {
    const unheard =
      (count: number) =>
      (sample: Sample): Partial<Sample> =>
        sample.seconds > 659 && sample.proxy
          ? { logRequests: sample.logRequests + 5, proxy: { ...sample.proxy, unheard: count } }
          : {};
    expect(failures(unheard(5), [FAULT])).toEqual([]);
    expect(failures(unheard(4), [FAULT])).toEqual(['requests']);
    expect(failures(unheard(5), [])).toEqual(['requests']);
  });
});
