/** The test bed itself, without an agent: what the writers write is what the engine records, and the oracle knows it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { describeWithEngine, expectedOf, startWriters } from '../support/engine-test.js';
import type { WriterSpec } from '../support/lines.mjs';
import { assertExact } from '../support/oracle.js';
import { scratch } from '../support/scratch.js';

describeWithEngine('the test bed', (bed) => {
  it('records exactly the lines that the oracle expects', async () => {
    const specs: WriterSpec[] = [
      { name: 'bed-fast', out: 4_000, err: 1_000, seed: 1 },
      { name: 'bed-paced', out: 300, err: 100, seed: 2, linesPerSecond: 400, lengths: 'short' },
      { name: 'bed-stderr', out: 0, err: 500, seed: 3, bytesPerSecond: 400_000 },
    ];
    const { ids, done } = await startWriters(bed, specs);
    await done;
    const output = scratch('bed');
    for (const [i, { name }] of specs.entries()) {
      const logs = await bed.api.logs(ids[i]);
      const records = (['stdout', 'stderr'] as const).map((stream) =>
        asSinkWrites(stream, logs[stream].toString('utf8')),
      );
      mkdirSync(path.join(output, name));
      writeFileSync(path.join(output, name, `${name}.000001.log`), records.join(''));
    }
    expect(assertExact(output, expectedOf(specs)).lines).toBe(5_900);
  });
});

function asSinkWrites(stream: 'stdout' | 'stderr', log: string): string {
  if (log === '') return '';
  const lines = log.slice(0, -1).split('\n');
  return lines.map((line) => `2026-11-21T21:40:00.000000000Z ${stream} ${line}\n`).join('');
}
