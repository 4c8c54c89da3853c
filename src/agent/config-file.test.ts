import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scope } from '../runtime/scope.js';
import { watchConfigFile } from './config-file.js';

let folder: string;
let file: string;
let scope: Scope;
let changes: number;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-config-file-'));
  file = path.join(folder, 'c.yaml');
  writeFileSync(file, 'a: 1');
  changes = 0;
  scope = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(async () => {
  await scope.close();
  rmSync(folder, { recursive: true });
});

/** `lookMs`: so long that only a watch can tell, or so short that none has to. */
function watch(lookMs: number, restMs = 20): void {
  watchConfigFile(scope, file, () => changes++, { restMs, lookMs });
}

const told = (count: number): Promise<void> =>
  vi.waitFor(() => expect(changes).toBe(count), { timeout: 30_000, interval: 5 });

test('written in place, replaced, gone and there again: each is told once', async () => {
  watch(60_000);
  writeFileSync(file, 'a: 22');
  await told(1);
  writeFileSync(`${file}~`, 'a: 333');
  renameSync(`${file}~`, file);
  await told(2);
  rmSync(file);
  await told(3);
  writeFileSync(file, 'a: 4444');
  await told(4);
  expect(scope.holdings()).toMatchObject({ watcher: 1, timer: 1 });
});

test('swapped below a symbolic link, as Kubernetes does', async () => {
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['1', '2']) {
    mkdirSync(at(name));
    writeFileSync(path.join(at(name), 'c.yaml'), `a: ${name}`);
  }
  rmSync(file);
  symlinkSync('1', at('..data'));
  symlinkSync('..data/c.yaml', file);
  watch(60_000);
  symlinkSync('2', at('..data_tmp'));
  renameSync(at('..data_tmp'), at('..data'));
  await told(1);
});

test('where no watch tells, a look does', async () => {
  const elsewhere = mkdtempSync(path.join(tmpdir(), 'log-capturer-config-file-'));
  const real = path.join(elsewhere, 'real.yaml');
  const between = path.join(elsewhere, 'between.yaml');
  writeFileSync(real, 'a: 1');
  rmSync(file);
  // The folder of the link, and that of the file, do not change.
  mkdirSync(path.join(elsewhere, 'other'));
  symlinkSync(real, between);
  symlinkSync(between, file);
  const linked = path.join(elsewhere, 'other', 'linked.yaml');
  symlinkSync(real, linked);
  watch(10);
  writeFileSync(linked, 'a: 22');
  await told(1);
  rmSync(elsewhere, { recursive: true });
});

test('a file that is still being written is left alone', () => {
  vi.useFakeTimers();
  try {
    watch(10, 150);
    for (let i = 0; i < 12; i++) {
      writeFileSync(file, 'a: 1\n'.repeat(i + 2));
      vi.advanceTimersByTime(100);
      expect(changes).toBe(0);
    }
    vi.advanceTimersByTime(1_000);
    expect(changes).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
