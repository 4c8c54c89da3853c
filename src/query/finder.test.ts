import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaselessFinder, ExactFinder } from './finder.js';

const letters = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), minLength: 1, maxLength: 12 });
/** Short ones, and such that a native search alone would be slow with. */
const text = fc.oneof(
  letters,
  fc
    .tuple(letters, fc.integer({ min: 1, max: 30 }), letters)
    .map(([part, times, end]) => part.repeat(times) + end),
);
const data = fc
  .array(fc.tuple(fc.oneof(letters, fc.constantFrom('A', 'B', ' ')), fc.integer({ min: 1, max: 40 })), {
    maxLength: 8,
  })
  .map((parts) => parts.map(([part, times]) => part.repeat(times)).join(''));
const spans = fc.array(fc.tuple(fc.nat({ max: 600 }), fc.nat({ max: 600 })), { minLength: 1, maxLength: 12 });

test('a text is found in each line that holds it, wherever they lie and in whatever order they are asked for', () => {
  let found = 0;
  let missed = 0;
  fc.assert(
    fc.property(text, fc.array(data, { minLength: 1, maxLength: 3 }), spans, (text, arenas, spans) => {
      const exact = new ExactFinder(text);
      const caseless = new CaselessFinder(text);
      for (const arena of arenas) {
        // What is looked for is often there.
        const bytes = Buffer.from(arena + text + arena);
        exact.begin(bytes);
        caseless.begin(bytes);
        for (const [a, b] of spans) {
          const [start, end] = [Math.min(a, b), Math.max(a, b)]
            .map((at) => at % (bytes.length + 1))
            .sort((x, y) => x - y);
          const line = bytes.toString('latin1', start, end);
          const isIn = line.includes(text);
          expect([text, line, exact.isIn(start, end)]).toEqual([text, line, isIn]);
          const mayBeIn = line.toLowerCase().includes(text.slice(0, 64));
          expect([text, line, caseless.isIn(start, end)]).toEqual([text, line, mayBeIn]);
          if (isIn) found++;
          else missed++;
        }
      }
    }),
    { numRuns: 600 },
  );
  expect(found).toBeGreaterThan(300);
  expect(missed).toBeGreaterThan(300);
});

test('a text that nearly everything is like is found where it is', () => {
  const finder = new ExactFinder(`${'a'.repeat(80)}b`);
  for (let more = 0; more < 40; more++) {
    const data = Buffer.from(`${'a'.repeat(80 + more)}bb`);
    finder.begin(data);
    expect([more, finder.isIn(0, data.length), finder.isIn(0, data.length - 2)]).toEqual([more, true, false]);
  }
});
