/**
 * Whose lines a segment holds, block by block, as their directories say it: for who must tell whose lines are lost with
 * it. Read in windows, without payloads as far as these are larger than a window.
 */
import type { BlockStream } from '../pipeline/contract.js';
import { type BlockIndex, DAMAGED_LANE } from './block-index.js';
import { decodeDirectory } from './directory.js';
import { decodeHeader, HEADER_BYTES, openMeta } from './record.js';
import type { Segment, Segments } from './segments.js';
import type { Loss } from './types.js';

const WINDOW_BYTES = 64 * 1024;

/** What tells of lost lines, besides how many they are. */
export type Remains = Pick<Loss, 'streams' | 'firstSeconds' | 'lastSeconds'>;

/** By row of the segment's index; undefined where a directory cannot be read. */
export type Contents = readonly (Required<Remains> | undefined)[];

/** Of a segment in use. */
export async function readContents(
  segments: Segments,
  segment: Segment,
  index: BlockIndex,
): Promise<Contents> {
  const bytes = segment.end - segment.base;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  const show = async (at: number, length: number): Promise<Buffer> => {
    if (at < windowAt || at + length > windowAt + window.length) {
      window = await segments.read(segment, at, Math.min(Math.max(WINDOW_BYTES, length), bytes - at));
      windowAt = at;
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  };
  const contents: (Required<Remains> | undefined)[] = [];
  for (let row = 0; row < index.length; row++) {
    if (index.lane[row] === DAMAGED_LANE) {
      contents.push(undefined);
      continue;
    }
    const at = index.offset[row];
    const header = decodeHeader(await show(at, HEADER_BYTES), 0, segment.base + at);
    const meta = header && openMeta(header, await show(at + HEADER_BYTES, header.metaLength));
    contents.push(header && meta && remainsOf(meta, header.seconds));
  }
  return contents;
}

/** Of the lane's blocks at or after `offset`; nothing where one of them cannot be read. */
export function contentsFrom(contents: Contents, index: BlockIndex, lane: number, offset: number): Remains {
  const streams = new Map<string, BlockStream>();
  let firstSeconds = Number.POSITIVE_INFINITY;
  let lastSeconds = 0;
  for (let row = index.firstAt(offset); row < index.length; row++) {
    if (index.lane[row] !== lane) continue;
    const block = contents[row];
    if (!block) return {};
    for (const { labels, lines, bytes } of block.streams) {
      const before = streams.get(labels) ?? { lines: 0, bytes: 0 };
      streams.set(labels, { labels, lines: before.lines + lines, bytes: before.bytes + bytes });
    }
    firstSeconds = Math.min(firstSeconds, block.firstSeconds);
    lastSeconds = Math.max(lastSeconds, block.lastSeconds);
  }
  return streams.size === 0 ? {} : { streams: [...streams.values()], firstSeconds, lastSeconds };
}

/** Of a block, by its directory; undefined where that says nothing. */
export function remainsOf(meta: Buffer, lastSeconds: number): Required<Remains> | undefined {
  try {
    const { streams, firstSeconds } = decodeDirectory(meta);
    return { streams, firstSeconds, lastSeconds };
  } catch {
    return undefined;
  }
}
