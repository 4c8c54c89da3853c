/** Files that are renamed, compressed and removed, while the source runs and while it does not. */
import { appendFileSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { fileKits, lines } from './testing/file-kit.js';

const { gzipSync } = zlib;
/** Undefined before Node.js 22.15. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: Buffer) => Buffer };
const begin = fileKits();
const cri = (text: string): string => `2026-11-22T10:00:00.000000000Z stdout F ${text}`;

const rotations: Record<string, (path: string) => void> = {
  rename: (path) => renameSync(path, `${path}.1`),
  'rename and compress': (path) => {
    renameSync(path, `${path}.1`);
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
    rmSync(`${path}.1`);
  },
  ...(zstdCompressSync && {
    'rename and compress by zstd': (path) => {
      renameSync(path, `${path}.1`);
      writeFileSync(`${path}.1.zst`, zstdCompressSync(readFileSync(`${path}.1`)));
      rmSync(`${path}.1`);
    },
  }),
  'rename to a date': (path) => renameSync(path, `${path}-20261122`),
  'rename to another pattern': (path) => renameSync(path, path.replace('.log', '-1.log')),
};

test.each(Object.entries(rotations))('%s while it runs', async (_name, rotate) => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  appendFileSync(path, lines('3'));
  rotate(path);
  writeFileSync(path, lines('4'));
  await kit.untilLines(4);
  await kit.stop();
  kit.start();
  appendFileSync(path, lines('5'));
  await kit.untilLines(5);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
});

test.each(Object.entries(rotations))('%s while it does not run', async (_name, rotate) => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  await kit.stop();
  appendFileSync(path, lines('3'));
  rotate(path);
  writeFileSync(path, lines('4'));
  kit.start();
  await kit.untilLines(4);
  appendFileSync(path, lines('5'));
  await kit.untilLines(5);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
});

test('several times while it does not run, compressed and not', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  await kit.stop();
  appendFileSync(path, lines('3'));
  writeFileSync(kit.path('a.log.2.gz'), gzipSync(readFileSync(path)));
  rmSync(path);
  const past = Date.now() / 1000 - 10;
  utimesSync(kit.path('a.log.2.gz'), past, past);
  writeFileSync(kit.path('a.log.1'), lines('4'));
  writeFileSync(path, lines('5'));
  kit.start();
  await kit.untilLines(5);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '4', '5']);
});

test('more often than it is looked at, with fewer files kept: what may be missing is a gap', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  for (const text of ['2', '3', '4']) {
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(text));
  }
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '<removed>', '3', '4']);
});

test('removed and made anew, where no older file is kept, is no gap', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  rmSync(path);
  writeFileSync(path, lines('2'));
  await kit.untilLines(2);
  expect(kit.pipeline.story).toEqual(['1', '2']);
});

test('compressed when it was read long ago, with a time of its own, while the next file is empty', async () => {
  const kit = begin({ format: 'cri' });
  const path = await kit.reading(cri('1'), cri('2'));
  const oldest = `${path}.20261121-100000`;
  renameSync(path, oldest);
  writeFileSync(path, lines(cri('3')));
  await kit.untilLines(3);
  renameSync(path, `${path}.20261122-100000`);
  writeFileSync(path, '');
  await kit.until('the next file', () => kit.source.figures()?.active.get(path)?.rotations === 2);
  writeFileSync(`${oldest}.gz`, gzipSync(readFileSync(oldest)));
  rmSync(oldest);
  appendFileSync(path, lines(cri('4')));
  await kit.untilLines(4);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '4']);
});

test('a generation without a line is compressed while lines come into the next file: it is no copy of that', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  for (const rotations of [1, 2]) {
    if (rotations === 2) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    await kit.until('the next file', () => kit.source.figures()?.active.get(path)?.rotations === rotations);
  }
  // Times of files are coarse.
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(`${path}.1.gz`, gzipSync(''));
  rmSync(`${path}.1`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  appendFileSync(path, lines('2'));
  await kit.untilLines(2);
  expect(kit.pipeline.story).toEqual(['1', '2']);
});

test('compressed while it does not run, and what was read last is gone: nothing is read again', async () => {
  const kit = begin({ format: 'cri' });
  const path = await kit.reading(cri('1'), cri('2'));
  renameSync(path, `${path}.1`);
  writeFileSync(path, lines(cri('3')));
  await kit.untilLines(3);
  await kit.stop();
  writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
  rmSync(`${path}.1`);
  rmSync(path);
  writeFileSync(path, lines(cri('4')));
  kit.start();
  await kit.untilLines(4);
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '<blind>', '4']);
});

test('a program that writes on to the file that was renamed', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  renameSync(path, `${path}.1`);
  writeFileSync(path, lines('2'));
  await kit.untilLines(2);
  appendFileSync(`${path}.1`, lines('late'));
  await kit.untilLines(3);
  appendFileSync(`${path}.1`, lines('later'));
  await kit.stop();
  kit.start();
  await kit.untilLines(4);
  expect(kit.pipeline.texts).toEqual(['1', '2', 'late', 'later']);
  expect(kit.pipeline.gaps).toEqual([]);
});

test('a renamed file that was written on, and is compressed while the next one is empty, is not read again', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
  await kit.until('the next file', () => kit.source.figures()?.active.get(path)?.rotations === 1);
  appendFileSync(`${path}.1`, lines('late'));
  await kit.untilLines(2);
  writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
  rmSync(`${path}.1`);
  appendFileSync(path, lines('2'));
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', 'late', '2']);
});

test('a renamed file that is still looked at says nothing of those that came after it', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  renameSync(path, `${path}.2`);
  writeFileSync(`${path}.1.gz`, gzipSync(lines('2')));
  writeFileSync(path, lines('3'));
  await kit.untilLines(3);
  await kit.stop();
  kit.start();
  appendFileSync(path, lines('4'));
  await kit.untilLines(4);
  await kit.stop();
  expect(kit.pipeline.story).toEqual(['1', '2', '3', '4']);
});

test('gone while it did not run: a gap, and what came after it', async () => {
  const kit = begin();
  const path = await kit.reading('1', '2');
  await kit.stop();
  rmSync(path);
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(path, lines('5'));
  kit.start();
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '2', '<blind>', '5']);
  await kit.stop();
  kit.start();
  appendFileSync(path, lines('6'));
  await kit.untilLines(4);
  expect(kit.pipeline.story).toEqual(['1', '2', '<blind>', '5', '6']);
});

test('removed and made anew while it runs loses nothing, and is no gap', async () => {
  const kit = begin();
  const path = await kit.reading('1');
  appendFileSync(path, lines('2'));
  rmSync(path);
  writeFileSync(path, lines('3'));
  await kit.untilLines(3);
  expect(kit.pipeline.story).toEqual(['1', '2', '3']);
});

test('rotations that the patterns mean are read with their log, and before it', async () => {
  const kit = begin(({ folder }) => ({ include: [join(folder, '*')] }));
  const past = Date.now() / 1000 - 10;
  writeFileSync(kit.path('a.log.2.gz'), gzipSync(lines('1')));
  utimesSync(kit.path('a.log.2.gz'), past - 10, past - 10);
  writeFileSync(kit.path('a.log.1'), lines('2'));
  utimesSync(kit.path('a.log.1'), past, past);
  writeFileSync(kit.path('a.log'), lines('3'));
  kit.start();
  await kit.untilLines(3);
  expect(kit.pipeline.texts).toEqual(['1', '2', '3']);
  expect(new Set(kit.pipeline.lines.map(({ labels }) => labels['filename']))).toEqual(
    new Set([kit.path('a.log')]),
  );
  renameSync(kit.path('a.log.1'), kit.path('a.log.3'));
  renameSync(kit.path('a.log'), kit.path('a.log.1'));
  writeFileSync(kit.path('a.log'), lines('4'));
  await kit.untilLines(4);
  await kit.stop();
  kit.start();
  appendFileSync(kit.path('a.log'), lines('5'));
  await kit.untilLines(5);
  expect(kit.pipeline.texts).toEqual(['1', '2', '3', '4', '5']);
});
