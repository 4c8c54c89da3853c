import { expect, test } from 'vitest';
import { Refusals } from './refusals.js';

const MINUTE = 60_000;
const result = (delivered: number, rejected: Readonly<Record<string, number>> = {}) => ({
  delivered,
  rejected: new Map(Object.entries(rejected)),
});

test('a tenth of the lines is too much, less is not, and a few lines are never', () => {
  const refusals = new Refusals();
  refusals.note(result(0, { too_old: 9 }), 0);
  expect(refusals.trouble(1)).toBeUndefined();
  refusals.note(result(0, { line_too_long: 1 }), 2);
  expect(refusals.trouble(3)).toBe(
    'It refuses 10 % of its lines or more (line_too_long, too_old): see "log-capturer dead-letters list".',
  );
  refusals.note(result(90), 4);
  expect(refusals.trouble(5)).toBeDefined();
  refusals.note(result(1), 6);
  expect(refusals.trouble(7)).toBeUndefined();
});

test('it is over one to two minutes after the last one', () => {
  const refusals = new Refusals();
  refusals.note(result(10), 0);
  refusals.note(result(10, { too_old: 50 }), MINUTE - 1);
  expect(refusals.trouble(2 * MINUTE - 1)).toBeDefined();
  refusals.note(result(10), 3 * MINUTE);
  expect(refusals.trouble(3 * MINUTE)).toBeUndefined();
});

test('a long silence is no trouble', () => {
  const refusals = new Refusals();
  refusals.note(result(0, { too_old: 50 }), 0);
  expect(refusals.trouble(60 * MINUTE)).toBeUndefined();
});
