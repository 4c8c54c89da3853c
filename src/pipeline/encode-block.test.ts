import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockOf } from '../../test/support/blocks.js';
import { decodePush } from '../../test/support/loki/wire.js';
import type { Block } from './contract.js';
import { encodeBlock } from './encode-block.js';
import { BlockLines, decodeBlock } from './push-request.js';

/** What an independent decoder finds: a row a line. */
function rowsOf(block: Block): { labels: string; seconds: number; nanos: number; text: string }[] {
  const { streams, rawBytes } = decodePush(block.payload, 'application/x-protobuf', '');
  expect(rawBytes).toBe(block.rawBytes);
  expect(streams.map(({ labels, entries }) => [labels, entries.length])).toEqual(
    block.streams.map(({ labels, lines }) => [labels, lines]),
  );
  return streams.flatMap(({ labels, entries }) =>
    entries.map(({ seconds, nanos, line }) => ({ labels, seconds, nanos, text: line.toString('latin1') })),
  );
}

const line = fc.record({
  labels: fc.record({ container: fc.constantFrom('a', 'ü"\\\n', 'c'.repeat(300)) }),
  text: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(127, 128, 16_383, 16_384, 300_000).map((length) => Buffer.alloc(length, 'x')),
  ),
  seconds: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 127, 128, 2 ** 31)),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});

describe('encodeBlock', () => {
  test('holds exactly the rows that were kept, for an independent decoder, and a directory that fits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.boolean()), { minLength: 1, maxLength: 30 }), (chosen) => {
        const block = blockOf(
          chosen.map(([line]) => line),
          { lsn: 7, lane: 3 },
        );
        const all = rowsOf(block);
        const lines = new BlockLines();
        decodeBlock(block.payload, lines);
        const expected = all.filter((_, row) => chosen[row][1]);
        const encoded = encodeBlock(block, lines, (row) => chosen[row][1]);
        if (!encoded) {
          expect(expected).toEqual([]);
          return;
        }
        expect(rowsOf(encoded)).toEqual(expected);
        const seconds = expected.map(({ seconds }) => seconds);
        expect(encoded).toMatchObject({
          lsn: 7,
          nextLsn: 8,
          lane: 3,
          route: 0,
          lines: expected.length,
          longestLine: Math.max(...expected.map(({ text }) => text.length)),
          firstSeconds: Math.min(...seconds),
          lastSeconds: Math.max(...seconds),
        });
      }),
    );
  });

  test('joins what follows of the same stream under another number, as after a log was opened again', () => {
    const block = blockOf(
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ].map(([a, text]) => ({ labels: { a }, text })),
    );
    const lines = new BlockLines();
    decodeBlock(block.payload, lines);
    lines.streams[1] = lines.streams[0];
    const encoded = encodeBlock(block, lines, () => true);
    expect(encoded?.streams.map(({ labels, lines }) => [labels, lines])).toEqual([
      ['{a="a"}', 2],
      ['{a="c"}', 1],
    ]);
    expect(encoded && rowsOf(encoded).map(({ text }) => text)).toEqual(['1', '2', '3']);
  });

  test('takes lines as they were changed in place', () => {
    const block = blockOf([{ labels: { a: 'b' }, text: 'too long', seconds: 5 }]);
    const lines = new BlockLines();
    decodeBlock(block.payload, lines);
    lines.end[0] = lines.start[0] + 3;
    lines.data.write('cut', lines.start[0]);
    lines.seconds[0] = 9;
    const encoded = encodeBlock(block, lines, () => true);
    expect(encoded && rowsOf(encoded)).toEqual([{ labels: '{a="b"}', seconds: 9, nanos: 0, text: 'cut' }]);
    expect(encoded?.longestLine).toBe(3);
  });
});
