import { describe, expect, test } from 'vitest';
import { DIRECTORY, linesOf, OutputBench } from '../../../test/support/output-bench.js';
import type { FileSinkConfig } from '../../config/types.js';

const HOUR = 3_600_000;

async function opened(config: Partial<FileSinkConfig>): Promise<OutputBench> {
  const bench = new OutputBench(config);
  await bench.start();
  return bench;
}

function filesOf(bench: OutputBench, output: string): string[] {
  const prefix = `${DIRECTORY}/${output}/`;
  return bench.files
    .paths()
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
}

describe('links', () => {
  test('point to the live generation, also after it was rolled', async () => {
    const bench = await opened({ maxBytes: 12 });
    const link = (): string | undefined => bench.files.content(`${DIRECTORY}/web.log`)?.toString();
    await bench.tidy.link();
    expect(link()).toBeUndefined();
    await bench.deliver([0], 2);
    await bench.tidy.link();
    expect(link()).toBe('web/web.000001.log');
    await bench.deliver([0]);
    await bench.tidy.link();
    expect(link()).toBe('web/web.000002.log');
    expect(bench.files.paths().filter((path) => path.includes('.new'))).toEqual([]);
  });

  test('are right again when the process died between roll and link', async () => {
    const bench = await opened({ maxBytes: 12 });
    await bench.deliver([0], 2);
    await bench.tidy.link();
    await bench.deliver([0], 2);
    bench.afterwards(false);
    await bench.start();
    await bench.tidy.link();
    expect(bench.files.content(`${DIRECTORY}/web.log`)?.toString()).toBe('web/web.000002.log');
  });
});

describe('closing', () => {
  test('by size: no file is larger than the limit unless one delivery is', async () => {
    const bench = await opened({ maxBytes: 20, compress: false });
    for (let i = 0; i < 10; i++) await bench.deliver([0]);
    await bench.deliver([0], 10);
    await bench.deliver([0]);
    const sizes = filesOf(bench, 'web').map(
      (name) => bench.files.content(`${DIRECTORY}/web/${name}`)?.length,
    );
    expect(sizes).toEqual([18, 18, 18, 6, 70, 7]);
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 0, 21));
  });

  test('by age: at the next line, or without one', async () => {
    const bench = await opened({ maxAgeMs: 10_000, compress: false });
    await bench.deliver([0, 1]);
    bench.clockMs += 9_999;
    await bench.tidy.rollAged();
    await bench.deliver([0]);
    bench.clockMs += 1;
    await bench.deliver([0]);
    expect(filesOf(bench, 'web')).toEqual(['web.000001.log', 'web.000002.log']);
    await bench.tidy.rollAged();
    expect(
      [...bench.store.outputs.all.values()].map(({ generation, length }) => [generation, length]),
    ).toEqual([
      [2, 6],
      [2, 0],
    ]);
    await bench.close();
    await bench.start();
    await bench.deliver([1]);
    expect(filesOf(bench, 'db')).toEqual(['db.000001.log', 'db.000002.log']);
  });
});

describe('compression', () => {
  test('only of closed generations that are durable; content is kept', async () => {
    const bench = await opened({ maxBytes: 12 });
    for (let i = 0; i < 5; i++) await bench.deliver([0]);
    await bench.compressAll();
    expect(filesOf(bench, 'web').every((name) => name.endsWith('.log'))).toBe(true);
    await bench.store.checkpoint();
    await bench.compressAll();
    expect(filesOf(bench, 'web')).toEqual(['web.000001.log.gz', 'web.000002.log.gz', 'web.000003.log']);
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 0, 5));
  });

  test('what a killed process began is removed', async () => {
    const bench = await opened({ compress: false });
    await bench.deliver([0]);
    bench.files.put(`${DIRECTORY}/web/web.000001.log.gz.partial`, Buffer.from('half'));
    bench.afterwards(false);
    await bench.start();
    expect(filesOf(bench, 'web')).toEqual(['web.000001.log']);
  });
});

describe('limits', () => {
  test('files of an output: the oldest go, never the live one', async () => {
    const bench = await opened({ maxBytes: 6, maxFiles: 3, compress: false });
    for (let i = 0; i < 6; i++) await bench.deliver([0]);
    await bench.tidy.limit();
    expect(filesOf(bench, 'web')).toHaveLength(6);
    await bench.store.checkpoint();
    await bench.tidy.limit();
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 3, 6));
    await bench.close();
    await bench.start();
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 3, 6));
    expect(bench.warnings).toEqual([]);
  });

  test('all bytes: the oldest closed files of all outputs go', async () => {
    const bench = await opened({ maxBytes: 6, maxTotalBytes: 24, compress: false });
    for (const lane of [0, 1, 0, 1, 0, 1]) {
      bench.clockMs += 1_000;
      await bench.deliver([lane]);
    }
    await bench.store.checkpoint();
    await bench.tidy.limit();
    // 33 bytes were there: two files of web, 6 each, or one of db between them, had to go.
    expect(linesOf(bench.files, 'web')).toEqual(bench.numbered('web', 1, 3));
    expect(linesOf(bench.files, 'db')).toEqual(bench.numbered('db', 1, 3));
  });

  test('outputs that ended: their last files go too when space is needed, and then they are forgotten', async () => {
    const bench = await opened({ maxTotalBytes: 20, compress: false });
    await bench.deliver([0], 3);
    await bench.tidy.link();
    bench.clockMs += 2 * HOUR;
    await bench.deliver([1], 3);
    await bench.tidy.link();
    for (let i = 0; i < 3; i++) {
      await bench.store.checkpoint();
      await bench.tidy.limit();
      await bench.deliver([1]);
    }
    expect(filesOf(bench, 'web')).toEqual([]);
    expect(linesOf(bench.files, 'db')).toEqual(bench.numbered('db', 0, 6));
    bench.clockMs += HOUR / 2;
    await bench.tidy.limit();
    expect([...bench.store.outputs.all.keys()]).toEqual(['db']);
    expect(bench.files.paths().filter((path) => path.includes('web'))).toEqual([]);
    await bench.deliver([0]);
    await bench.close();
    expect(linesOf(bench.files, 'web')).toEqual(['web 3']);
    await bench.start();
    expect([...bench.store.outputs.all.keys()].sort()).toEqual(['db', 'web']);
  });
});
