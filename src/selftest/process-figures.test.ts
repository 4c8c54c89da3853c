import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cpuSeconds, enginePid, openDescriptors, processStart, residentBytes } from './process-figures.js';

const NOBODY = 2 ** 22 + 1;

it.runIf(process.platform === 'linux')('tells of this process what it tells of itself', () => {
  const { user, system } = process.cpuUsage();
  expect(Math.abs((cpuSeconds(process.pid) ?? 0) - (user + system) / 1e6)).toBeLessThan(1);
  const ratio = (residentBytes(process.pid) ?? 0) / process.memoryUsage.rss();
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(2);
  expect(processStart(process.pid)).toMatch(/^\d+$/);
  const before = openDescriptors(process.pid);
  const files = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
  expect(openDescriptors(process.pid)).toBe((before ?? 0) + 2);
  for (const file of files) closeSync(file);
});

it('tells nothing of a process that is not there', () => {
  expect([processStart, cpuSeconds, residentBytes, openDescriptors].map((of) => of(NOBODY))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(enginePid({ url: 'tcp://host:1', target: { host: 'host', port: 1 } })).toBeUndefined();
});
