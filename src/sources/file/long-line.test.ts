import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogFile } from '../docker/json-file/log-file.js';
import { markAt, Span } from '../docker/json-file/span.js';
import { readLongLine } from './long-line.js';

const HOW = { encoding: 'utf-8', isLast: false, kept: 1000 } as const;

/** A file of these bytes, which may grow, and where it was read. */
function fileOf(text: string) {
  const file = {
    bytes: Buffer.from(text),
    reads: [] as number[],
    isClosed: false,
    read(into: Buffer, length: number, at: number): Promise<number> {
      file.reads.push(at);
      return Promise.resolve(file.bytes.copy(into, 0, at, Math.min(at + length, file.bytes.length)));
    },
  };
  return { file, span: new Span([markAt(file as unknown as LogFile, 0, 0)]) };
}

test('is the first line from the place on, whatever the buffer holds', async () => {
  const line = fc.string({ minLength: 0, maxLength: 40 }).map((text) => text.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.integer({ min: 1, max: 9 }),
      async (lines, size) => {
        const { span } = fileOf(lines.map((text) => `${text}\n`).join(''));
        for (const text of lines) {
          const got = await readLongLine(span, Buffer.alloc(size), HOW);
          const bytes = Buffer.byteLength(text);
          expect(got).toEqual({ head: Buffer.from(`${text}\n`), bytes, move: bytes + 1, isWhole: true });
          span.offset += bytes + 1;
        }
      },
    ),
  );
});

test('one that has no end yet is not looked through again from its beginning', async () => {
  const { file, span } = fileOf('x'.repeat(10));
  const buf = Buffer.alloc(4);
  expect(await readLongLine(span, buf, HOW)).toBeUndefined();
  file.bytes = Buffer.from(`${'x'.repeat(12)}\nnext\n`);
  file.reads = [];
  expect(await readLongLine(span, buf, HOW)).toMatchObject({ bytes: 12, move: 13, isWhole: true });
  expect(file.reads[0]).toBe(10);
  expect(span.searched).toBe(0);
});

test('where nothing will come behind it, it needs no newline', async () => {
  const { span } = fileOf('abcdef');
  expect(await readLongLine(span, Buffer.alloc(4), { ...HOW, isLast: true })).toEqual({
    head: Buffer.from('abcdef'),
    bytes: 6,
    move: 6,
    isWhole: false,
  });
});

test('of more than 8 MiB only so much is read as is kept', async () => {
  const { span } = fileOf(`${'x'.repeat(9 * 1024 * 1024)}\n`);
  const got = await readLongLine(span, Buffer.alloc(1024 * 1024), HOW);
  expect(got).toMatchObject({ bytes: 9 * 1024 * 1024, move: 9 * 1024 * 1024 + 1, isWhole: false });
  expect(got?.head).toHaveLength(1000);
});

test('of a file that is let go of meanwhile there is none', async () => {
  const { file, span } = fileOf('abc\n');
  file.isClosed = true;
  expect(await readLongLine(span, Buffer.alloc(8), HOW)).toBeUndefined();
});
