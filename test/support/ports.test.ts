import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './ports.js';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

test('no port is told twice, and none is where somebody listens', async () => {
  const before = await freePort();
  const holder = createServer();
  await once(holder.listen(before + 3, '127.0.0.1'), 'listening');
  onTestFinished(() => void holder.close());
  const told = [before];
  for (let i = 0; i < 200; i++) told.push(await freePort());
  expect(new Set(told).size).toBe(told.length);
  expect(told).not.toContain(before + 3);
});

test.skipIf(!existsSync(RANGE))('none is of those that the system gives away', async () => {
  const [first] = readFileSync(RANGE, 'utf8').split('\t').map(Number);
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(first);
});
