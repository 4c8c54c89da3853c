import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { atOneMoment } from './moment.js';

/** Only a hang misses it. */
const PATIENCE_MS = 20_000;

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
    const texts = atOneMoment(scope, path, ({ list, open }) => {
      const listed = list();
      if (++attempts === 1)
        for (const n of [2, 1, 0]) renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`);
      return listed.map((generation) => open(generation)?.head(100).toString());
    });
    expect(attempts).toBe(2);
    expect(texts).toEqual(['generation 0', 'generation 1', 'generation 2']);
    await vi.waitFor(() => expect(scope.census()).toEqual(new Map([['file', 3]])), PATIENCE_MS);
  });
});
