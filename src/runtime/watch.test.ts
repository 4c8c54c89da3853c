import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scope } from './scope.js';
import { watchPath } from './watch.js';

const PATIENCE_MS = 20_000;

let scope: Scope;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'watch-'));
  scope = Scope.root('test', (error) => {
    throw error;
  });
});
afterEach(async () => {
  await scope.close();
  rmSync(folder, { recursive: true });
});

const active = (): number => process.getActiveResourcesInfo().filter((type) => type === 'FSEventWrap').length;

test('a watch tells of changes, by name', async () => {
  const names: (string | null)[] = [];
  watchPath(scope, folder, { onChange: (name) => names.push(name), onError: () => {} });
  writeFileSync(path.join(folder, 'a.log'), 'x');
  await vi.waitFor(() => expect(names).toContain('a.log'), PATIENCE_MS);
});

test('a watch that is released is held by nobody from that moment on', () => {
  const before = active();
  const watches = Array.from({ length: 3 }, () =>
    watchPath(scope, folder, { onChange: () => {}, onError: () => {} }),
  );
  expect([active() - before, scope.census().get('watcher')]).toEqual([3, 3]);
  for (const watch of watches) void watch.release();
  expect([active() - before, scope.census().get('watcher') ?? 0]).toEqual([0, 0]);
});

test('what is not there cannot be watched', () => {
  const watch = (): unknown =>
    watchPath(scope, path.join(folder, 'none'), { onChange: () => {}, onError: () => {} });
  expect(watch).toThrow(/ENOENT/);
  expect(scope.census().get('watcher') ?? 0).toBe(0);
});
