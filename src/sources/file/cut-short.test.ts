/** Files that somebody cuts short or writes anew, with a copy and without: what is left of them is read, and each cut is told. */
import { appendFileSync, copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileKits, lines } from './testing/file-kit.js';

const begin = fileKits();

test('copytruncate: what the copy has is read, and what the cut destroyed is a gap', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  appendFileSync(path, lines('3'));
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, lines('4'));
  await kit.untilLines(4);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '<truncated>', '4']);
  const [gap] = kit.pipeline.gaps;
  expect(gap.labels).toEqual(kit.pipeline.lines[0].labels);
  expect(gap.from).toBeDefined();
});

test('a kill when a part of the copy was read: the cut is told for all that', async () => {
  const kit = begin();
  const path = await kit.reading('0');
  await kit.stop();
  const more = Array.from({ length: 6000 }, (_, i) => String(i + 1));
  appendFileSync(path, lines(...more));
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  // It waits behind the first push of the copy.
  kit.pipeline.wait = new Promise(() => {});
  kit.start();
  await kit.untilLines(2);
  kit.pipeline.commit();
  const read = kit.pipeline.lines.length;
  expect(read).toBeLessThan(more.length);
  await kit.kill();
  kit.pipeline.wait = undefined;
  kit.start();
  await kit.untilLines(more.length + 1);
  await kit.until('the gap', () => kit.pipeline.gaps.length > 0);
  expect(kit.pipeline.story).toEqual(['0', ...more, '<truncated>']);
});

test('copytruncate before anything was read, while it runs and while it does not', async () => {
  const kit = begin();
  const path = kit.path('a.log');
  const cut = (n: number): void => {
    appendFileSync(path, lines(String(n)));
    copyFileSync(path, `${path}.${9 - n}`);
    truncateSync(path);
  };
  writeFileSync(path, '');
  kit.start();
  await kit.until('the first look', () => kit.pipeline.positions.size === 2);
  cut(1);
  await kit.until('the first gap', () => kit.pipeline.gaps.length === 1);
  await kit.stop();
  cut(2);
  appendFileSync(path, lines('3'));
  kit.start();
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '<truncated>', '2', '<truncated>', '3']);
});

test('copytruncate while it does not run, and a kill in the middle of the copy', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  await kit.stop();
  appendFileSync(path, lines('3'));
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, lines('4444444444'));
  kit.start();
  await kit.untilLines(4);
  await kit.kill();
  expect(kit.pipeline.story).toEqual(['1', '2']);
  kit.start();
  await kit.untilLines(4);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '<truncated>', '4444444444']);
});

test.each(['runs', 'does not run'])(
  'copied, read on, and cut while it %s: the copy is not read again',
  async (when) => {
    const kit = begin();
    const long = 'x'.repeat(2000);
    const path = await kit.reading(long, '2');
    copyFileSync(path, `${path}.1`);
    appendFileSync(path, lines('3'));
    await kit.untilLines(3);
    if (when !== 'runs') await kit.stop();
    truncateSync(path);
    if (when !== 'runs') kit.start();
    await kit.until('the gap', () => kit.pipeline.gaps.length === 1);
    appendFileSync(path, lines('4'));
    await kit.untilLines(4);
    expect(kit.pipeline.story).toEqual([long, '2', '3', '<truncated>', '4']);
  },
);

test('a file that is written anew without a copy is a gap, and read from its beginning', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  writeFileSync(path, lines('longer than before'));
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '2', '<truncated>', 'longer than before']);
});

test('a writer that does not append leaves NUL bytes behind the cut: they are no line', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  const hole = Buffer.alloc(100_000);
  writeFileSync(path, Buffer.concat([hole, Buffer.from('3\n')]));
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '2', '<truncated>', '3']);
});
