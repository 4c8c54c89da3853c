import { expect, it } from 'vitest';
import { goneWords } from './words.js';

it('a line that is not there is gone, or never was', () => {
  const time = '2026-11-20T11:00:00.000000000Z';
  expect(goneWords(time, '2026-11-21T11:00:00.000000000Z', 'utc')).toBe(
    'This line is gone: the history reaches back to 2026-11-21 11:00:00. How far it does is set by journal.max_age and journal.max_bytes.',
  );
  expect(goneWords(time, '2026-11-19T11:00:00.000000000Z', 'utc')).toMatch(
    /^There is no line of this container/,
  );
  expect(goneWords(time, undefined, 'utc')).toMatch(/^There is no line of this container/);
  expect(goneWords(time, null, 'utc')).toBe('This line is gone: the history is empty.');
});
