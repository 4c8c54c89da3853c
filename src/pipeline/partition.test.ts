import * as fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../test/support/blocks.js';
import type { Block } from './contract.js';
import { partitionBlock } from './partition.js';
import { BlockLines, decodeBlock } from './push-request.js';

function rowsOf(block: Block): string[] {
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  return Array.from({ length: lines.length }, (_, row) => {
    const text = lines.data.toString('utf8', lines.start[row], lines.end[row]);
    return `${lines.streams[lines.stream[row]]} ${lines.seconds[row]}.${lines.nanos[row]} ${text}`;
  });
}

const line: fc.Arbitrary<BlockLine> = fc.record({
  labels: fc.record({ container: fc.constantFrom('a', 'b', 'c', 'd') }),
  text: fc.string(),
  seconds: fc.nat(),
  nanos: fc.nat(999_999_999),
});

describe('partitionBlock', () => {
  test('puts every line into the block of its key, once and in order, whatever the keys', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 30 }),
        fc.array(fc.option(fc.nat(2), { nil: undefined }), { minLength: 4, maxLength: 4 }),
        (lines, keys) => {
          const block = blockOf(lines, { lsn: 3, lane: 2 });
          const keyOf = (labels: string): number | undefined => keys['abcd'.indexOf(labels[12])];
          const parts = partitionBlock(block, keyOf);
          const all = rowsOf(block);
          expect(new Set(parts.keys())).toEqual(new Set(block.streams.map(({ labels }) => keyOf(labels))));
          for (const [key, part] of parts) {
            expect(rowsOf(part)).toEqual(
              all.filter((row) => keyOf(row.slice(0, row.indexOf('} ') + 1)) === key),
            );
            expect([part.lsn, part.nextLsn, part.lane]).toEqual([3, 4, 2]);
            if (parts.size === 1) expect(part).toBe(block);
          }
        },
      ),
    );
  });

  test('looks into a block only where it must be divided', () => {
    const block = { ...blockOf([{ labels: { a: '1' }, text: 'x' }]), payload: compressSync(Buffer.of(255)) };
    expect(partitionBlock(block, () => 'all').get('all')).toBe(block);
    const two = {
      ...block,
      streams: ['{a="1"}', '{a="2"}'].map((labels) => ({ labels, lines: 1, bytes: 9 })),
    };
    expect(() => partitionBlock(two, (labels) => labels)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_DAMAGED' }),
    );
  });
});
