import type { Block } from '../pipeline/contract.js';
import type { BlockIndex } from './block-index.js';
import { decodeBlockRecord, decodeDirectory } from './directory.js';
import { decodeHeader, HEADER_BYTES, openMeta, type RecordHeader } from './record.js';
import type { Segment, Segments } from './segments.js';
import type { Loss } from './types.js';

interface Record {
  readonly header: RecordHeader;
  readonly body: Buffer;
}

/** The block of one row of a segment in use, or undefined where it is damaged. Rejects where it may be read later. */
export async function readBlock(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
  row: number,
): Promise<Block | undefined> {
  const record = await readRecord(segments, segment, index, row);
  return record && decodeBlockRecord(record.header, record.body);
}

/** What a damaged block still says of its lines: whose they were, and when. */
export async function readRemains(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
  row: number,
): Promise<Pick<Loss, 'streams' | 'firstSeconds' | 'lastSeconds'>> {
  const record = await readRecord(segments, segment, index, row);
  if (!record) return {};
  const { header, body } = record;
  try {
    const meta = openMeta(header, body);
    const { streams, firstSeconds } = decodeDirectory(meta ?? Buffer.alloc(0));
    return { streams, firstSeconds, lastSeconds: header.seconds };
  } catch {
    return { lastSeconds: header.seconds };
  }
}

async function readRecord(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
  row: number,
): Promise<Record | undefined> {
  try {
    const bytes = await segments.read(segment, index.offset[row], index.bytes[row]);
    const header = decodeHeader(bytes, 0, segment.base + index.offset[row]);
    return header && { header, body: bytes.subarray(HEADER_BYTES) };
  } catch (error) {
    if (!segments.isGone(segment, error)) throw error;
    return undefined;
  }
}
