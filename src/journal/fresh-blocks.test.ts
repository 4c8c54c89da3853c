import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Block } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { FreshBlocks } from './fresh-blocks.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, openOn } from './testing/test-kit.js';
import type { JournalCursor } from './types.js';

const MIB = 1024 * 1024;
const MAX_BYTES = 8 * MIB;

function block(lsn: number, bytes = 1): Block {
  return {
    lsn,
    nextLsn: lsn + 1,
    lane: 0,
    route: 0,
    lines: 1,
    rawBytes: bytes,
    longestLine: bytes,
    firstSeconds: 0,
    lastSeconds: 0,
    streams: [],
    payload: Buffer.alloc(bytes),
  };
}

describe('blocks that were just committed', () => {
  test('are there until each reader has taken them', () => {
    const fresh = new FreshBlocks();
    const [first, second] = [block(0), block(1)];
    fresh.add(first, 2);
    fresh.add(second, 1);
    expect([fresh.take(0), fresh.take(1)]).toEqual([first, second]);
    expect(fresh.take(1)).toBeUndefined();
    expect(fresh.bytes).toBe(1);
    expect(fresh.take(0)).toBe(first);
    expect(fresh.take(0)).toBeUndefined();
    expect(fresh.bytes).toBe(0);
  });

  test('are not kept for nobody', () => {
    const fresh = new FreshBlocks();
    fresh.add(block(0), 0);
    expect(fresh.take(0)).toBeUndefined();
    expect(fresh.bytes).toBe(0);
  });

  test('are never more than there is room for: the newest ones, each as it was given', () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.integer({ min: 1, max: 3 * MIB }), readers: fc.nat(2) }),
      fc.record({ take: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const fresh = new FreshBlocks();
        // In the order of their coming; those without readers left are nobody's.
        let model: { block: Block; readers: number }[] = [];
        let lsn = 0;
        for (const one of steps) {
          if ('take' in one) {
            const kept = model.find(({ block }) => block.lsn === one.take);
            expect(fresh.take(one.take)).toBe(kept?.block);
            if (kept) kept.readers--;
          } else {
            const added = block(lsn++, one.bytes);
            fresh.add(added, one.readers);
            model.push({ block: added, readers: one.readers });
          }
          model = model.filter(({ readers }) => readers > 0);
          const sum = () => model.reduce((bytes, { block }) => bytes + block.payload.length, 0);
          while (sum() > MAX_BYTES) model.shift();
          expect(fresh.bytes).toBe(sum());
        }
      }),
      { numRuns: 50 },
    );
  });
});

async function blocksOf(cursor: JournalCursor): Promise<Block[]> {
  const blocks: Block[] = [];
  for (let lane = 0; lane < LANES; lane++) blocks.push(...(await cursor.read(lane, 0, 1_000_000)).blocks);
  return blocks;
}

describe('readers that are there when lines are committed', () => {
  test('get the blocks that lie on the disk, and read none of them there', async () => {
    const disk = new MemoryDisk();
    const { journal, streams, scope } = await openOn(disk);
    let reads = 0;
    disk.fault = (operation) => {
      if (operation === 'read') reads++;
    };
    const [first, second] = [journal.openCursor('first'), journal.openCursor('second')];
    for (const part of ['a', 'b']) {
      const lines = Array.from({ length: 30 }, (_, i) => ({
        labels: { container: `${part}${i % 7}` },
        text: `${part}${i} ${'é'.repeat(i)}`,
        seconds: 1_795_000_000 + i,
        nanos: i,
        fields: i % 3 === 0 ? { level: 'info' } : {},
      }));
      await journal.append(
        batchOf(streams, lines),
        'docker/a',
        { part },
        { key: 'docker/a', from: 0, to: 1 },
      );
      await journal.barrier();
    }
    const fresh = await blocksOf(first);
    expect(await blocksOf(second)).toEqual(fresh);
    expect(reads).toBe(0);
    const late = await blocksOf(journal.openCursor('late'));
    expect(reads).toBeGreaterThan(0);
    expect(late).toEqual(fresh);
    expect(late.reduce((sum, { lines }) => sum + lines, 0)).toBe(60);
    await scope.close();
  });
});
