/**
 * Divides a block by what its streams' labels say. Route classes mean nothing after a restart or another configuration,
 * so who cares for the difference judges a block by its directory.
 */
import type { Block } from './contract.js';
import { encodeBlock } from './encode-block.js';
import { BlockLines, decodeBlock } from './push-request.js';

/**
 * The block's streams by `keyOf` their label texts. Where all share a key, as usual, the block itself comes back and
 * nothing is decoded; else each key gets a block of its own lines, in order, under the same lsn. Throws JOURNAL_DAMAGED
 * where a block to be divided cannot be decoded.
 */
export function partitionBlock<K>(block: Block, keyOf: (labels: string) => K): Map<K, Block> {
  const known = new Set(block.streams.map(({ labels }) => keyOf(labels)));
  if (known.size <= 1) return new Map([...known].map((key) => [key, block]));

  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const keyOfStream = lines.streams.map((labels) => keyOf(labels));
  const blocks = new Map<K, Block>();
  for (const key of new Set(keyOfStream)) {
    const part = encodeBlock(block, lines, (row) => keyOfStream[lines.stream[row]] === key);
    if (part) blocks.set(key, part);
  }
  return blocks;
}
