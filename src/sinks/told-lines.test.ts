import { expect, test } from 'vitest';
import { ToldLines } from './told-lines.js';

const MINUTE = 60_000;

test('a matter is told at once, then every ten minutes with all lines of that time; each by itself', () => {
  const told = new ToldLines();
  const heard = [
    told.add('too_old', 3, 0),
    told.add('too_old', 4, 1),
    told.add('cut', 1, 2),
    told.add('too_old', 5, 9 * MINUTE),
    told.add('too_old', 6, 10 * MINUTE),
    told.add('too_old', 7, 11 * MINUTE),
    told.add('cut', 2, 60 * MINUTE),
    told.add('too_old', 1, 60 * MINUTE),
  ];
  expect(heard).toEqual([3, undefined, 1, undefined, 15, undefined, 2, 8]);
});
