import type { Stats } from 'node:fs';
import { expect, test } from 'vitest';
import { Slumber } from './slumber.js';

const SEEN = { inode: 7, size: 100, modifiedMs: 1_000 };
const stat = (change: Partial<typeof SEEN> = {}): Stats => {
  const { inode, size, modifiedMs } = { ...SEEN, ...change };
  return { ino: inode, size, mtimeMs: modifiedMs } as Stats;
};

test.each([
  ['the same file', stat(), false],
  ['another file', stat({ inode: 8 }), true],
  ['more in it', stat({ size: 101 }), true],
  ['as much, written later', stat({ modifiedMs: 1_001 }), true],
  ['nothing', undefined, true],
])('whether its name bears something else: %s', (_, now, hasChanged) => {
  const slumber = new Slumber();
  slumber.begin(SEEN, true);
  expect(slumber.hasChanged(now)).toBe(hasChanged);
});

test('a log that was never awake has changed where there is something', () => {
  expect([new Slumber().hasChanged(stat()), new Slumber().hasChanged(undefined)]).toEqual([true, false]);
});

test.each<[what: string, isWatched: boolean, events: ('change' | 'rename')[], mayHaveGrown: boolean]>([
  ['watched, and nothing told', true, [], false],
  ['not watched', false, [], true],
  ['written to', true, ['change'], true],
  ['renamed, and the next file of the name written to', true, ['rename', 'change'], false],
  ['written to, then renamed', true, ['change', 'rename'], true],
])('whether the file may have grown meanwhile: %s', (_, isWatched, events, mayHaveGrown) => {
  const slumber = new Slumber();
  expect(slumber.mayHaveGrown).toBe(true);
  slumber.begin(SEEN, isWatched);
  for (const event of events) slumber.heard(event);
  expect(slumber.mayHaveGrown).toBe(mayHaveGrown);
  slumber.begin(SEEN, true);
  slumber.heard('change');
  expect(slumber.mayHaveGrown, 'the name is its own again').toBe(true);
});
