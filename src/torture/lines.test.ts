/** The script runs in this machine's own shell: every line that it writes is one that the oracle knows, and as many as planned. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OUTPUT_NAMES, type Output, parseLine, writerScript } from './lines.js';

const RUN = 'r1';

test('a writer that ends by itself writes what was planned, and counts anew when it is started again', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lct-torture-writer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const spec = { run: RUN, container: 3, burst: 8, perSecond: 1_000, longLines: true, bursts: 21 };
  // In a container the file lies at the root of its own file system.
  const script = writerScript(spec).replaceAll('/generation', path.join(folder, 'generation'));
  for (const generation of [1, 2]) {
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(status).toBe(0);
    const texts: Readonly<Record<Output, string>> = { o: stdout, e: stderr };
    // A long line in the twentieth burst.
    const numbers = { o: 21 * 4 + 1, e: 21 * 4 + 1 };
    for (const output of ['o', 'e'] as const) {
      const lines = texts[output]
        .trimEnd()
        .split('\n')
        .map((text) => parseLine(RUN, text));
      const wanted = Array.from({ length: numbers[output] }, (_, i) => i + 1);
      const last = { number: numbers.o + 1, claimed: { o: numbers.o + 1, e: numbers.e } };
      expect(lines, OUTPUT_NAMES[output]).toEqual([
        ...wanted.map((number) => ({ container: 3, generation, output, number, claimed: undefined })),
        ...(output === 'o' ? [{ container: 3, generation, output, ...last }] : []),
      ]);
      expect(texts[output].split('\n').some((text) => text.length > 16 * 1024)).toBe(true);
    }
  }
});
