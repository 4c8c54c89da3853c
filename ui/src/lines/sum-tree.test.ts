import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SumTree } from './sum-tree.js';

const CAPACITY = 16;

type Step = {
  readonly do: 'push' | 'unshift' | 'shift' | 'pop' | 'set' | 'clear';
  readonly size: number;
  readonly at: number;
};

const steps: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('push', 'push', 'push', 'unshift', 'unshift', 'shift', 'pop', 'set', 'set', 'clear'),
  size: fc.integer({ min: 1, max: 500 }),
  at: fc.nat(),
});

it('agrees with a plain list after any changes at both ends, round the ring', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 120 }), fc.nat(5000), (all, place) => {
      const tree = new SumTree(CAPACITY);
      const plain: number[] = [];
      for (const step of all) apply(step, tree, plain);
      const sums = plain.map((_size, index) => plain.slice(0, index).reduce((a, b) => a + b, 0));
      const total = plain.reduce((a, b) => a + b, 0);
      expect(tree.length).toBe(plain.length);
      expect(tree.total).toBe(total);
      expect(plain.map((_size, index) => tree.size(index))).toEqual(plain);
      expect(plain.map((_size, index) => tree.offset(index))).toEqual(sums);
      expect(tree.offset(plain.length)).toBe(total);
      expect(tree.at(place)).toBe(
        Math.max(
          0,
          sums.findLastIndex((sum) => sum <= place),
        ),
      );
    }),
  );
});

function apply({ do: what, size, at }: Step, tree: SumTree, plain: number[]): void {
  if (what === 'push' && plain.length < CAPACITY) {
    tree.push(size);
    plain.push(size);
  } else if (what === 'unshift' && plain.length < CAPACITY) {
    tree.unshift(size);
    plain.unshift(size);
  } else if (what === 'shift' && plain.length > 0) {
    tree.shift();
    plain.shift();
  } else if (what === 'pop' && plain.length > 0) {
    tree.pop();
    plain.pop();
  } else if (what === 'set' && plain.length > 0) {
    tree.set(at % plain.length, size);
    plain[at % plain.length] = size;
  } else if (what === 'clear') {
    tree.clear();
    plain.length = 0;
  }
}
