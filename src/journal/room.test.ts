import { beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../runtime/log.js';
import { type ReaderPlace, Room } from './room.js';

const MINUTE = 60_000;
let readers: ReaderPlace[];
let end: number;
let now: number;
let room: Room;
let told: string[];

beforeEach(() => {
  readers = [];
  end = 1_000;
  now = 0;
  told = [];
  const info = (_: object, sentence: string): void => void told.push(sentence);
  room = new Room({
    readers: () => readers,
    end: () => end,
    capacity: () => 1_000,
    now: () => now,
    log: { ...silentLogger, info },
  });
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
    { name: 'r500', oldest: 500, movedMs: 0 },
    { name: 'r1_000', oldest: 1_000, movedMs: 0 },
  ];
  expect(await isHeld()).toBe(false);
});

test('a reader that is far behind and comes on is waited for, as long as it takes', async () => {
  readers = [
    { name: 'r499', oldest: 499, movedMs: 0 },
    { name: 'r1_000', oldest: 1_000, movedMs: 0 },
  ];
  expect(await isHeld()).toBe(true);
  const wait = room.wait();
  now = 60 * MINUTE;
  readers = [
    { name: 'r499', oldest: 499, movedMs: now - MINUTE },
    { name: 'r1_000', oldest: 1_000, movedMs: now },
  ];
  expect(await isHeld()).toBe(true);
  readers = [
    { name: 'r600', oldest: 600, movedMs: now },
    { name: 'r1_000', oldest: 1_000, movedMs: now },
  ];
  room.changed();
  await wait;
});

test('one that does not come on holds the others for ten minutes', async () => {
  readers = [
    { name: 'r0', oldest: 0, movedMs: 0 },
    { name: 'r900', oldest: 900, movedMs: 0 },
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
    { name: 'r0', oldest: 0, movedMs: 0 },
    { name: 'r100', oldest: 100, movedMs: 0 },
  ];
  now = 60 * MINUTE;
  expect(await isHeld()).toBe(true);
  const wait = room.wait();
  room.close();
  await wait;
  expect(await isHeld()).toBe(false);
});

test('who is waited for is said once, and shown as long as somebody waits', async () => {
  const near = { name: 'file', oldest: 1_000, movedMs: 0 };
  const far = { name: 'loki', oldest: 499, movedMs: 0 };
  readers = [near, far];
  expect(room.waitsFor).toBeUndefined();
  const wait = room.wait();
  expect(room.waitsFor).toBe('loki');
  expect(told).toEqual([expect.stringContaining('"loki"')]);
  // It comes on, slowly, for half an hour.
  for (let minute = 0; minute < 30; minute++) {
    now = minute * MINUTE;
    readers = [near, { ...far, oldest: minute % 2 ? 500 : 499, movedMs: now }];
    room.changed();
    void room.wait();
  }
  await wait;
  expect(told).toHaveLength(1);
  readers = [near];
  room.changed();
  expect(room.waitsFor).toBeUndefined();
  now += 10 * MINUTE;
  readers = [near, { ...far, movedMs: now }];
  expect(await isHeld()).toBe(true);
  expect(told).toHaveLength(2);
});
