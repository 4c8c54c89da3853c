import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { openGenerations } from './generations.js';

test('a file that is compressed between its name and its opening is found again, not passed over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'generations-'));
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const path = join(folder, 'log');
  writeFileSync(path, 'newest\n');
  writeFileSync(`${path}.1`, 'next\n');
  writeFileSync(`${path}.2.gz`, gzipSync('oldest\n'));
  let isCompressed = false;
  const files = openGenerations(scope, path, () => {
    if (!isCompressed) {
      writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
      rmSync(`${path}.1`);
    }
    isCompressed = true;
    return false;
  });
  expect(files.map((file) => file.path)).toEqual([path, `${path}.1.gz`, `${path}.2.gz`]);
  expect(files.map((file) => file.head(10).toString())).toEqual(['newest\n', 'next\n', 'oldest\n']);
  await scope.close();
  rmSync(folder, { recursive: true });
});
