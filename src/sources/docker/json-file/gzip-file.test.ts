import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { GzipFile } from './gzip-file.js';

test('a file that cannot be read is closed once: its descriptor may be another one by then', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-gzip-'));
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const unreadable = path.join(folder, 'log.1.gz');
  mkdirSync(unreadable);
  expect(() => GzipFile.open(scope, unreadable)).toThrow('EISDIR');
  // It gets the number that has just become free.
  const other = openSync(folder, 'r');
  await scope.close();
  expect(fstatSync(other).isDirectory()).toBe(true);
  closeSync(other);
  rmSync(folder, { recursive: true });
});
