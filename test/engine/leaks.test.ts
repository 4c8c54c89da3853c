/**
 * Leaks put in on purpose, each one more at every rotation of a stream: a soak must fail and name each, and nothing that
 * did not leak; without them it must pass. What the system tells of is named while it grows; what only the heap knows of,
 * when all containers are gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSoak, type SoakOutcome } from '../../src/soak/soak.js';
import { SUPPORT_FOLDER } from '../support/engine.js';
import { describeWithEngine } from '../support/engine-test.js';

const CONTAINERS = 6;
const SECONDS = 20;
/** About one a rotation, of which there are 360 a minute, or many fewer on a busy machine. */
const ONE_EACH = /^\+([1-9]\d(\.\d)?|[1-3]\d\d) /;

/** Of a soak, what leaks in it, and the criterion that must name each. No two of a soak are seen by the same criterion. */
const SOAKS: Readonly<
  Record<string, readonly (readonly [leak: string, criterion: string, words: RegExp])[]>
> = {
  first: [
    ['task', 'growth.task', /task agent\/endless reader \+\d\d/],
    ['file', 'growth.unowned.file', ONE_EACH],
    ['unreferenced-timer', 'drained.objects', /Timeout \+[1-9]\d/],
  ],
  second: [
    ['timer', 'growth.unowned.timer', ONE_EACH],
    ['watcher', 'growth.unowned.watcher', ONE_EACH],
    ['socket', 'growth.unowned.socket', ONE_EACH],
    ['listener', 'drained.objects', /AbortController \+[1-9]\d/],
  ],
  // The next reader comes when the old one is gone: so what does not end is not one more each time, but all that there was.
  third: [['reader', 'drained.census', /task agent\/sources\/containers\/reader of [0-9a-f]{64} \+1/]],
  control: [],
};

/** Criteria. */
const LEAKS_SHOW_IN = /^(growth|unowned|drained|memory|lines|gaps|unaccounted|errors)/;

describeWithEngine('a leak put in on purpose', (bed) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lct-leaks-'));
  const failed = new Map<string, ReadonlyMap<string, string>>();
  const failedOf = (soak: string): ReadonlyMap<string, string> => failed.get(soak) ?? new Map();

  // All at once, because each mostly waits.
  beforeAll(async () => {
    const soaks = Object.entries(SOAKS).map(async ([soak, leaks]) => {
      const hooks = leaks.map(([leak]) => leak);
      const { criteria, passed } = await runLeaking(hooks, {
        directory: path.join(directory, soak),
        image: bed.facts.image,
        endpoint: bed.facts.endpoint,
      });
      const failures = criteria.filter(({ verdict }) => verdict === 'fail');
      failed.set(soak, new Map(failures.map(({ id, measured }) => [id, measured])));
      expect(passed).toBe(failures.length === 0);
    });
    await Promise.all(soaks);
  }, 400_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const all = Object.entries(SOAKS).flatMap(([soak, leaks]) => leaks.map((leak) => [...leak, soak] as const));
  it.each(all)('of a %s fails in %s, which names it', (_, criterion, words, soak) => {
    expect(failedOf(soak).get(criterion)).toMatch(words);
  });

  it.each(Object.keys(SOAKS))('of another kind is not said to grow: %s soak', (soak) => {
    const growing = [...failedOf(soak).keys()].filter((id) => id.startsWith('growth.'));
    const leaking = SOAKS[soak].map(([, criterion]) => criterion).filter((id) => id.startsWith('growth.'));
    const descriptors = leaking.length > 0 ? ['growth.descriptors'] : [];
    expect(new Set(growing)).toEqual(new Set([...leaking, ...descriptors]));
  });

  it('fails nothing where there is none', () => {
    // Rates are the machine's too, which is busy with other soaks and tests: soak.test.ts judges them.
    const ofLeaks = [...failedOf('control')].filter(([id]) => LEAKS_SHOW_IN.test(id));
    expect(Object.fromEntries(ofLeaks)).toEqual({});
  });
});

interface Place {
  readonly endpoint: string;
  readonly image: string;
  readonly directory: string;
}

function runLeaking(leaks: readonly string[], place: Place): Promise<SoakOutcome> {
  return runSoak(
    {
      ...place,
      containers: CONTAINERS,
      minutes: SECONDS / 60,
      rotateEveryMs: 1_000,
      churn: false,
      attach: undefined,
      maxStreams: CONTAINERS,
    },
    {
      command: 'a soak with leaks put in on purpose',
      output: { write: () => true },
      signal: new AbortController().signal,
      nodeArgs: leaks.flatMap((leak) => ['--import', path.join(SUPPORT_FOLDER, `leaks/${leak}.mjs`)]),
    },
  );
}
