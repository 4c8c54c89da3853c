/** The newest committed blocks, found by walking the indexes backwards. */
import type { Block } from '../pipeline/contract.js';
import { readBlock } from './block-reader.js';
import type { Segments } from './segments.js';

/** Blocks of `lanes`, oldest first, as many as fit into `maxRawBytes` raw, but at least one if there is one. */
export async function readRecent(
  segments: Segments,
  lanes: readonly number[],
  maxRawBytes: number,
): Promise<readonly Block[]> {
  const newestFirst: Block[] = [];
  let rawBytes = 0;
  const mask = lanes.reduce((mask, lane) => mask | (1 << lane), 0);
  for (const segment of [...segments.all].reverse()) {
    if ((segment.lanes & mask) === 0) continue;
    const isFull = await segments.use(segment, async (index) => {
      for (let row = index.length - 1; row >= 0; row--) {
        if (!lanes.includes(index.lane[row])) continue;
        rawBytes += index.rawBytes[row];
        if (newestFirst.length > 0 && rawBytes > maxRawBytes) return true;
        const { block } = await readBlock(segments, segment, index, row);
        if (block) newestFirst.push(block);
      }
      return false;
    });
    if (isFull) break;
  }
  return newestFirst.reverse();
}
