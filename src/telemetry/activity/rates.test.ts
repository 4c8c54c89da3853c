import { expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { keyOf, watchActivity } from './activity.js';
import { KEPT_RATES, Rates } from './rates.js';

test('a rate is what came between two looks, a second', () => {
  const rates = new Rates();
  rates.sample(0, [['a', 100]]);
  expect([rates.now('a'), rates.last('a')]).toEqual([0, []]);
  rates.sample(5_000, [['a', 150]]);
  rates.sample(15_000, [['a', 170]]);
  expect([rates.now('a'), rates.last('a')]).toEqual([2, [10, 2]]);
  expect([rates.now('b'), rates.last('b')]).toEqual([0, []]);
});

test('a total that falls has begun anew', () => {
  const rates = new Rates();
  rates.sample(0, [['a', 1000]]);
  rates.sample(1_000, [['a', 30]]);
  expect(rates.now('a')).toBe(30);
});

test('the last sixty are kept, the oldest first', () => {
  const rates = new Rates();
  let total = 0;
  for (let i = 0; i <= KEPT_RATES + 5; i++) rates.sample(i * 1_000, [['a', (total += i)]]);
  expect(rates.last('a')).toEqual(Array.from({ length: KEPT_RATES }, (_, i) => i + 6));
  expect(rates.now('a')).toBe(KEPT_RATES + 5);
});

test('what a sample does not name is forgotten, and begins anew', () => {
  const rates = new Rates();
  rates.sample(0, [
    ['a', 0],
    ['b', 0],
  ]);
  rates.sample(1_000, [
    ['a', 1],
    ['b', 1],
  ]);
  rates.sample(2_000, [['a', 2]]);
  expect([rates.last('a'), rates.last('b')]).toEqual([[1, 1], []]);
  rates.sample(3_000, [
    ['a', 3],
    ['b', 500],
  ]);
  expect(rates.last('b')).toEqual([]);
});

test('all parts are looked at every five seconds, under keys that do not meet', () => {
  vi.useFakeTimers();
  const root = Scope.root('test', (error) => {
    throw error;
  });
  let step = 0;
  const activity = watchActivity(root, {
    containers: () => [['x', { lines: step * 5, bytes: step * 500 }]],
    sources: () => [['x', { lines: step * 10, bytes: step * 1000 }]],
    processors: () => [['x', step * 25]],
    sinks: () => [['x', step * 15]],
    journal: () => step * 20,
  });
  step = 1;
  vi.advanceTimersByTime(5_000);
  const keys = [
    keyOf.container('x'),
    keyOf.source('x'),
    keyOf.sink('x'),
    keyOf.journal,
    keyOf.processor('x'),
  ];
  expect(keys.map((key) => activity.lines.now(key))).toEqual([1, 2, 3, 4, 5]);
  expect(keys.map((key) => activity.bytes.now(key))).toEqual([100, 200, 0, 0, 0]);
  vi.useRealTimers();
  return root.close();
});
