import fc from 'fast-check';
import { expect, it } from 'vitest';
import { segmentsOf } from './segments.js';

/** Ranges in order and apart from each other, within `length`. */
function ranges(cuts: readonly number[], length: number): [number, number][] {
  const places = [...new Set(cuts.map((cut) => cut % (length + 1)))].sort((one, other) => one - other);
  return Array.from({ length: Math.floor(places.length / 2) }, (_none, at) => [
    places[2 * at],
    places[2 * at + 1],
  ]);
}

it('segments are the text, and each character has the look of the ranges that it is in', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.nat()), fc.array(fc.nat()), (text, runCuts, markCuts) => {
      const runs = ranges(runCuts, text.length).map(([start, end], at) => ({
        start,
        end,
        classes: `c${at}`,
      }));
      const marks = ranges(markCuts, text.length);
      const segments = segmentsOf(text, runs, marks);
      expect(segments.map((segment) => segment.text).join('')).toBe(text);
      const looks = segments.flatMap(({ text, classes, isMarked }) =>
        Array.from({ length: text.length }, () => [classes, isMarked]),
      );
      const expected = Array.from({ length: text.length }, (_none, at) => [
        runs.find(({ start, end }) => start <= at && at < end)?.classes ?? '',
        marks.some(([start, end]) => start <= at && at < end),
      ]);
      expect(looks).toEqual(expected);
    }),
  );
});

it('ranges beyond what is shown of a text end with it', () => {
  expect(segmentsOf('abc', [{ start: 1, end: 9, classes: 'x' }], [[2, 20]])).toEqual([
    { text: 'a', classes: '', isMarked: false },
    { text: 'b', classes: 'x', isMarked: false },
    { text: 'c', classes: 'x', isMarked: true },
  ]);
});
