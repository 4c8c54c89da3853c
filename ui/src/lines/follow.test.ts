import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anchorAt, topOf, topToShow, windowAt } from './follow.js';
import { LineStore } from './line-store.js';
import { SumTree } from './sum-tree.js';

const VIEW = 100;
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });

function treeOf(all: readonly number[]): SumTree {
  const tree = new SumTree(256);
  for (const size of all) tree.push(size);
  return tree;
}

function storeOf(count: number): LineStore {
  const store = new LineStore('oldest');
  const time = '2026-11-22T10:00:00.000000000Z';
  store.addNewer(
    Array.from({ length: count }, (_none, at) => ({
      time,
      container: `c${at}`,
      stream: '',
      level: '',
      line: 'x',
    })),
  );
  return store;
}

it('the window has every row that is seen, and none beyond what is asked for', () => {
  fc.assert(
    fc.property(sizes, fc.nat(3000), fc.nat(50), (all, top, over) => {
      const tree = treeOf(all);
      const { first, last } = windowAt(tree, top, VIEW, over);
      for (const index of all.keys()) {
        const begin = tree.offset(index);
        const isSeen = begin < top + VIEW && begin + all[index] > top;
        if (isSeen) expect(index >= first && index <= last).toBe(true);
        const isFar = begin > top + VIEW + over || begin + all[index] < top - over;
        if (isFar && top + over < tree.total) expect(index < first || index > last).toBe(true);
      }
    }),
  );
  expect(windowAt(new SumTree(8), 0, VIEW, 0)).toEqual({ first: 0, last: -1 });
});

it('a row stays where it is seen, whatever comes, goes or changes its height above it', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.nat(3000), fc.nat(), (all, more, place, changes) => {
      const tree = treeOf(all);
      const store = storeOf(all.length);
      const top = Math.min(place, Math.max(0, tree.total - VIEW));
      const anchor = anchorAt(tree, store.rows, top);
      const at = tree.at(top);
      const seenAt = tree.offset(at) - top;
      store.addOlder(
        more.map((_size, index) => ({ time: '', container: `d${index}`, stream: '', level: '', line: 'x' })),
      );
      for (const size of more) tree.unshift(size);
      for (let i = 0; i < 200; i++) tree.push(5);
      tree.set((changes % (at + more.length + 1)) % Math.max(1, at + more.length), 33);
      const now = topOf(tree, store.rows, anchor, VIEW);
      expect(tree.offset(at + more.length) - now).toBe(seenAt);
    }),
  );
});

it('a row whose place is gone leaves the top, and no anchor is the top', () => {
  const store = storeOf(3);
  const tree = treeOf([50, 50, 50]);
  const anchor = anchorAt(tree, store.rows, 60);
  store.clear();
  expect(topOf(tree, store.rows, anchor, VIEW)).toBe(0);
  expect(topOf(tree, [], undefined, VIEW)).toBe(0);
});

it('nothing is scrolled past the end, nor before the beginning', () => {
  const store = storeOf(3);
  const tree = treeOf([50, 50, 50]);
  const anchor = anchorAt(tree, store.rows, 150);
  expect(topOf(tree, store.rows, anchor, VIEW)).toBe(50);
  expect(topOf(tree, store.rows, { row: store.rows[0], delta: -20 }, VIEW)).toBe(0);
  expect(topOf(tree, store.rows, anchor, 400)).toBe(0);
});

it('as little as it takes is scrolled to show a row', () => {
  const tree = treeOf([50, 50, 50, 50, 300]);
  expect(topToShow(tree, 1, 20, VIEW)).toBe(20);
  expect(topToShow(tree, 0, 20, VIEW)).toBe(0);
  expect(topToShow(tree, 2, 20, VIEW)).toBe(50);
  expect(topToShow(tree, 4, 20, VIEW)).toBe(200);
});
