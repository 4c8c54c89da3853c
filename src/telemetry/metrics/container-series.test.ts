import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContainerSeries, OTHER, RETIRED, type Row } from './container-series.js';

const row = (lines: number): Row => ({ lines, bytes: lines * 100 });
const lines = (rows: ReadonlyMap<string, Row>): Record<string, number> =>
  Object.fromEntries([...rows].map(([name, { lines }]) => [name, lines]));

test('the first ones get series of their own, the others share one; what ended moves without a drop', () => {
  const series = new ContainerSeries(2);
  const active = new Map([
    ['a', row(1)],
    ['b', row(2)],
    ['c', row(4)],
    ['d', row(8)],
  ]);
  expect(lines(series.rows(active, row(0)))).toEqual({ a: 1, b: 2, [OTHER]: 12, [RETIRED]: 0 });
  expect(['a', 'c', 'unknown'].map((name) => series.seriesOf(name))).toEqual(['a', OTHER, OTHER]);
  active.delete('a');
  active.delete('c');
  active.set('e', row(16));
  // `c` had read 6 at its end, of which `_other` had shown 4.
  expect(lines(series.rows(active, row(7)))).toEqual({ b: 2, e: 16, [OTHER]: 12, [RETIRED]: 3 });
  active.delete('b');
  expect(lines(series.rows(active, row(9)))).toEqual({ e: 16, [OTHER]: 12, [RETIRED]: 5 });
});

/** Containers that come, read, go, and get the names of others; two may have one name at a time. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), name: fc.nat(5) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('read' as const), which: fc.nat(20), lines: fc.nat(50) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rename' as const), which: fc.nat(20), name: fc.nat(5) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('scrape' as const) }) },
);

test.each([
  ['without renaming nothing drops but the series of who ended', false],
  ['with renaming the sum and what is retired never drop', true],
])('%s', (_, withRenaming) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 4 }), (steps, max) => {
      const series = new ContainerSeries(max);
      const containers: { name: string; lines: number }[] = [];
      let retired = 0;
      let before = new Map<string, number>();
      let total = 0;
      for (const action of [...steps, { kind: 'scrape' as const }]) {
        const at = 'which' in action ? action.which % Math.max(1, containers.length) : 0;
        if (action.kind === 'start') containers.push({ name: `c${action.name}`, lines: 0 });
        else if (action.kind === 'scrape') {
          const active = new Map<string, Row>();
          for (const { name, lines } of containers)
            active.set(name, row((active.get(name)?.lines ?? 0) + lines));
          const now = new Map(
            [...series.rows(active, row(retired))].map(([name, { lines }]) => [name, lines]),
          );
          const sum = [...now.values()].reduce((a, b) => a + b, 0);
          expect(sum).toBe(retired + containers.reduce((a, { lines }) => a + lines, 0));
          expect(sum).toBeGreaterThanOrEqual(total);
          expect(now.get(RETIRED)).toBeGreaterThanOrEqual(before.get(RETIRED) ?? 0);
          if (!withRenaming) expect(now.get(OTHER) ?? 0).toBeGreaterThanOrEqual(before.get(OTHER) ?? 0);
          const own = [...now.keys()].filter((name) => name !== OTHER && name !== RETIRED);
          expect(own.length).toBeLessThanOrEqual(max);
          expect(own.filter((name) => !active.has(name))).toEqual([]);
          before = now;
          total = sum;
        } else if (containers[at]) {
          if (action.kind === 'read') containers[at].lines += action.lines;
          else if (action.kind === 'end') retired += containers.splice(at, 1)[0].lines;
          else if (withRenaming) containers[at].name = `c${action.name}`;
        }
      }
    }),
    { numRuns: 500 },
  );
});
