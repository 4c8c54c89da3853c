import { describe, expect, test } from 'vitest';
import { basesOf, isAsLate, isRotationOf, mayBeRotationOf, newestFirst } from './generations.js';
import { podOf } from './labels.js';
import { decodePosition, encodePosition, type SavedLog } from './position.js';

describe('names that rotation gives', () => {
  test.each([
    // name, log, surely, maybe
    ['app.log.1', 'app.log', true, true],
    ['app.log.12.gz', 'app.log', true, true],
    ['app.log.1.zst', 'app.log', true, true],
    ['app.log-20261122', 'app.log', true, true],
    ['app.log-20261122.gz', 'app.log', true, true],
    ['app.log.2026-11-22', 'app.log', true, true],
    ['app.log.2026-11-22T10:00:00Z', 'app.log', true, true],
    ['app-20261122.log', 'app.log', true, true],
    ['app.2026-11-22.log.gz', 'app.log', true, true],
    ['app.log.old', 'app.log', true, true],
    ['0.log.20261122-100003', '0.log', true, true],
    ['syslog.1', 'syslog', true, true],
    ['app-1.log', 'app.log', false, true],
    ['app.1.log', 'app.log', false, true],
    ['worker-2', 'worker', false, true],
    ['app.log', 'app.log', false, false],
    ['app.log.gz', 'app.log', false, false],
    ['app.logs', 'app.log', false, false],
    ['app.log.1x', 'app.log', false, false],
    ['apple.log', 'app.log', false, false],
    ['app1.log', 'app.log', false, false],
    ['app-12.log', 'app-1.log', false, false],
    ['1.log', '0.log', false, false],
  ])('%s of %s: surely %s, maybe %s', (name, base, surely, maybe) => {
    expect([isRotationOf(name, base), mayBeRotationOf(name, base)]).toEqual([surely, maybe]);
    if (surely) expect(basesOf(name)).toContain(base);
  });
});

test.each([
  ['a.log.1', 1500, true],
  ['a.log.1', 1499, false],
  ['a.log.1.gz', 1000, true],
  ['a.log.1.gz', 999, false],
])('%s of %i ms may hold what was written at 1,500: %s', (path, modifiedMs, isSo) => {
  expect(isAsLate({ path, modifiedMs, inode: 1, bytes: 1, createdMs: 0, isSure: true }, 1500)).toBe(isSo);
});

describe('the newest first', () => {
  test.each([
    ['by numbers', { 'a.log.10': 1, 'a.log.9': 2, 'a.log.1': 3 }],
    ['by dates', { 'a.log-20261121': 1, 'a.log-20261122': 2 }],
    ['though the older one was compressed later', { 'a.log.2.gz': 9000, 'a.log.1': 2000 }],
    ['though it has the time of its text in whole seconds', { 'a.log.2.gz': 1400, 'a.log.1.gz': 1000 }],
    ['where the same was written', { 'a.log.2': 1, 'a.log.1': 1 }],
    ['by times, where numbers count the other way', { 'a.log.1': 1, 'a.log.2': 2, 'a.log.3': 3 }],
    ['the same, compressed', { 'a.log.1.gz': 1000, 'a.log.2.gz': 9000 }],
  ])('%s', (_what, oldestFirst: Record<string, number>) => {
    const generations = Object.entries(oldestFirst).map(([name, modifiedMs], inode) => ({
      path: `/logs/${name}`,
      inode,
      bytes: 1,
      modifiedMs,
      createdMs: 0,
      isSure: true,
    }));
    expect(newestFirst(generations)).toEqual(generations.toReversed());
    expect(newestFirst(generations.toReversed())).toEqual(generations.toReversed());
  });
});

test.each([
  [
    '/var/log/pods/shop_web-7d4b9c_0a1b-2c3d/app/0.log',
    { namespace: 'shop', pod: 'web-7d4b9c', container: 'app' },
  ],
  [
    '/var/log/pods/kube-system_etcd-n1_0a1b/etcd/12.log',
    { namespace: 'kube-system', pod: 'etcd-n1', container: 'etcd' },
  ],
  ['/var/log/pods/shop_web/app/0.log', undefined],
  ['/var/log/app.log', undefined],
])('the pod of %s', (path, pod) => {
  expect(podOf(path)).toEqual(pod);
});

describe('positions', () => {
  const saved: SavedLog = {
    seconds: 1795366115,
    nanos: 941000001,
    isCut: true,
    files: [
      { file: [1024, 77, 4096, 4096, 99], inode: 12, createdMs: 1795366115237.9414, isLate: true },
      { file: [0, 0, 0, 0], inode: 13, createdMs: 0, isLate: false },
    ],
    olderMs: 1795366115237.5,
    done: [
      [1024, 77, 4096],
      [3, 5, 3],
    ],
  };

  test('come back as they were', () => {
    expect(decodePosition(JSON.parse(JSON.stringify(encodePosition(saved))))).toEqual(saved);
  });

  test.each([
    null,
    1,
    {},
    [],
    [1, 2, 0, []],
    [1, 2, 0, [[1, 2, 3, 4], 5], 0],
    [1, -2, 0, [], 0],
    [1, 2, 0, [], 0, 3],
    [1, 2, 0, [], 0, [1, 'x', 3]],
    [1, 2, 0, [[1, 2, 'x', 4], 5, 6, 0], 0],
  ])('nothing else is one: %j', (position) => {
    expect(decodePosition(position as never)).toBeUndefined();
  });
});
