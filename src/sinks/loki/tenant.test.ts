import { expect, test } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { byTenant } from './tenant.js';

const line = (labels: Record<string, string>, text: string) => ({ labels, text });

function linesOf(block: Block): string[] {
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  return Array.from(
    { length: lines.length },
    (_, row) =>
      `${lines.streams[lines.stream[row]]} ${lines.data.toString('utf8', lines.start[row], lines.end[row])}`,
  );
}

test('a block of streams that name no tenant goes as it lies on the disk', () => {
  const block = blockOf([line({ container: 'a' }, '1'), line({ container: 'b' }, '2')]);
  const shares = byTenant(block, { tenant: 'all' });
  expect([...shares.keys()]).toEqual(['all']);
  expect(shares.get('all')?.block).toBe(block);
});

test('labels that decide are not sent, and which line is which is still known', () => {
  const block = blockOf([
    line({ container: 'a', __tenant__: 'blue', __sinks__: 'loki' }, '1'),
    line({ container: 'b' }, '2'),
    line({ container: 'a', __tenant__: 'blue', __sinks__: 'loki' }, '3'),
    line({ container: 'c', __tenant__: 'no/name' }, '4'),
  ]);
  const order = linesOf(block).map((text) => text.slice(-1));
  const shares = byTenant(block, { tenant: 'all' });
  expect(new Set(shares.keys())).toEqual(new Set(['blue', 'all']));
  const blue = shares.get('blue');
  const all = shares.get('all');
  expect(blue && linesOf(blue.block)).toEqual(['{container="a"} 1', '{container="a"} 3']);
  expect(all && linesOf(all.block)).toEqual(['{container="b"} 2', '{container="c"} 4']);
  expect(blue?.block.streams.map(({ labels }) => labels)).toEqual(['{container="a"}']);
  for (const [share, texts] of [
    [blue, ['1', '3']],
    [all, ['2', '4']],
  ] as const) {
    expect(share?.from?.block).toBe(block);
    expect([...(share?.from?.rows ?? [])].map((row) => order[row])).toEqual(texts);
  }
});

test('streams of one tenant alone are made anew too', () => {
  const block = blockOf([line({ container: 'a', __sinks__: 'loki' }, '1')]);
  const share = byTenant(block, { tenantLabel: 'team' }).get(undefined);
  expect(share && linesOf(share.block)).toEqual(['{container="a"} 1']);
});
