import { expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { keyOf, watchActivity } from './activity.js';
import { type AddTotal, KEPT_RATES, Rates } from './rates.js';

const of =
  (totals: readonly (readonly [key: string, total: number])[]) =>
  (add: AddTotal): void => {
    for (const [key, total] of totals) add(key, total);
  };

test('a rate is what came between two looks, a second', () => {
  const rates = new Rates();
  rates.sample(0, of([['a', 100]]));
  expect([rates.now('a'), rates.last('a')]).toEqual([0, []]);
  rates.sample(5_000, of([['a', 150]]));
  rates.sample(15_000, of([['a', 170]]));
  expect([rates.now('a'), rates.last('a')]).toEqual([2, [10, 2]]);
  expect([rates.now('b'), rates.last('b')]).toEqual([0, []]);
});

test('a total that falls has begun anew', () => {
  const rates = new Rates();
  rates.sample(0, of([['a', 1000]]));
  rates.sample(1_000, of([['a', 30]]));
  expect(rates.now('a')).toBe(30);
});

test('the last sixty are kept, the oldest first', () => {
  const rates = new Rates();
  let total = 0;
  for (let i = 0; i <= KEPT_RATES + 5; i++) rates.sample(i * 1_000, of([['a', (total += i)]]));
  expect(rates.last('a')).toEqual(Array.from({ length: KEPT_RATES }, (_, i) => i + 6));
  expect(rates.now('a')).toBe(KEPT_RATES + 5);
});

test('what a sample does not name is forgotten, and begins anew', () => {
  const rates = new Rates();
  rates.sample(
    0,
    of([
      ['a', 0],
      ['b', 0],
    ]),
  );
  rates.sample(
    1_000,
    of([
      ['a', 1],
      ['b', 1],
    ]),
  );
  rates.sample(2_000, of([['a', 2]]));
  expect([rates.last('a'), rates.last('b')]).toEqual([[1, 1], []]);
  rates.sample(
    3_000,
    of([
      ['a', 3],
      ['b', 500],
    ]),
  );
  expect(rates.last('b')).toEqual([]);
});

test('what bears one key is one total', () => {
  const rates = new Rates();
  rates.sample(
    0,
    of([
      ['a', 10],
      ['a', 20],
    ]),
  );
  rates.sample(
    1_000,
    of([
      ['a', 11],
      ['a', 25],
    ]),
  );
  expect([rates.now('a'), rates.last('a')]).toEqual([6, [6]]);
});

test('what did not rise for long, and then does, has its zeros', () => {
  const rates = new Rates();
  for (let i = 0; i <= KEPT_RATES + 1; i++) rates.sample(i * 1_000, of([['a', 5]]));
  expect([rates.now('a'), rates.last('a')]).toEqual([0, Array.from({ length: KEPT_RATES }, () => 0)]);
  rates.sample((KEPT_RATES + 2) * 1_000, of([['a', 8]]));
  expect(rates.last('a')).toEqual([...Array.from({ length: KEPT_RATES - 1 }, () => 0), 3]);
});

test('all parts are looked at every five seconds, under keys that do not meet', () => {
  vi.useFakeTimers();
  const root = Scope.root('test', (error) => {
    throw error;
  });
  let step = 0;
  const activity = watchActivity(root, {
    containers: (tell) => tell('x', step * 5, step * 500),
    sources: (tell) => tell('x', step * 10, step * 1000),
    processors: (tell) => tell('x', step * 25),
    sinks: (tell) => tell('x', step * 15),
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
