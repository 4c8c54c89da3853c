import { expect, it } from 'vitest';
import { times } from './course.js';

it.each([
  // minutes, warm-up in seconds, seconds between samples
  [0.3, 4.5, 2],
  [2, 30, 2],
  [10, 60, 2],
  [60, 300, 2],
  [1_440, 300, 43.2],
])('of %s minutes: warm-up %s s, a sample every %s s', (minutes, warmUp, interval) => {
  expect(times({ minutes })).toEqual({
    runMs: minutes * 60_000,
    warmUpMs: warmUp * 1_000,
    intervalMs: interval * 1_000,
  });
});
