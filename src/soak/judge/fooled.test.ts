/** What would fool a judge: instruments that stand still or fall silent on the way, figures that are made up; and what must not alarm it. */
import { describe, expect, it } from 'vitest';
import type { Sample, SoakFacts } from '../types.js';
import { judge } from './index.js';
import { goodSoak, type MadeUp } from './testing/made-up.js';

const GOOD = goodSoak();
const RUN_BEGINS = GOOD.samples.find(({ phase }) => phase === 'run')?.seconds ?? Number.NaN;

function spoilt(spoil: (sample: Sample) => Partial<Sample>, soak: MadeUp = GOOD): MadeUp {
  return { ...soak, samples: soak.samples.map((sample) => ({ ...sample, ...spoil(sample) })) };
}

function withFacts(facts: Partial<SoakFacts>, soak: MadeUp = GOOD): MadeUp {
  return { ...soak, facts: { ...soak.facts, ...facts } };
}

const failures = ({ samples, facts }: MadeUp): string[] =>
  judge(samples, facts)
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id }) => id);

/** Without those of the run that `isLost`, by seconds since the run began. */
function without(isLost: (secondsOfRun: number) => boolean, soak: MadeUp = GOOD): MadeUp {
  const isKept = ({ phase, seconds }: Sample): boolean => phase !== 'run' || !isLost(seconds - RUN_BEGINS);
  return { ...soak, samples: soak.samples.filter(isKept) };
}

describe('a judge is not fooled by', () => {
  it.each([
    ['the last ten minutes', (seconds: number) => seconds > 3000],
    ['the first ten minutes', (seconds: number) => seconds < 600],
    ['a minute in the middle', (seconds: number) => seconds > 1000 && seconds < 1060],
    ['every third one', (seconds: number) => seconds % 6 === 0],
  ])('samples that are missing: %s', (_, isLost) => {
    expect(failures(without(isLost))).toContain('samples');
  });

  it.each([
    ['memory.live', (): Partial<Sample> => ({ heapBytes: undefined })],
    ['memory.code', (): Partial<Sample> => ({ codeBytes: undefined })],
    ['growth.descriptors', (): Partial<Sample> => ({ fds: undefined })],
    ['memory.resident', (): Partial<Sample> => ({ residentBytes: undefined })],
  ])('an instrument of %s that is silent from some minute on', (id, silent) => {
    for (const [from, to] of [
      [3180, 3700],
      [0, 600],
      [1000, 1600],
    ]) {
      const soak = spoilt(({ phase, seconds }) =>
        phase === 'run' && seconds - RUN_BEGINS >= from && seconds - RUN_BEGINS <= to ? silent() : {},
      );
      // What is told now and then may be told a little less often.
      const isFew = to - from < 540 && (id === 'memory.live' || id === 'memory.code');
      if (!isFew) expect(failures(soak), `${from}`).toContain(id);
    }
  });

  it.each([
    ['resources', ['growth', 'drained.census']],
    ['fds', ['growth.descriptors', 'drained.descriptors']],
  ] as const)('%s that stood still from the beginning', (name, ids) => {
    const first = GOOD.samples[0][name];
    expect(failures(spoilt(() => ({ [name]: first })))).toEqual(expect.arrayContaining([...ids]));
  });

  it.each([
    ['heapBytes', 'memory.live'],
    ['residentBytes', 'memory.resident'],
  ] as const)('%s that stands still from the middle on', (name, id) => {
    const told = GOOD.samples.filter((sample) => sample.phase === 'run' && sample[name] !== undefined);
    const last = told[Math.floor(told.length * 0.4)][name];
    const soak = spoilt((sample) =>
      sample.seconds > RUN_BEGINS + 1700 && sample[name] !== undefined ? { [name]: last } : {},
    );
    expect(failures(soak)).toEqual([id]);
  });

  it('kinds of what is unowned that are no longer told', () => {
    const soak = spoilt(({ seconds, unowned }) =>
      seconds > 600 ? { unowned: { timer: unowned['timer'], watcher: unowned['watcher'] } } : {},
    );
    expect(failures(soak)).toContain('unowned');
  });

  it('rotations that nobody sees from outside', () => {
    const slower = ({ logRequests }: Sample): Partial<Sample> => {
      const requests = Math.ceil(logRequests / 10);
      return {
        logRequests: requests,
        proxy: { logRequests: requests, followRequests: requests, unheard: 0 },
      };
    };
    expect(failures(spoilt(slower))).toEqual(['requests']);
  });

  it('a pool smaller than was asked for', () => {
    const smaller = goodSoak({ places: 25 });
    const { options } = GOOD.facts;
    expect(failures(withFacts({ options }, smaller))).toContain('pool');
  });

  it.each([
    ['the one stream', goodSoak({ containers: 1 })],
    ['one stream of six', goodSoak({ containers: 6, seconds: 600 })],
  ])('%s that is never there', (_, soak) => {
    let isFirst = true;
    const poor = spoilt(({ streams, phase }) => {
      if (phase !== 'run' || isFirst) {
        isFirst &&= phase !== 'run';
        return {};
      }
      return { streams: streams - 1 };
    }, soak);
    expect(failures(poor)).toContain('pool');
  });

  it('churn that never was', () => {
    const churn = (replaced: number): MadeUp =>
      withFacts({ options: { ...GOOD.facts.options, churn: true }, replaced });
    expect(failures(churn(0))).toEqual(['churn']);
    expect(failures(churn(40))).toEqual(['churn']);
    expect(failures(churn(400))).toEqual([]);
  });
});

it('a judge never throws, whatever was cut short', () => {
  for (const phases of [['baseline'], ['baseline', 'draining', 'drained'], ['run'], ['drained']]) {
    const samples = GOOD.samples.filter(({ phase }) => phases.includes(phase));
    expect(judge(samples, GOOD.facts).some(({ verdict }) => verdict === 'fail')).toBe(true);
    const few = samples.slice(0, 1);
    expect(judge(few, { ...GOOD.facts, ranSeconds: 0 }).some(({ verdict }) => verdict === 'fail')).toBe(true);
  }
});

describe('a judge is not alarmed by', () => {
  it.each([20, 30, 60, 120, 600])(
    'a stall of ten seconds of the soak itself, in a run of %d s',
    (seconds) => {
      const soak = goodSoak({ seconds, rotateEveryMs: 2000 });
      const stalled = without((second) => second > 4 && second < 14, soak);
      expect(failures(stalled)).toEqual([]);
    },
  );

  it('an engine that was started anew: its processor time begins at 0', () => {
    const restarted = spoilt(({ seconds }) => ({
      engineCpuSeconds: 500 + seconds * 0.04 - (seconds > 600 ? 524 : 0),
    }));
    expect(failures(restarted)).toEqual([]);
    const busy = spoilt(({ seconds }) => ({
      engineCpuSeconds: 500 + seconds * 0.2 - (seconds > 600 ? 620 : 0),
    }));
    expect(failures(withFacts({ engineCpuMark: 0.1 }, busy))).toEqual(['cpu.engine']);
  });

  it.each([1, 2, 3])('%d containers only', (containers) => {
    expect(failures(goodSoak({ containers, seconds: 600 }))).toEqual([]);
  });

  it('a day of samples, one every 43 s', () => {
    const day = goodSoak({ seconds: 86_400, sampleSeconds: 43.2 });
    expect(day.samples.length).toBeGreaterThan(2000);
    expect(failures(day)).toEqual([]);
    const leaky = spoilt(
      ({ phase, seconds, resources }) =>
        phase === 'run' ? { resources: { ...resources, timer: 4 + Math.floor(seconds / 300) } } : {},
      day,
    );
    expect(failures(leaky)).toEqual(['growth.timer']);
  });
});
