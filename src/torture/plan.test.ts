import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feasible, inWords, type Means, MOMENTS, planOf } from './plan.js';

const seeds = fc.nat(2 ** 31 - 1);
const sizes = fc.record({
  containers: fc.integer({ min: 1, max: 40 }),
  kills: fc.integer({ min: 1, max: 60 }),
});
const all: Means = { ownsEngine: true, readsFiles: true, mounts: true };

describe('a plan', () => {
  test('is the same for the same seed and size, and has that size', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, size) => {
        const plan = planOf(seed, size);
        expect(planOf(seed, size)).toEqual(plan);
        expect([plan.containers.length, plan.cycles.length]).toEqual([size.containers, size.kills]);
      }),
    );
  });

  test('is another one for another seed', () => {
    const plans = Array.from({ length: 200 }, (_, seed) =>
      inWords(planOf(seed, { containers: 8, kills: 10 })),
    );
    expect(new Set(plans.map((lines) => lines.join('\n'))).size).toBe(200);
  });

  test('is plain data, so that a report can hold it', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, size) => {
        const plan = planOf(seed, size);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(JSON.parse(JSON.stringify(plan, null, 1)));
        expect(inWords(plan)).toHaveLength(size.containers + size.kills);
      }),
    );
  });

  test('does only what can be done: places that exist, shares of a request, times that pass', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, size) => {
        for (const { weather, deed, kill } of planOf(seed, size).cycles) {
          if (deed && 'place' in deed) expect(deed.place).toBeLessThan(size.containers);
          for (const one of weather) {
            if (one.kind === 'cut-request') expect(one.share > 0 && one.share < 1).toBe(true);
            // Shorter than any answer.
            if (one.kind === 'cut-answer') expect(one.bytes > 0 && one.bytes < 45).toBe(true);
          }
          expect(Math.min(kill.afterMs, kill.downMs)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('of the usual size has every fault in it', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { cycles, smallDisk, containers } = planOf(seed, { containers: 16, kills: 30 });
      const deeds = new Set(cycles.flatMap(({ deed }) => (deed ? [deed.kind] : [])));
      const usual = ['engine-restart', 'pause', 'recreate', 'rename', 'restart', 'short-lived'];
      expect([...deeds].toSorted()).toEqual([...usual, ...(smallDisk ? ['disk-full'] : [])].toSorted());
      const weather = new Set(
        cycles.flatMap((cycle) => cycle.weather.map((one) => ('status' in one ? `${one.status}` : one.kind))),
      );
      expect([...weather].toSorted()).toEqual(
        '400 429 500 cut-answer cut-request late-answer lie reset slow stall'.split(' '),
      );
      expect(new Set(cycles.map(({ kill }) => kill.moment))).toEqual(new Set([...MOMENTS, 'starting']));
      expect(cycles.filter(({ kill }) => kill.moment !== 'starting').length).toBeGreaterThanOrEqual(25);
      expect(new Set(containers.map(({ transport }) => transport))).toEqual(new Set(['file', 'api']));
      const rotations = containers.map(({ rotation }) => rotation?.maxBytes);
      for (const maxBytes of [undefined, 500 * 1024]) expect(rotations).toContain(maxBytes);
      expect(rotations.some((maxBytes = 0) => maxBytes === 10 * 1024 || maxBytes === 50 * 1024)).toBe(true);
    }
    expect(
      new Set(Array.from({ length: 20 }, (_, seed) => planOf(seed, { containers: 1, kills: 1 }).smallDisk)),
    ).toEqual(new Set([true, false]));
  });
});

describe('what a machine allows', () => {
  const plan = planOf(
    Array.from({ length: 100 }, (_, seed) => seed).find(
      (seed) => planOf(seed, { containers: 4, kills: 30 }).smallDisk,
    ) ?? 0,
    { containers: 4, kills: 30 },
  );

  test('where everything is, the plan stays as it is', () => {
    expect(feasible(plan, all)).toEqual({ plan, leftOut: [] });
  });

  test.each([
    [{ ownsEngine: false }, 'engine-restart', /engine is not restarted/],
    [{ mounts: false }, 'disk-full', /No disk is filled/],
  ] as const)('%j leaves out %s alone, and says so', (means, kind, sentence) => {
    const { plan: left, leftOut } = feasible(plan, { ...all, ...means });
    expect(leftOut).toEqual([expect.stringMatching(sentence)]);
    expect(left.cycles.map(({ deed, ...rest }) => ({ ...rest, deed: deed?.kind }))).toEqual(
      plan.cycles.map(({ deed, ...rest }) => ({
        ...rest,
        deed: deed?.kind === kind ? undefined : deed?.kind,
      })),
    );
  });

  test('without a mount there is no small disk, and without files all is read by the API', () => {
    expect(feasible(plan, { ...all, mounts: false }).plan.smallDisk).toBe(false);
    const { plan: left, leftOut } = feasible(plan, { ...all, readsFiles: false });
    expect(left.containers.map(({ transport }) => transport)).toEqual(['api', 'api', 'api', 'api']);
    expect(leftOut).toEqual([expect.stringMatching(/read by its log file/)]);
  });
});
