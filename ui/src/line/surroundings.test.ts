import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Line } from '../lines/line.js';
import { earlier, later } from './surroundings.js';

function line(second: number, text: string): Line {
  return {
    time: `2026-11-22T13:00:${String(second).padStart(2, '0')}.000000000Z`,
    container: 'web',
    stream: 'stdout',
    level: 'info',
    line: text,
  };
}

/** A log of which up to four lines have the same time. */
const log = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4 }))
  .map(([length, equal]) =>
    Array.from({ length }, (_none, at) => line(Math.floor(at / equal), `line ${at}`)),
  );
const OVERLAP = 10;

it('more lines before and after are joined without a hole and without a line twice', () => {
  fc.assert(
    fc.property(log, fc.nat(), fc.nat(), fc.nat(30), (log, one, other, many) => {
      const [from, to] = [one % log.length, other % log.length].sort((a, b) => a - b);
      const known = log.slice(from, to + 1);
      // Of several lines with the time that is asked for, the answer is around the first.
      const around = (asked: Line, before: number, after: number): Line[] => {
        const at = log.findIndex(({ time }) => time === asked.time);
        return log.slice(Math.max(0, at - before), at + after + 1);
      };
      const before = around(known[0], many, OVERLAP);
      const reached = log.indexOf(before[0]);
      expect(earlier(known, before)).toEqual(log.slice(reached, Math.max(reached, from)));
      const after = around(known[known.length - 1], OVERLAP, many + OVERLAP);
      const end = log.indexOf(after[after.length - 1]) + 1;
      expect(later(known, after)).toEqual(log.slice(to + 1, Math.max(to + 1, end)));
    }),
  );
});

it('lines that were written again and again are laid over each other as far as they go', () => {
  const [x, a, b] = [line(1, 'x'), line(2, 'a'), line(2, 'b')];
  expect(earlier([a, a, b], [x, a, a])).toEqual([x]);
  expect(later([x, a, a], [a, a, b])).toEqual([b]);
});

it('where nothing is known to agree, everything is new', () => {
  expect(earlier([line(9, 'x')], [line(1, 'a'), line(2, 'b')])).toEqual([line(1, 'a'), line(2, 'b')]);
  expect(later([line(1, 'x')], [line(8, 'a')])).toEqual([line(8, 'a')]);
  expect(earlier([], [line(1, 'a')])).toEqual([line(1, 'a')]);
});
