/** However fast a log rotates: a gap is told where a generation was missed, and none where all were read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ID, numbered, TestReaders, until } from './testing/test-readers.js';
import { LogWriter } from './testing/test-support.js';

const LINES_A_FILE = 3;

const scenario = fc.record({
  maxFiles: fc.integer({ min: 1, max: 3 }),
  compress: fc.boolean(),
  /** Rotations in one turn of the event loop each, so that no look comes between. */
  bursts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
});

test('a generation that was missed is told, and no other', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ maxFiles, compress, bursts }) => {
      const folder = mkdtempSync(join(tmpdir(), 'rotations-'));
      const path = join(folder, 'c1-json.log');
      const log = new LogWriter(path, Infinity, maxFiles, compress);
      const agent = new TestReaders(path);
      try {
        let written = 0;
        const expected: string[] = [];
        let gaps = 0;
        const writeFile = (): string[] => {
          const lines = numbered(written, written + LINES_A_FILE);
          for (const line of lines) log.line(line);
          written += LINES_A_FILE;
          return lines;
        };
        expected.push(...writeFile());
        agent.add({ maxSizeBytes: 1_000, maxFiles });
        await agent.lines(expected.length);
        await until(() => (agent.scope.census().get('watcher') ?? 0) > 0, 'counted');
        for (const rotations of bursts) {
          const files: string[][] = [];
          for (let n = 0; n < rotations; n++) {
            log.rotate();
            files.push(writeFile());
          }
          expected.push(...files.slice(-maxFiles).flat());
          if (rotations > maxFiles) gaps++;
          agent.readers.wake(ID);
          expect(await agent.lines(expected.length)).toEqual(expected);
          expect(agent.pipeline.gaps.map(({ why }) => why)).toEqual(
            Array.from({ length: gaps }, () => 'rotated'),
          );
        }
      } finally {
        await agent.stop();
        log.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});
