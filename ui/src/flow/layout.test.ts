import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Box, layoutFlow, type Node, type Stages, thickness } from './layout.js';

const node = (id: string, height = 100): Node => ({ id, height });

const anyStages: fc.Arbitrary<Stages> = fc
  .tuple(
    fc.array(fc.integer({ min: 40, max: 200 }), { minLength: 1, maxLength: 5 }),
    fc.nat(2),
    fc.integer({ min: 0, max: 5 }),
  )
  .map(([sources, processors, sinks]) => [
    sources.map((height, at) => node(`source ${at}`, height)),
    ...Array.from({ length: processors }, (_, at) => [node(`processor ${at}`)]),
    [node('journal', 160)],
    ...(sinks > 0 ? [Array.from({ length: sinks }, (_, at) => node(`sink ${at}`))] : []),
  ]);

/** Where a path begins and ends. */
function endsOf(path: string): { x: number; y: number }[] {
  const [, x, y] = /^M(\S+) (\S+)/.exec(path) ?? [];
  const curve = /C.* (\S+) (\S+)$/.exec(path);
  const last = curve ?? /Q\S+ \S+ \S+ (\S+) H(\S+)$/.exec(path) ?? [];
  const end = curve ? { x: Number(last[1]), y: Number(last[2]) } : { x: Number(last[2]), y: Number(last[1]) };
  return [{ x: Number(x), y: Number(y) }, end];
}

function touches({ x, y, width, height }: Box, point: { x: number; y: number }): boolean {
  const isBeside = Math.abs(point.x - x) < 0.2 || Math.abs(point.x - x - width) < 0.2;
  return isBeside && point.y > y && point.y < y + height;
}

test('nodes lie within the page and never upon each other, and arrows go from one to the next', () => {
  fc.assert(
    fc.property(anyStages, fc.integer({ min: 280, max: 2000 }), (stages, width) => {
      const { boxes, arrows, height } = layoutFlow(stages, width);
      const all = [...boxes.values()];
      expect([...boxes.keys()].sort()).toEqual(
        stages
          .flat()
          .map(({ id }) => id)
          .sort(),
      );
      for (const box of all) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width + 0.001);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.y + box.height).toBeLessThanOrEqual(height + 0.001);
        for (const other of all) {
          if (other === box) continue;
          const isApart =
            box.x + box.width <= other.x ||
            other.x + other.width <= box.x ||
            box.y + box.height <= other.y ||
            other.y + other.height <= box.y;
          expect(isApart).toBe(true);
        }
      }
      const wanted = stages
        .slice(1)
        .flatMap((to, at) => stages[at].flatMap((a) => to.map((b) => [a.id, b.id])));
      expect(arrows.map(({ from, to }) => [from, to]).sort()).toEqual(wanted.sort());
      for (const { from, to, path } of arrows) {
        expect(path).not.toMatch(/NaN|undefined|Infinity/);
        const [start, end] = endsOf(path);
        expect(touches(boxes.get(from) as Box, start)).toBe(true);
        expect(touches(boxes.get(to) as Box, end)).toBe(true);
      }
    }),
  );
});

test('a phone has the stages one below the other, a desk side by side', () => {
  const stages = [[node('a'), node('b')], [node('journal')], [node('loki')]];
  const narrow = layoutFlow(stages, 330);
  expect(narrow.isWide).toBe(false);
  expect([...narrow.boxes.values()].map(({ y }) => y)).toEqual([0, 120, 240, 360]);
  expect(narrow.arrows.every(({ label }) => label === undefined)).toBe(true);
  const wide = layoutFlow(stages, 1200);
  expect(wide.isWide).toBe(true);
  const xs = ['a', 'b', 'journal', 'loki'].map((id) => wide.boxes.get(id)?.x ?? Number.NaN);
  expect(xs[0]).toBe(xs[1]);
  expect(xs[1]).toBeLessThan(xs[2]);
  expect(xs[2]).toBeLessThan(xs[3]);
  // What is alone in its stage stands in the middle of the others.
  expect([wide.boxes.get('journal')?.y, wide.height]).toEqual([60, 220]);
});

test('more lines make thicker arrows, within bounds', () => {
  const rates = [0, 0.1, 1, 100, 10_000, 1e6, 1e12].map((rate) => thickness(rate, true));
  expect(rates).toEqual(rates.toSorted((a, b) => a - b));
  expect([thickness(Number.NaN, true), thickness(-5, true), thickness(1e300, true)]).toEqual([1.5, 1.5, 14]);
  expect(thickness(10_000, true)).toBeGreaterThan(thickness(100, true) + 2);
  expect(thickness(1e300, false)).toBe(7);
});

test('on a phone each arrow has a rail of its own, the nearest the inner one', () => {
  const sinks = ['a', 'b', 'c'].map((id) => node(id));
  const railOf = (from: string, to: string, stages: Stages): number => {
    const arrow = layoutFlow(stages, 330).arrows.find((one) => one.from === from && one.to === to);
    return Number(/Q(\S+) /.exec(arrow?.path ?? '')?.[1]);
  };
  const outwards: Stages = [[node('journal')], sinks];
  const rails = sinks.map(({ id }) => railOf('journal', id, outwards));
  expect(rails).toEqual([28, 19, 10]);
  const inwards: Stages = [sinks, [node('journal')]];
  expect(sinks.map(({ id }) => railOf(id, 'journal', inwards))).toEqual([10, 19, 28]);
  const many = Array.from({ length: 9 }, (_, at) => node(String(at)));
  const crowded = many.map(({ id }) => railOf('journal', id, [[node('journal')], many]));
  expect(new Set(crowded).size).toBe(9);
  expect([crowded[0], crowded[8]]).toEqual([28, 4]);
});
