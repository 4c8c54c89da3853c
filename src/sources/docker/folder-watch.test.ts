import type * as Fs from 'node:fs';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { FolderWatch } from './folder-watch.js';
import { until } from './testing/until.js';

const limits = vi.hoisted(() => ({ isExhausted: false }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const watch = (...args: Parameters<typeof fs.watch>): ReturnType<typeof fs.watch> => {
    if (limits.isExhausted) throw Object.assign(new Error('too many'), { code: 'EMFILE' });
    return fs.watch(...args);
  };
  return { ...fs, watch };
});

let dir: string;
let scope: Scope;
let seen: string[];
let folder: FolderWatch;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'folders-'));
  scope = Scope.root('test', (error) => {
    throw error;
  });
  seen = [];
  folder = new FolderWatch({ dir, log: silentLogger, onNewFolder: (id) => seen.push(id) });
});
afterEach(async () => {
  limits.isExhausted = false;
  await scope.close();
  expect([...scope.census()]).toEqual([]);
  rmSync(dir, { recursive: true, force: true });
});

const id = (n: number): string => n.toString(16).padStart(64, '0');

test('new folders are seen, whether they come before or after the watch; nothing else is', async () => {
  mkdirSync(join(dir, id(1)));
  mkdirSync(join(dir, id(2)));
  const anHourAgo = Date.now() / 1000 - 3_600;
  utimesSync(join(dir, id(2)), anHourAgo, anHourAgo);
  folder.refresh(scope);
  expect(seen).toEqual([id(1)]);
  writeFileSync(join(dir, 'lost+found'), '');
  mkdirSync(join(dir, id(3)));
  await until('the new folder', () => seen.includes(id(3)));
  expect(new Set(seen)).toEqual(new Set([id(1), id(3)]));
});

test('a folder is looked at', () => {
  mkdirSync(join(dir, id(1)));
  expect([folder.look(id(1)), folder.look(id(2))]).toEqual(['there', 'missing']);
});

test('a containers folder that appears late, or is made anew, is watched from then on', async () => {
  rmSync(dir, { recursive: true });
  folder.refresh(scope);
  expect(scope.census().get('watcher')).toBeUndefined();
  for (const n of [1, 2]) {
    mkdirSync(dir);
    folder.refresh(scope);
    expect(scope.census().get('watcher')).toBe(1);
    mkdirSync(join(dir, id(n)));
    await until(`folder ${n}`, () => seen.includes(id(n)));
    rmSync(dir, { recursive: true });
  }
});

test('where nothing can be watched the folder is polled, and it is said once', async () => {
  const said: string[] = [];
  const log = { ...silentLogger, warn: (_fields: object, message: string) => said.push(message) };
  folder = new FolderWatch({ dir, log, onNewFolder: (id) => seen.push(id) });
  limits.isExhausted = true;
  folder.refresh(scope);
  folder.refresh(scope);
  mkdirSync(join(dir, id(1)));
  await until('the new folder', () => seen.includes(id(1)));
  expect(said).toEqual([
    expect.stringMatching(/cannot be watched \(EMFILE\) and is polled.*max_user_instances/),
  ]);
});

test('folders that live for half a second are all seen by a loop that stalls for 400 ms again and again', async () => {
  folder.refresh(scope);
  const worker = new Worker(
    `const { mkdirSync, rmSync } = require('node:fs');
     const { parentPort, workerData } = require('node:worker_threads');
     let n = 0;
     const timer = setInterval(() => {
       const path = workerData + '/' + (++n).toString(16).padStart(64, '0');
       mkdirSync(path);
       setTimeout(() => { rmSync(path, { recursive: true }); if (n >= 40 && path.endsWith('28')) parentPort.postMessage('done'); }, 600);
       if (n === 40) clearInterval(timer);
     }, 50);`,
    { eval: true, workerData: dir },
  );
  const done = new Promise((resolve) => worker.once('message', resolve));
  const stall = setInterval(() => {
    const end = performance.now() + 400;
    while (performance.now() < end);
  }, 450);
  await done;
  clearInterval(stall);
  await worker.terminate();
  expect(new Set(seen)).toEqual(new Set(Array.from({ length: 40 }, (_, i) => id(i + 1))));
});
