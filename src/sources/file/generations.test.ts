import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { basesOf, isRotationOf, mayBeRotationOf, overGenerations } from './generations.js';
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

describe('generations that move while they are looked at', () => {
  test('are listed and opened again, and what was opened in vain is closed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'generations-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'a.log');
    const scope = Scope.root('test', (error) => {
      throw error;
    });
    onTestFinished(() => scope.close().then(() => undefined));
    for (const n of [1, 2]) {
      writeFileSync(`${path}.${n}`, `generation ${n}`);
      utimesSync(`${path}.${n}`, 1000 - n, 1000 - n);
    }
    writeFileSync(path, 'generation 0');
    let attempts = 0;
    const texts = overGenerations(scope, path, (list, open) => {
      const listed = list();
      if (++attempts === 1)
        for (const n of [2, 1, 0]) renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`);
      return listed.map((generation) => open(generation)?.head(100).toString());
    });
    expect(attempts).toBe(2);
    expect(texts).toEqual(['generation 0', 'generation 1', 'generation 2']);
    await vi.waitFor(() => expect(scope.census()).toEqual(new Map([['file', 3]])));
  });
});
