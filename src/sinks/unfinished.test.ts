import { expect, test } from 'vitest';
import { type BlockPlace, blockOf } from '../../test/support/blocks.js';
import type { Block } from '../pipeline/contract.js';
import { beginsWith, redriven, Unfinished } from './unfinished.js';

const block = (place: BlockPlace, lines = 1): Block =>
  blockOf(
    Array.from({ length: lines }, () => ({ labels: { container: 'web' }, text: 'x' })),
    place,
  );

test('blocks begin with those that were given where place and lines agree, and only then', () => {
  const [a, b, c] = [block({ lsn: 1 }), block({ lsn: 2 }), block({ lsn: 3 })];
  expect([beginsWith([a, b], [a, b]), beginsWith([a, b, c], [a, b]), beginsWith([a], [])]).toEqual([
    true,
    true,
    true,
  ]);
  const others = [[b, a], [a], [], [a, c], [a, block({ lsn: 2 }, 2)]];
  expect(others.map((blocks) => beginsWith(blocks, [a, b]))).toEqual(others.map(() => false));
});

test('a lane goes on with its work while that is of the same blocks, and lanes have nothing to do with each other', () => {
  const unfinished = new Unfinished<{ readonly goesOnWith: (blocks: readonly Block[]) => boolean }>();
  const begin = (given: readonly Block[]) => () => ({
    goesOnWith: (blocks: readonly Block[]) => beginsWith(blocks, given),
  });
  const [own, other, dead] = [[block({ lane: 0 })], [block({ lane: 1 })], redriven([block({ lane: 0 })])];
  const first = unfinished.workOn(own, begin(own));
  const works = [other, dead].map((blocks) => unfinished.workOn(blocks, begin(blocks)));
  expect(unfinished.workOn(own, begin(own))).toBe(first);
  expect(new Set([first, ...works]).size).toBe(3);
  const later = [block({ lane: 0, lsn: 7 })];
  const second = unfinished.workOn(later, begin(later));
  expect(second).not.toBe(first);
  unfinished.forget(0);
  expect(unfinished.workOn(later, begin(later))).not.toBe(second);
  expect(unfinished.workOn(other, begin(other))).toBe(works[0]);
});
