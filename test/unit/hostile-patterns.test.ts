/**
 * Patterns and lines at their worst: whatever they are, a processor spends on one line what one line may cost, and no more.
 * Steps are asserted, not time; `npm run bench:hostile` measures the time of 10,000 pairs.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OneLine, WITH_PATTERN } from '../../src/processors/testing/hostile-processors.js';
import { Budget } from '../../src/regex/index.js';
import { hostileLine, hostilePattern, randomOf } from '../../src/regex/testing/hostile.js';

const PAIRS = 60;
const LINE_BYTES = 16 * 1024;
/** A hundredth of what a line may cost, so that many pairs need more. */
const STEPS = 30_000;

/** Budgets that were renewed for the line at hand, and what was spent of those that were renewed again. */
let used = new Set<Budget>();
let spent = 0;

beforeEach(() => {
  vi.spyOn(Budget.prototype, 'renew').mockImplementation(function (this: Budget) {
    if (used.has(this)) spent += STEPS - this.left;
    used.add(this);
    this.left = STEPS;
  });
});

afterEach(() => void vi.restoreAllMocks());

test.each(Object.keys(WITH_PATTERN))('%s', (name) => {
  let most = 0;
  let refused = 0;
  let exhausted = 0;
  for (let seed = 1; seed <= PAIRS; seed++) {
    const random = randomOf(seed);
    const pattern = hostilePattern(random);
    const line = hostileLine(random, LINE_BYTES);
    let stage: OneLine;
    try {
      stage = new OneLine(WITH_PATTERN[name](pattern));
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      refused++;
      continue;
    }
    // The second time what was learned of the first is there.
    for (let i = 0; i < 2; i++) {
      used = new Set();
      spent = 0;
      stage.give(line);
      for (const budget of used) {
        spent += STEPS - budget.left;
        if (budget.left <= 0) exhausted++;
      }
      // What is known is read to the end, and one set of threads may be in the making.
      most = Math.max(most, spent - line.length * 3);
    }
  }
  expect(refused).toBeLessThan(PAIRS / 3);
  expect(most).toBeLessThan(STEPS + 10_000);
  if (name !== 'filter, a text') expect(exhausted).toBeGreaterThan(2);
});
