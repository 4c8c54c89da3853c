/**
 * A block's directory: what is known of a block without decompressing it, beside what its record header says (lane,
 * lines, raw bytes, newest second). Complete in itself, so that damage elsewhere cannot touch it. Varints and texts:
 *
 *   codec (2 = snappy block format of a Loki PushRequest), route class, bytes of the longest line, second of the
 *   earliest line,
 *   number of streams, each: labels text, lines, raw bytes of the entries
 *   number of source ranges, each: number of its source key (state.ts), from, to - from
 */
import type { Block, BlockStream, SourceRange } from '../pipeline/contract.js';
import { AgentError } from '../runtime/errors.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { openMeta, openPayload, type RecordHeader, recordLength } from './record.js';

const CODEC_SNAPPY_PUSH_REQUEST = 2;

export interface Directory {
  readonly route: number;
  readonly longestLine: number;
  readonly firstSeconds: number;
  readonly streams: readonly BlockStream[];
}

/** `number` gives each source key its small number in the segment. */
export function encodeDirectory(
  directory: Directory,
  origins: readonly SourceRange[],
  number: (key: string) => number,
): Buffer {
  const writer = new ByteWriter();
  writer.varint(CODEC_SNAPPY_PUSH_REQUEST);
  writer.varint(directory.route);
  writer.varint(directory.longestLine);
  writer.varint(directory.firstSeconds);
  writer.varint(directory.streams.length);
  for (const { labels, lines, bytes } of directory.streams) {
    writer.text(labels);
    writer.varint(lines);
    writer.varint(bytes);
  }
  writer.varint(origins.length);
  for (const { key, from, to } of origins) {
    writer.varint(number(key));
    writer.varint(from);
    writer.varint(Math.max(0, to - from));
  }
  return writer.finish();
}

/** Throws JOURNAL_DAMAGED on what `encodeDirectory` did not write. Source ranges are left to who repairs damage. */
export function decodeDirectory(bytes: Buffer): Directory {
  const reader = new ByteReader(bytes);
  const codec = reader.varint();
  if (codec !== CODEC_SNAPPY_PUSH_REQUEST)
    throw new AgentError('JOURNAL_DAMAGED', `A block has the unknown codec ${codec}.`);
  const route = reader.varint();
  const longestLine = reader.varint();
  const firstSeconds = reader.varint();
  const streams: BlockStream[] = [];
  for (let left = reader.varint(); left > 0; left--)
    streams.push({ labels: reader.text(), lines: reader.varint(), bytes: reader.varint() });
  return { route, longestLine, firstSeconds, streams };
}

/** The block of a record, or undefined where a checksum or the directory says that it is damaged. */
export function decodeBlockRecord(header: RecordHeader, body: Buffer): Block | undefined {
  try {
    const meta = openMeta(header, body);
    const payload = openPayload(header, body);
    if (!meta || !payload) return undefined;
    return {
      ...decodeDirectory(meta),
      lsn: header.lsn,
      nextLsn: header.lsn + recordLength(header),
      lane: header.lane,
      lines: header.lines,
      rawBytes: header.rawBytes,
      lastSeconds: header.seconds,
      payload,
    };
  } catch {
    return undefined;
  }
}
