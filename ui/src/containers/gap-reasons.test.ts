import { expect, test } from 'vitest';
import { GAP_REASONS } from '../../../src/pipeline/gaps.js';
import { remedyOf } from './gap-reasons.js';

test.each(GAP_REASONS)('what to do about %s is said in a sentence', (why) => {
  expect(remedyOf(why)).toMatch(/^[A-Z].*\.$/);
});

test('a reason of another version has no remedy here', () => {
  expect(remedyOf('of_tomorrow')).toBe('');
  expect(remedyOf('constructor')).toBe('');
});
