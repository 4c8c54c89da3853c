import { beforeEach, expect, test } from 'vitest';
import { type ReaderPlace, Room } from './room.js';

const MINUTE = 60_000;
let readers: ReaderPlace[];
let end: number;
let now: number;
let room: Room;

beforeEach(() => {
  readers = [];
  end = 1_000;
  now = 0;
  room = new Room({ readers: () => readers, end: () => end, capacity: () => 1_000, now: () => now });
});

/** Whether old lines must wait, and the wait goes on. */
async function isHeld(): Promise<boolean> {
  const wait = room.wait();
  if (!wait) return false;
  return Promise.race([wait.then(() => false), new Promise<boolean>((r) => setImmediate(r, true))]);
}

test('nobody reads, or everybody is near: nobody waits', async () => {
  expect(await isHeld()).toBe(false);
  readers = [
    { oldest: 500, movedMs: 0 },
    { oldest: 1_000, movedMs: 0 },
  ];
  expect(await isHeld()).toBe(false);
});

test('a reader that is far behind and comes on is waited for, as long as it takes', async () => {
  readers = [
    { oldest: 499, movedMs: 0 },
    { oldest: 1_000, movedMs: 0 },
  ];
  expect(await isHeld()).toBe(true);
  const wait = room.wait();
  now = 60 * MINUTE;
  readers = [
    { oldest: 499, movedMs: now - MINUTE },
    { oldest: 1_000, movedMs: now },
  ];
  expect(await isHeld()).toBe(true);
  readers = [
    { oldest: 600, movedMs: now },
    { oldest: 1_000, movedMs: now },
  ];
  room.changed();
  await wait;
});

test('one that does not come on holds the others for ten minutes', async () => {
  readers = [
    { oldest: 0, movedMs: 0 },
    { oldest: 900, movedMs: 0 },
  ];
  now = 10 * MINUTE - 1;
  expect(await isHeld()).toBe(true);
  const wait = room.wait();
  now = 10 * MINUTE;
  room.changed();
  await wait;
  expect(await isHeld()).toBe(false);
});

test('where all are far behind nobody would gain: old lines stay where they are', async () => {
  readers = [
    { oldest: 0, movedMs: 0 },
    { oldest: 100, movedMs: 0 },
  ];
  now = 60 * MINUTE;
  expect(await isHeld()).toBe(true);
  const wait = room.wait();
  room.close();
  await wait;
  expect(await isHeld()).toBe(false);
});
