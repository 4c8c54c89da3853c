import type { Block } from '../pipeline/contract.js';
import type { BlockIndex } from './block-index.js';
import { type Remains, remainsOf } from './contents.js';
import { decodeBlockRecord } from './directory.js';
import { decodeHeader, HEADER_BYTES, openMeta, type RecordHeader } from './record.js';
import type { Segment, Segments } from './segments.js';

/** A block, or what one that is damaged still says of its lines. */
export interface Found {
  readonly block: Block | undefined;
  readonly remains: Remains;
}

/** What is in one row of a segment in use. Rejects where it may be read later. */
export async function readBlock(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
  row: number,
): Promise<Found> {
  try {
    const bytes = await segments.read(segment, index.offset[row], index.bytes[row]);
    const header = decodeHeader(bytes, 0, segment.base + index.offset[row]);
    const body = bytes.subarray(HEADER_BYTES);
    const block = header && decodeBlockRecord(header, body);
    return { block, remains: block || !header ? {} : remainsIn(header, body) };
  } catch (error) {
    if (!segments.isGone(segment, error)) throw error;
    return { block: undefined, remains: {} };
  }
}

function remainsIn(header: RecordHeader, body: Buffer): Remains {
  const meta = openMeta(header, body);
  return (meta && remainsOf(meta, header.seconds)) ?? { lastSeconds: header.seconds };
}
