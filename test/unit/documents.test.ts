/** What the documents list must be what the program has. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/runtime/errors.js';
import { projectRoot } from '../support/project.js';

test('docs/errors.md explains every code, and no other', () => {
  const page = readFileSync(path.join(projectRoot(), 'docs/errors.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, code]) => code).sort()).toEqual([...ERROR_CODES].sort());
});
