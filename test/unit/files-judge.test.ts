/** The judge of `npm run bench:files`: each thing that can be wrong is found, and nothing else. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type SeenGap, type SeenLine, type Written } from '../../bench/files/judge.js';

const time = (second: number): string => `2026-11-22T10:00:${String(second).padStart(2, '0')}.000000000Z`;

/** Lines by number, each a second later than the one before. */
function seen(numbers: readonly number[], run = 0): SeenLine[] {
  return numbers.map((number, i) => ({ number, time: time(i), run }));
}

function written(next: number, destroyed: readonly number[] = []): Written {
  const deeds = destroyed.length > 0 ? [{ what: 'copytruncate', next: destroyed[0] + 2, ms: 0 }] : [];
  return { path: 'app.log', style: 'copytruncate', next, destroyed: new Set(destroyed), deeds };
}

const gap = (from: string | undefined, to: string): SeenGap => ({ why: 'truncated', from, to });
const kinds = (file: Written, lines: readonly SeenLine[], gaps: readonly SeenGap[] = []): string[] =>
  judge(file, lines, gaps).faults.map(({ kind }) => kind);

describe('lines', () => {
  test('all of them once and in order', () => {
    expect(judge(written(4), seen([0, 1, 2, 3]), [])).toEqual({
      destroyed: 0,
      again: 0,
      gaps: 0,
      faults: [],
    });
  });

  test.each([
    ['lost', [0, 2, 3]],
    ['twice', [0, 1, 1, 2, 3]],
    ['disordered', [0, 2, 1, 3]],
    ['unwritten', [0, 1, 2, 3, 4]],
  ])('%s', (kind, numbers) => {
    expect(kinds(written(4), seen(numbers))).toEqual([kind]);
  });

  test('some come again in the next run, in order', () => {
    const lines = [...seen([0, 1, 2]), ...seen([1, 2, 3], 1)];
    expect(judge(written(4), lines, [])).toMatchObject({ again: 2, faults: [] });
    expect(kinds(written(4), [...seen([0, 1, 2]), ...seen([2, 1, 3], 1)])).toEqual(['disordered']);
  });

  test('the evidence names file, line, neighbours and what was done around there', () => {
    const file = { ...written(5), deeds: [{ what: 'rename', next: 2, ms: 0 }] };
    expect(judge(file, seen([0, 1, 3, 4]), []).faults[0].evidence).toBe(
      `app.log (copytruncate), line 2: it is missing; the last one before it is 1 (${time(1)}, run 0); rename before line 2 at 1970-01-01T00:00:00.000Z`,
    );
  });
});

describe('what a cut destroyed', () => {
  test.each([
    ['in the middle', [2, 3], [0, 1, 4, 5], gap(time(1), time(2))],
    ['at the very beginning', [0, 1], [2, 3, 4, 5], gap(undefined, time(0))],
    ['at the end', [4, 5], [0, 1, 2, 3], gap(time(2), time(3))],
  ])('is told %s', (_, destroyed, numbers, told) => {
    const file = written(6, destroyed);
    expect(judge(file, seen(numbers), [told])).toMatchObject({ destroyed: 2, gaps: 1, faults: [] });
    expect(kinds(file, seen(numbers))).toEqual(['untold', 'untold']);
  });

  test.each([
    ['begins behind the line before', gap(time(2), time(3))],
    ['ends before it', gap(undefined, time(0))],
  ])('is not told by a gap that %s', (_, told) => {
    expect(kinds(written(6, [2, 3]), seen([0, 1, 4, 5]), [told])).toEqual(['untold', 'untold']);
  });

  test('a gap with a beginning does not tell of lines before all others', () => {
    expect(kinds(written(6, [0, 1]), seen([2, 3, 4, 5]), [gap(time(0), time(5))])).toEqual([
      'untold',
      'untold',
    ]);
  });

  test('a gap is told again after a kill; a second one, or one without a cut, is a false alarm', () => {
    const told = gap(time(1), time(2));
    const file = written(6, [2, 3]);
    expect(kinds(file, seen([0, 1, 4, 5]), [told, told])).toEqual([]);
    expect(kinds(file, seen([0, 1, 4, 5]), [told, gap(time(3), time(4))])).toEqual(['false_gap']);
    expect(kinds(written(2), seen([0, 1]), [told])).toEqual(['false_gap']);
    expect(kinds({ ...file, style: 'rename' }, seen([0, 1, 4, 5]), [told])).toEqual(['false_gap']);
  });
});

test('whatever is taken out of the output, put twice or exchanged is found', () => {
  const deed = fc.constantFrom('out', 'twice', 'exchanged');
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), deed, (next, at, what) => {
      const numbers = Array.from({ length: next }, (_, n) => n);
      const i = at % (next - 1);
      if (what === 'out') numbers.splice(i, 1);
      else if (what === 'twice') numbers.splice(i, 0, i);
      else [numbers[i], numbers[i + 1]] = [numbers[i + 1], numbers[i]];
      const expected = { out: 'lost', twice: 'twice', exchanged: 'disordered' }[what];
      expect(kinds(written(next), seen(numbers))).toEqual([expected]);
    }),
  );
});
