import { expect, test } from 'vitest';
import { GAP_REASONS, gapOf, gapSentence } from './gaps.js';

const from = { seconds: 1_700_000_000, nanos: 5 };
const to = { seconds: 1_700_000_060, nanos: 123_456_789 };
const BETWEEN = 'from 2023-11-14T22:13:20.000000005Z to 2023-11-14T22:14:20.123456789Z';

test.each([
  ['rotated', 'are missing: the log rotated faster than it could be read'],
  ['skipped', 'may be missing: the engine left them out when it served a log that rotated'],
  ['removed', 'may be missing: the container was removed before its log was read to the end'],
  ['truncated', 'may be missing: somebody cut the log file short'],
  ['blind', 'may be missing: they were written and removed while the agent was not running'],
  ['descriptors', 'are missing: no more files could be opened'],
  [
    'non_blocking',
    'may be missing: it logs with mode=non-blocking, where the engine drops lines when its buffer is full',
  ],
  ['overflow', 'are missing: they came faster than they could be taken'],
  ['cap', 'are missing: the journal reached its size limit, or was deleted, before they were delivered'],
  ['damaged', 'are missing: they are damaged on the disk'],
] as const)('%s', (why, words) => {
  expect(gapSentence({ why, from, to })).toBe(`lines ${BETWEEN} ${words}`);
});

test('is told a second wider than the lines beside it say, because outputs are stamped apart', () => {
  expect(gapOf('web', { why: 'rotated', from, to, lines: 3 })).toEqual({
    container: 'web',
    why: 'rotated',
    from: { seconds: from.seconds - 1, nanos: 5 },
    to: { seconds: to.seconds + 1, nanos: 123_456_789 },
    lines: 3,
  });
  expect(gapOf('web', { why: 'removed', from: undefined, to: undefined })).toMatchObject({
    from: undefined,
    to: undefined,
  });
});

test('no reason is left out here', () => expect(GAP_REASONS).toHaveLength(10));

test.each([
  [{ from: undefined, to }, 'lines up to 2023-11-14T22:14:20.123456789Z may be missing: x'],
  [{ from: undefined, to: undefined }, 'lines may be missing: x'],
  // Counted lines were there.
  [{ from, to, lines: 2 }, `2 lines ${BETWEEN} are missing: x`],
  [{ from, to, lines: 1 }, `1 line ${BETWEEN} is missing: x`],
])('what is known is said: %o', (known, sentence) => {
  expect(gapSentence({ why: 'removed', detail: 'x', ...known })).toBe(sentence);
});
