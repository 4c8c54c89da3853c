import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget, compileSearch, PatternError } from './index.js';
import { hostileLine, hostilePattern, randomOf } from './testing/hostile.js';

const unlimited = (): Budget => new Budget(Number.POSITIVE_INFINITY);

function isTooLarge(pattern: string): boolean {
  try {
    compileSearch(pattern, unlimited());
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(PatternError);
    return true;
  }
}

test('a search within a budget says what one without says, or that it does not know', () => {
  const answers = { true: 0, false: 0, undefined: 0 };
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 30_000 }), (seed, steps) => {
      const random = randomOf(seed);
      const pattern = hostilePattern(random);
      const budget = new Budget(steps);
      fc.pre(!isTooLarge(pattern));
      const search = compileSearch(pattern, budget);
      const free = compileSearch(pattern, unlimited());
      for (let i = 0; i < 4; i++) {
        const line = hostileLine(random, 2_000);
        budget.renew();
        const answer = search.test(line, 0, line.length);
        answers[`${answer}`]++;
        if (answer !== undefined)
          expect([pattern, answer]).toEqual([pattern, free.test(line, 0, line.length)]);
        else expect(budget.left).toBeLessThanOrEqual(0);
      }
    }),
    { numRuns: 300 },
  );
  expect(Math.min(...Object.values(answers))).toBeGreaterThan(50);
});

test('whatever pattern and line, no more is spent than the budget and a few steps', () => {
  const steps = 20_000;
  let most = 0;
  let exhausted = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomOf(seed);
    const budget = new Budget(steps);
    const search = compileSearch(hostilePattern(random), budget);
    budget.renew();
    const line = hostileLine(random, 16 * 1024);
    if (search.test(line, 0, line.length) === undefined) exhausted++;
    // What is known is read to the end.
    most = Math.max(most, steps - budget.left - line.length * 3);
  }
  expect(exhausted).toBeGreaterThan(20);
  // One set of threads may be in the making when nothing is left.
  expect(most).toBeLessThan(steps + 10_000);
});

test('what is run set by set, all tables being full, ends with the budget too', () => {
  const random = randomOf(1);
  const line = Buffer.from(Array.from({ length: 30_000 }, () => (random() < 0.5 ? 0x61 : 0x62)));
  const budget = new Budget(600_000);
  const search = compileSearch('a.{200}c$', budget);
  for (let i = 0; i < 2; i++) {
    budget.renew();
    expect(search.test(line, 0, line.length)).toBeUndefined();
    expect(budget.left).toBeGreaterThan(-10_000);
  }
});

test('what is known well costs by its length, more where it is not ASCII', () => {
  const budget = new Budget(100_000);
  const search = compileSearch('[cd]$', budget);
  const spentOn = (line: Buffer): number => {
    search.test(line, 0, line.length);
    budget.renew();
    expect(search.test(line, 0, line.length)).toBe(false);
    return 100_000 - budget.left;
  };
  expect(spentOn(Buffer.alloc(80_000, 'b'))).toBe(40_000);
  expect(spentOn(Buffer.alloc(20_000, 'ü'))).toBe(40_000);
  budget.renew();
  const line = Buffer.alloc(80_000, 'b');
  expect([1, 2, 3, 4].map(() => search.test(line, 0, line.length))).toEqual([false, false, false, undefined]);
});

test('searches of one line share what they may spend, and the next line has all of it again', () => {
  const budget = new Budget(20_000);
  const costly = compileSearch('[ab].{200}c$', budget);
  const cheap = compileSearch('x', budget);
  const line = Buffer.alloc(8_000, 'ab');
  budget.renew();
  expect(cheap.test(line, 0, line.length)).toBe(false);
  expect(costly.test(line, 0, line.length)).toBeUndefined();
  expect(cheap.test(line, 0, line.length)).toBeUndefined();
  budget.renew();
  expect(cheap.test(line, 0, line.length)).toBe(false);
});
