import { expect, test } from 'vitest';
import { Attempts } from './attempts.js';

let nowMs = 0;
const attempts = (): Attempts => {
  nowMs = 1_000_000;
  return new Attempts(() => nowMs);
};

function tryWrong(some: Attempts, address: string, times: number): void {
  for (let i = 0; i < times; i++) some.wrong(address);
}

test('ten wrong ones within a minute, then it is over for the rest of it', () => {
  const some = attempts();
  tryWrong(some, '10.0.0.1', 9);
  expect(some.waitSeconds('10.0.0.1')).toBe(0);
  nowMs += 20_000;
  some.wrong('10.0.0.1');
  expect([some.waitSeconds('10.0.0.1'), some.waitSeconds('10.0.0.2')]).toEqual([40, 0]);
  nowMs += 40_000;
  expect(some.waitSeconds('10.0.0.1')).toBe(0);
  tryWrong(some, '10.0.0.1', 9);
  expect(some.waitSeconds('10.0.0.1')).toBe(0);
});

test('the addresses of one IPv6 network are one', () => {
  const some = attempts();
  for (let i = 0; i < 10; i++) some.wrong(`2001:db8:1:2::${i}`);
  expect(some.waitSeconds('2001:db8:1:2:a:b:c:d')).toBe(60);
  expect(some.waitSeconds('2001:db8:1:3::1')).toBe(0);
  tryWrong(some, '2001:db8::1', 10);
  expect(some.waitSeconds('2001:db8::2')).toBe(60);
});

test('memory is bounded, and whoever finds no room is still limited', () => {
  const some = attempts();
  for (let i = 0; i < 5_000; i++) some.wrong(`10.1.${i >> 8}.${i & 255}`);
  expect(some.size).toBeLessThanOrEqual(1_001);
  expect(some.waitSeconds('10.9.9.9')).toBe(60);
  nowMs += 60_000;
  expect(some.waitSeconds('10.9.9.9')).toBe(0);
  some.wrong('10.9.9.9');
  expect(some.size).toBeLessThan(10);
});
