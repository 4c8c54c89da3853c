import type { Block } from '../pipeline/contract.js';
import { systemCode } from '../runtime/errors.js';
import type { BlockIndex } from './block-index.js';
import { decodeBlockRecord } from './directory.js';
import { decodeHeader, HEADER_BYTES } from './record.js';
import type { Segment, Segments } from './segments.js';

/** The block of one row of a segment in use, or undefined where it is damaged. */
export async function readBlock(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
  row: number,
): Promise<Block | undefined> {
  try {
    const bytes = await segments.read(segment, index.offset[row], index.bytes[row]);
    const header = decodeHeader(bytes, 0, segment.base + index.offset[row]);
    return header && decodeBlockRecord(header, bytes.subarray(HEADER_BYTES));
  } catch (error) {
    // EIO: the disk cannot read it. Anything else of the system may pass, the block is still there.
    if (systemCode(error) !== undefined && systemCode(error) !== 'EIO') throw error;
    return undefined;
  }
}
