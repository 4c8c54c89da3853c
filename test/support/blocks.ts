/** Blocks as the journal hands them out, encoded here a second time, plainly. */
import { compressSync } from 'snappy';
import type { Block } from '../../src/pipeline/contract.js';
import { type Labels, labelText } from '../../src/pipeline/streams.js';

export interface BlockLine {
  readonly labels: Labels;
  readonly text: string | Buffer;
  readonly seconds?: number;
  readonly nanos?: number;
  /** Structured metadata. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface BlockPlace {
  readonly lsn?: number;
  readonly lane?: number;
}

/** One block of `lines`, grouped by stream in the order of the streams' first lines. */
export function blockOf(lines: readonly BlockLine[], { lsn = 0, lane = 0 }: BlockPlace = {}): Block {
  const byStream = new Map<string, BlockLine[]>();
  for (const line of lines) {
    const labels = labelText(line.labels);
    byStream.set(labels, [...(byStream.get(labels) ?? []), line]);
  }
  const raw = Buffer.concat(
    [...byStream].map(([labels, own]) =>
      field(0x0a, Buffer.concat([field(0x0a, Buffer.from(labels)), ...own.map(entry)])),
    ),
  );
  const seconds = lines.map((line) => line.seconds ?? 0);
  return {
    lsn,
    nextLsn: lsn + 1,
    lane,
    route: 0,
    lines: lines.length,
    rawBytes: raw.length,
    longestLine: Math.max(0, ...lines.map(({ text }) => Buffer.from(text).length)),
    firstSeconds: Math.min(...seconds),
    lastSeconds: Math.max(...seconds),
    streams: [...byStream].map(([labels, own]) => ({
      labels,
      lines: own.length,
      bytes: Buffer.concat(own.map(entry)).length,
    })),
    payload: compressSync(raw),
  };
}

function entry({ text, seconds = 0, nanos = 0, fields = {} }: BlockLine): Buffer {
  const time = Buffer.concat([varint(0x08), varint(seconds), varint(0x10), varint(nanos)]);
  const pairs = Object.entries(fields).map(([name, value]) =>
    field(0x1a, Buffer.concat([field(0x0a, Buffer.from(name)), field(0x12, Buffer.from(value))])),
  );
  return field(0x12, Buffer.concat([field(0x0a, time), field(0x12, Buffer.from(text)), ...pairs]));
}

function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([varint(tag), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
