import { describe, expect, it } from 'vitest';
import type { Criterion } from '../../selftest/criteria.js';
import { hasPassed } from '../../selftest/criteria.js';
import type { Sample, SoakFacts } from '../types.js';
import { judge, QUESTIONS } from './index.js';
import { goodSoak, type MadeUp, tree } from './testing/made-up.js';

const GOOD = goodSoak();

/** Every sample replaced by what `spoil` makes of it. */
function spoilt(
  spoil: (sample: Sample) => Partial<Record<keyof Sample, unknown>>,
  soak: MadeUp = GOOD,
): MadeUp {
  return { ...soak, samples: soak.samples.map((sample) => ({ ...sample, ...spoil(sample) }) as Sample) };
}

function withFacts(facts: Partial<SoakFacts>, soak: MadeUp = GOOD): MadeUp {
  return { ...soak, facts: { ...soak.facts, ...facts } };
}

const verdicts = ({ samples, facts }: MadeUp): Record<string, string> =>
  Object.fromEntries(judge(samples, facts).map(({ id, verdict }) => [id, verdict]));
const failures = ({ samples, facts }: MadeUp): string[] =>
  judge(samples, facts)
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id }) => id);
const criterion = ({ samples, facts }: MadeUp, id: string): Criterion | undefined =>
  judge(samples, facts).find((candidate) => candidate.id === id);

/** Since the run began, in minutes; 0 outside of it. */
const minutesOfRun = ({ phase, seconds }: Sample): number => (phase === 'run' ? (seconds - 40) / 60 : 0);
const replace = (
  records: Readonly<Record<string, number>>,
  kind: string,
  by: number,
): Record<string, number> => ({
  ...records,
  [kind]: (records[kind] ?? 0) + by,
});

describe('a soak in which all is well', () => {
  it('passes in every criterion after an hour', () => {
    expect(new Set(Object.values(verdicts(GOOD)))).toEqual(new Set(['pass']));
    expect(hasPassed(judge(GOOD.samples, GOOD.facts))).toBe(true);
  });

  it('passes after two minutes of rotation every 2 s', () => {
    expect(failures(goodSoak({ seconds: 120, rotateEveryMs: 2000 }))).toEqual([]);
  });

  it('passes with ten times more containers than places', () => {
    const soak = goodSoak({ containers: 500, rotateEveryMs: 10_000, seconds: 600 });
    // 500 containers take turns of 30 s × 50 / 450 each.
    const faster = spoilt(
      ({ rotations, logRequests, proxy }) => ({
        rotations: rotations * 3,
        logRequests: logRequests * 3,
        proxy: proxy && { ...proxy, logRequests: logRequests * 3, followRequests: logRequests * 3 },
      }),
      soak,
    );
    expect(failures(faster)).toEqual([]);
    expect(failures(soak)).toEqual(['rotations']);
  });
});

describe('growth', () => {
  it.each(['scope', 'task', 'timer', 'socket'])(
    'of an owned %s by half a one a minute fails, and is named',
    (kind) => {
      const leaked = { kind: 'timer', name: 'forgotten', count: 30, oldestSeconds: 1800 } as const;
      const { baseline, drained } = GOOD.facts.trees ?? { baseline: tree(0), drained: tree(0) };
      const soak = withFacts(
        { trees: { baseline, run: tree(50, [leaked]), drained } },
        spoilt((sample) => ({
          resources: replace(sample.resources, kind, Math.floor(minutesOfRun(sample) / 2)),
        })),
      );
      expect(failures(soak)).toContain(`growth.${kind}`);
      expect(criterion(soak, `growth.${kind}`)?.measured).toMatch(/^\+0\.5/);
      if (kind === 'timer')
        expect(criterion(soak, 'growth.timer')?.measured).toContain('timer agent/logs/forgotten +30');
    },
  );

  it('of what nobody owns fails by its kind', () => {
    const soak = spoilt((sample) => ({
      unowned: replace(sample.unowned, 'watcher', Math.floor(minutesOfRun(sample) / 2)),
    }));
    expect(failures(soak)).toEqual(['growth.unowned.watcher', 'unowned']);
  });

  it('of descriptors fails', () => {
    const soak = spoilt((sample) => ({ fds: (sample.fds ?? 0) + Math.floor(minutesOfRun(sample) / 2) }));
    expect(failures(soak)).toEqual(['growth.descriptors']);
  });

  it('is not seen in jitter, and what comes and goes passes', () => {
    const soak = spoilt((sample) => ({
      resources: replace(sample.resources, 'task', (sample.seconds / 2) % 3),
    }));
    expect(failures(soak)).toEqual([]);
  });

  it('that an hour cannot tell from none fails; twenty seconds of it are too short', () => {
    const jumpy = (sample: Sample): Partial<Sample> => ({
      resources: replace(
        sample.resources,
        'task',
        sample.phase === 'run' && Math.sin(sample.seconds / 900) > 0 ? 40 : 0,
      ),
    });
    expect(criterion(spoilt(jumpy), 'growth.task')).toMatchObject({
      verdict: 'fail',
      measured: expect.stringContaining('cannot be told apart') as string,
    });
    const brief = goodSoak({ seconds: 20, rotateEveryMs: 1000 });
    const wave = (sample: Sample): Partial<Sample> => ({
      resources: replace(sample.resources, 'task', ((sample.seconds / 2) % 4) * 10),
    });
    expect(verdicts(spoilt(wave, brief))).toMatchObject({ 'growth.task': 'short' });
  });

  it('proven in twenty seconds fails all the same', () => {
    const soak = spoilt(
      (sample) => ({ resources: replace(sample.resources, 'timer', Math.floor(minutesOfRun(sample) * 60)) }),
      goodSoak({ seconds: 20, rotateEveryMs: 1000 }),
    );
    expect(failures(soak)).toEqual(['growth.timer']);
  });

  it('of memory while code is still compiled says nothing of the time after, and is told', () => {
    const compiling = (sample: Sample): number => Math.min(minutesOfRun(sample), 20) * 1e5;
    const soak = spoilt((sample) => ({
      heapBytes: sample.heapBytes && sample.heapBytes + compiling(sample),
      residentBytes: (sample.residentBytes ?? 0) + 10 * compiling(sample),
    }));
    expect(failures(soak)).toEqual([]);
    const live = judge(soak.samples, soak.facts).find(({ id }) => id === 'memory.live');
    expect(live?.measured).toMatch(/ MB an hour, after \+[12](\.\d+)? in the first 20 minutes$/);
  });

  it('of memory is judged after twenty minutes more: 1.5 MB an hour that live, 15 resident', () => {
    const leaky = (sample: Sample): Partial<Record<keyof Sample, unknown>> => ({
      heapBytes: sample.heapBytes && sample.heapBytes + (minutesOfRun(sample) / 60) * 1.5e6,
      residentBytes: (sample.residentBytes ?? 0) + (minutesOfRun(sample) / 60) * 15e6,
    });
    expect(failures(spoilt(leaky))).toEqual(['memory.live', 'memory.resident']);
    const brief = verdicts(spoilt(leaky, goodSoak({ seconds: 600 })));
    expect(brief).toMatchObject({ 'memory.live': 'short', 'memory.resident': 'short' });
  });
});

describe('compiled code', () => {
  const compiles = (megabytesAnHour: number): ReturnType<typeof spoilt> =>
    spoilt((sample) => {
      const more = (minutesOfRun(sample) / 60) * megabytesAnHour * 1e6;
      return {
        heapBytes: sample.heapBytes && sample.heapBytes + more,
        codeBytes: sample.codeBytes && sample.codeBytes + more,
      };
    });

  it('that grows by 1.5 MB an hour is not taken for what the program keeps', () => {
    expect(failures(compiles(1.5))).toEqual([]);
  });

  it('that grows by 3 is told as such', () => {
    expect(failures(compiles(3))).toEqual(['memory.code']);
  });
});

describe('after the drain', () => {
  it.each([1, -1])('a kind of which there are %d more than before fails', (by) => {
    const soak = spoilt((sample) =>
      sample.phase === 'drained' ? { resources: replace(sample.resources, 'task', by) } : {},
    );
    expect(failures(soak)).toEqual(['drained.census']);
    expect(criterion(soak, 'drained.census')?.measured).toBe(by > 0 ? 'task +1' : 'task -1');
  });

  it('what scopes hold is compared by name, not by count', () => {
    const leaked = { kind: 'watcher', name: 'of <b>', count: 2, oldestSeconds: 90 } as const;
    const soak = withFacts({ trees: { baseline: tree(0), run: tree(50), drained: tree(0, [leaked]) } });
    expect(failures(soak)).toEqual(['drained.census']);
    expect(criterion(soak, 'drained.census')?.measured).toBe('left behind: watcher agent/logs/of <b> +2');
    const atWork = withFacts({
      trees: { baseline: tree(0), run: tree(50), drained: tree(0, [{ ...leaked, oldestSeconds: 0.2 }]) },
    });
    expect(failures(atWork)).toEqual([]);
  });

  it('a descriptor more than before fails', () => {
    expect(failures(spoilt((sample) => (sample.phase === 'drained' ? { fds: 31 } : {})))).toEqual([
      'drained.descriptors',
    ]);
  });

  it('objects more than before fail by class; fewer do not, nor do those at work', () => {
    const before = { Timeout: 12, Socket: 3, Promise: 700, Scope: 9 };
    const objects = (after: Record<string, number>): MadeUp => withFacts({ objects: { before, after } });
    const leaky = objects({ Timeout: 20, Socket: 2, Promise: 790, Scope: 13 });
    expect(failures(leaky)).toEqual(['drained.objects']);
    expect(criterion(leaky, 'drained.objects')?.measured).toBe('Timeout +8 (now 20), Scope +4 (now 13)');
    expect(failures(objects({ Timeout: 17, Socket: 6, Promise: 800, Scope: 9 }))).toEqual([]);
  });

  it('that never came fails', () => {
    const soak = { ...GOOD, samples: GOOD.samples.filter(({ phase }) => phase !== 'drained') };
    expect(failures(soak)).toEqual(['drained.census', 'drained.descriptors']);
  });
});

it('lines of a container that came and went before the first sample count, and other lines do not', () => {
  const before = 21;
  const others = 1_000;
  const soak = withFacts(
    { linesClaimed: GOOD.facts.linesClaimed + before },
    spoilt(({ linesSeen, linesRead }) => ({
      linesSeen: linesSeen + before,
      linesRead: linesRead + before + others,
    })),
  );
  expect(failures(soak)).toEqual([]);
});

it('lines that came late pass where the agent says so', () => {
  const late = spoilt(({ phase }) => {
    const lines = phase === 'drained' ? 3 : 0;
    return { linesSeenLate: lines, linesLate: lines };
  });
  expect(failures(late)).toEqual([]);
});

describe('a single fault', () => {
  const faults: readonly (readonly [string, string, MadeUp])[] = [
    ['a line doubled', 'lines', spoilt(({ phase }) => ({ lineFaults: phase === 'drained' ? 1 : 0 }))],
    ['a line that never came', 'lines', withFacts({ linesClaimed: GOOD.facts.linesClaimed + 1 })],
    [
      'a line that the sink did not get',
      'lines',
      spoilt(({ linesSeen, phase }) => ({ linesSeen: linesSeen - (phase === 'drained' ? 1 : 0) })),
    ],
    [
      'a line read twice',
      'lines',
      spoilt(({ linesRead, phase }) => ({ linesRead: linesRead + (phase === 'baseline' ? 0 : 1) })),
    ],
    [
      'a line late of which the agent says nothing',
      'lines',
      spoilt(({ phase }) => ({ linesSeenLate: phase === 'drained' ? 1 : 0 })),
    ],
    ['a gap', 'gaps', spoilt(({ phase }) => ({ gaps: phase === 'drained' ? 1 : 0 }))],
    [
      'a line unaccounted for in passing',
      'unaccounted',
      spoilt(({ seconds }) => ({ unaccountedLines: seconds === 600 ? 1 : 0 })),
    ],
    ['an error in the log', 'errors', spoilt(() => ({ errors: 1 }))],
    [
      'a moment unhealthy',
      'health',
      spoilt(({ seconds }) => ({ health: seconds === 600 ? 'unhealthy' : 'healthy' })),
    ],
    [
      'degraded at the end',
      'health',
      spoilt(({ phase }) => ({ health: phase === 'drained' ? 'degraded' : 'healthy' })),
    ],
    [
      'one request more than the proxy saw',
      'requests',
      spoilt(({ logRequests }) => ({ logRequests: logRequests + 1 })),
    ],
    [
      'a stream above capacity',
      'pool',
      spoilt(({ streams, seconds }) => ({ streams: seconds === 600 ? 51 : streams })),
    ],
    ['a tenth of the streams missing', 'pool', spoilt(({ streams }) => ({ streams: streams * 0.9 }))],
    [
      '3 % of the rotations missing',
      'rotations',
      spoilt(({ rotations }) => ({ rotations: rotations * 0.97 })),
    ],
    [
      'a twentieth of the heartbeats missing',
      'heartbeats',
      spoilt(({ heartbeats }) => ({ heartbeats: heartbeats * 0.95 })),
    ],
    [
      'an agent silent for a minute',
      'samples',
      { ...GOOD, samples: GOOD.samples.filter(({ seconds }) => seconds < 600 || seconds > 660) },
    ],
    ['a busy engine', 'cpu.engine', withFacts({ engineCpuMark: 0.03 })],
    [
      'what nobody owns at the end',
      'unowned',
      spoilt(({ phase, unowned }) => ({
        unowned: phase === 'drained' ? replace(unowned, 'file', 1) : unowned,
      })),
    ],
  ];
  it.each(faults)('%s fails in %s and in nothing else', (_, id, soak) => {
    expect(failures(soak)).toEqual([id]);
  });

  it.each([
    [
      '97 % of what was predicted with churn',
      withFacts(
        { options: { ...GOOD.facts.options, churn: true }, replaced: 400 },
        spoilt(({ rotations }) => ({ rotations: rotations * 0.97 })),
      ),
    ],
    [
      'one stray sample in a hundred',
      spoilt(({ seconds, unowned }) => ({
        unowned: seconds % 200 === 0 && seconds < 3000 ? replace(unowned, 'file', 1) : unowned,
      })),
    ],
    [
      'a request in flight',
      spoilt(({ logRequests, seconds }) => ({ logRequests: logRequests + (seconds === 600 ? 51 : 0) })),
    ],
  ])('none: %s', (_, soak) => {
    expect(failures(soak)).toEqual([]);
  });
});

describe('an instrument', () => {
  /** Where zero is what a good soak reads; that it is told at all is asked of these too. */
  const ZERO_IS_GOOD: Readonly<Record<string, string>> = {
    unowned: 'nothing unowned is what must be',
    waiting: 'no container waits where there are places for all; with more it has to be told',
    gaps: 'no gap is what must be',
    unaccountedLines: 'no line unaccounted for is what must be',
    errors: 'no error is what must be; that the log is alive, agentLogLines shows',
    linesLate: 'no line late is what must be; that lines are counted, linesRead shows',
    linesSeenLate: 'no line late is what must be; that the oracle is alive, linesSeen shows',
    lineFaults: 'no fault is what must be; that the oracle is alive, linesSeen shows',
  };
  const soak = goodSoak({ containers: 40 });
  const fields = Object.keys(soak.samples[0]).filter((field) => field !== 'phase') as (keyof Sample)[];
  const zeroOf = (value: unknown): unknown => {
    if (typeof value === 'string') return '';
    if (typeof value !== 'object' || value === null) return 0;
    return Object.fromEntries(Object.keys(value).map((key) => [key, 0]));
  };

  it('that reads well passes', () => {
    expect(failures(soak)).toEqual([]);
  });

  it.each(fields.filter((field) => !(field in ZERO_IS_GOOD)))(
    '%s that reads zero throughout fails',
    (field) => {
      expect(failures(spoilt((sample) => ({ [field]: zeroOf(sample[field]) }), soak))).not.toEqual([]);
    },
  );

  it.each(fields.filter((field) => field in ZERO_IS_GOOD))('%s may read zero', (field) => {
    expect(failures(spoilt((sample) => ({ [field]: zeroOf(sample[field]) }), soak))).toEqual([]);
  });

  // What the engine costs is told where its process can be found, and judged where a mark is set.
  const optional = new Set<keyof Sample>(['engineCpuSeconds']);
  it.each(fields.filter((field) => !optional.has(field)))('%s that tells nothing fails', (field) => {
    const nothing = typeof soak.samples[0][field] === 'object' ? [undefined, {}] : [undefined, Number.NaN];
    for (const value of nothing) {
      const silent = spoilt(() => ({ [field]: value }), soak);
      if (field !== 'health' || value === undefined) expect(failures(silent)).not.toEqual([]);
    }
  });

  it('for the engine that tells nothing fails where there is a mark', () => {
    const silent = spoilt(() => ({ engineCpuSeconds: undefined }), soak);
    expect(verdicts(silent)).toMatchObject({ 'cpu.engine': 'short' });
    expect(failures(withFacts({ engineCpuMark: 0.1 }, silent))).toEqual(['cpu.engine']);
  });

  it.each([
    ['trees', undefined],
    ['objects', undefined],
    ['objects', { before: {}, after: {} }],
    ['objects', { before: { Timeout: 0 }, after: { Timeout: 0 } }],
    ['linesClaimed', 0],
    ['agentLogLines', 0],
    ['agentLogLines', undefined],
  ] as const)('of the facts, %s, that tells %j fails', (name, value) => {
    expect(failures(withFacts({ [name]: value }, soak))).not.toEqual([]);
  });

  it('that dies in the middle of the run fails', () => {
    const dying = spoilt(
      (sample) => (sample.seconds > 1800 ? { fds: undefined, proxy: undefined } : {}),
      soak,
    );
    expect(failures(dying)).toEqual(expect.arrayContaining(['growth.descriptors', 'requests']));
  });

  it('that is silent is named', () => {
    const silent = spoilt(() => ({ rotations: 0 }), soak);
    expect(criterion(silent, 'rotations')?.measured).toContain('rotations stood at 0 throughout the run');
  });

  it('is read by some question, whichever it is', () => {
    const read = new Set(QUESTIONS.flatMap(({ reads }) => reads));
    expect(fields.filter((field) => field !== 'phase' && !read.has(field))).toEqual([]);
  });

  it('that an attached agent does not have is told, not judged', () => {
    const options = { ...soak.facts.options, attach: 'http://127.0.0.1:8401' };
    const attached = withFacts(
      { options, agentLogLines: undefined },
      spoilt(() => ({ proxy: undefined }), soak),
    );
    expect(failures(attached)).toEqual([]);
    expect(verdicts(attached)).toMatchObject({ requests: 'short', errors: 'short' });
  });

  it('of no soak at all fails, without a word too many', () => {
    expect(hasPassed(judge([], soak.facts))).toBe(false);
    expect(hasPassed([])).toBe(false);
  });
});
