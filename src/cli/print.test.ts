import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { print } from './print.js';

function failing(code: string): Writable {
  const out = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });
  return out.on('error', () => {});
}

test('answers once the text is taken', async () => {
  let take: (() => void) | undefined;
  const out = new Writable({
    write(_chunk, _encoding, done) {
      take = done;
    },
  });
  let isTaken: boolean | undefined;
  const printed = print(out, 'x').then((taken) => {
    isTaken = taken;
  });
  await Promise.resolve();
  expect(isTaken).toBeUndefined();
  take?.();
  await printed;
  expect(isTaken).toBe(true);
});

test('a pipe that nobody reads any more is told, now and from then on; a full disk is an error', async () => {
  const closed = failing('EPIPE');
  expect([await print(closed, 'a'), await print(closed, 'b')]).toEqual([false, false]);
  await expect(print(failing('ENOSPC'), 'a')).rejects.toMatchObject({ code: 'ENOSPC' });
});
