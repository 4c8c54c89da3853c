/**
 * Writes a block anew from some of its lines: the way of the rare block that must be divided or mended before it goes
 * to a sink. The journal's own blocks are made elsewhere, without a copy per line (journal/block-builder.ts).
 */
import { compressSync } from 'snappy';
import type { Block, BlockStream } from './contract.js';
import { entryBytes, putEntryHead, putStreamHeader, STREAM_HEADER_BYTES } from './protobuf.js';
import type { BlockLines } from './push-request.js';

/** The kept rows of one stream: rows[from .. to) of the encoder's list. */
interface Part {
  readonly labels: string;
  readonly labelBytes: number;
  readonly from: number;
  to: number;
  entriesBytes: number;
}

/**
 * The block with those rows of `lines` for which `keeps` answers true, in their order; undefined where that is none.
 * `lines` is `block` as decoded, or what the caller made of it: lines may be narrowed (`start`, `end`) and their bytes
 * and times exchanged in place. The directory is that of the new lines; lsn, lane and route are the block's.
 */
export function encodeBlock(
  block: Pick<Block, 'lsn' | 'nextLsn' | 'lane' | 'route'>,
  lines: BlockLines,
  keeps: (row: number) => boolean,
): Block | undefined {
  const rows = new Uint32Array(lines.length);
  let kept = 0;
  for (let row = 0; row < lines.length; row++) if (keeps(row)) rows[kept++] = row;
  if (kept === 0) return undefined;

  const parts = partsOf(lines, rows.subarray(0, kept));
  let room = 0;
  for (const { labelBytes, entriesBytes } of parts) room += STREAM_HEADER_BYTES + labelBytes + entriesBytes;
  const raw = Buffer.allocUnsafe(room);
  let at = 0;
  let longestLine = 0;
  let firstSeconds = lines.seconds[rows[0]];
  let lastSeconds = firstSeconds;
  for (const { labels, labelBytes, from, to, entriesBytes } of parts) {
    at = putStreamHeader(raw, at, labels, labelBytes, entriesBytes);
    for (const row of rows.subarray(from, to)) {
      const start = lines.start[row];
      const length = lines.end[row] - start;
      const pairs = lines.metadataStart[row];
      const pairsEnd = lines.metadataEnd[row];
      const seconds = lines.seconds[row];
      at = putEntryHead(raw, at, length, pairsEnd - pairs, seconds, lines.nanos[row]);
      at += lines.data.copy(raw, at, start, start + length);
      at += lines.data.copy(raw, at, pairs, pairsEnd);
      longestLine = Math.max(longestLine, length);
      firstSeconds = Math.min(firstSeconds, seconds);
      lastSeconds = Math.max(lastSeconds, seconds);
    }
  }
  return {
    lsn: block.lsn,
    nextLsn: block.nextLsn,
    lane: block.lane,
    route: block.route,
    lines: kept,
    rawBytes: at,
    longestLine,
    firstSeconds,
    lastSeconds,
    streams: parts.map(
      ({ labels, from, to, entriesBytes }): BlockStream => ({
        labels,
        lines: to - from,
        bytes: entriesBytes,
      }),
    ),
    payload: compressSync(raw.subarray(0, at), { copyOutputData: true }),
  };
}

/** The stretches of `rows` that are of one stream; a block may name one several times. */
function partsOf(lines: BlockLines, rows: Uint32Array): Part[] {
  const parts: Part[] = [];
  let stream = -1;
  for (const [i, row] of rows.entries()) {
    if (lines.stream[row] !== stream) {
      const before = lines.streams[stream];
      stream = lines.stream[row];
      const labels = lines.streams[stream];
      if (labels !== before)
        parts.push({ labels, labelBytes: Buffer.byteLength(labels), from: i, to: i, entriesBytes: 0 });
    }
    const part = parts[parts.length - 1];
    part.to = i + 1;
    part.entriesBytes += entryBytes(
      lines.end[row] - lines.start[row],
      lines.metadataEnd[row] - lines.metadataStart[row],
      lines.seconds[row],
      lines.nanos[row],
    );
  }
  return parts;
}
