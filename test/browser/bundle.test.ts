/** What a browser has to fetch for the whole window, all its pages together. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/project.js';

const FOLDER = path.join(projectRoot(), 'dist/src/ui');
const LIMIT = 120 * 1024;

const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name));

describe('the files of the window', () => {
  it('are at most 120 KB of compressed JavaScript and CSS', () => {
    const code = files.filter((file) => /\.(js|css)$/.test(file));
    const sizes = Object.fromEntries(
      code.map((file) => [path.relative(FOLDER, file), statSync(`${file}.br`).size]),
    );
    expect(Object.keys(sizes)).toEqual(
      expect.arrayContaining([expect.stringMatching(/\.js$/), expect.stringMatching(/\.css$/)]),
    );
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    expect(total, JSON.stringify(sizes, null, 2)).toBeLessThanOrEqual(LIMIT);
  });

  it('name nobody else to fetch from', () => {
    const elsewhere = /(?:src|href|import|url|fetch|from)\s*[=(]?\s*["'`(]\s*(?:https?:)?\/\/[^"'`)\s]+/gi;
    for (const file of files.filter((name) => /\.(js|css|html)$/.test(name))) {
      expect(readFileSync(file, 'utf8').match(elsewhere) ?? [], path.relative(FOLDER, file)).toEqual([]);
    }
  });
});
