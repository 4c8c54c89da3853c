import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { takeUnread } from './unread.js';

test('all that was read is taken, in its order, however many pieces it came in', () => {
  const stream = new PassThrough();
  expect(takeUnread(stream)).toEqual([]);
  for (const piece of ['a', 'bc', 'd']) stream.write(piece);
  expect(Buffer.concat(takeUnread(stream)).toString()).toBe('abcd');
  expect(takeUnread(stream)).toEqual([]);
});
