import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Finder } from './finder.js';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 60 });
const needles = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });

test('finds what a search in each line finds, for rows in any order', () => {
  const rows = fc.array(fc.tuple(fc.nat(60), fc.nat(20)), { maxLength: 20 });
  fc.assert(
    fc.property(letters, needles, rows, fc.boolean(), (text, needle, cuts, inOrder) => {
      const data = Buffer.from(text);
      const ranges = cuts.map(([start, length]) => {
        const from = Math.min(start, data.length);
        return [from, Math.min(from + length, data.length)] as const;
      });
      if (inOrder) ranges.sort(([a], [b]) => a - b);
      const finder = new Finder(needle);
      finder.begin(data);
      for (const [from, to] of ranges) {
        expect(finder.isIn(from, to)).toBe(data.subarray(from, to).includes(needle));
      }
    }),
  );
});

test('looks anew into each arena', () => {
  const finder = new Finder('x');
  const arena = Buffer.from('x');
  finder.begin(arena);
  expect(finder.isIn(0, 1)).toBe(true);
  arena.write('y');
  finder.begin(arena);
  expect(finder.isIn(0, 1)).toBe(false);
});
