import * as fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { BlockLines, decodeBlock } from './push-request.js';

/** A length-delimited field. */
function field(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = [tag];
  let rest = body.length;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), body]);
}

const stamp = field(0x0a, Buffer.from([0x08, 5, 0x10, 6]));
const good = field(
  0x0a,
  field(0x0a, Buffer.from('{a="b"}')),
  field(0x12, stamp, field(0x12, Buffer.from('line'))),
  field(0x12, stamp, field(0x12, Buffer.alloc(0))),
);

function decode(raw: Buffer): BlockLines {
  const lines = new BlockLines();
  decodeBlock(compressSync(raw), lines);
  return lines;
}

function rows(lines: BlockLines): string[] {
  return Array.from({ length: lines.length }, (_, i) => {
    const text = lines.data.toString('utf8', lines.start[i], lines.end[i]);
    return `${lines.streams[lines.stream[i]]} ${lines.seconds[i]}.${lines.nanos[i]} ${text}`;
  });
}

/** Runs what may succeed or fail as damaged, but in no other way. */
function damaged(run: () => void): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(AgentError);
    expect((error as AgentError).code).toBe('JOURNAL_DAMAGED');
  }
}

describe('decodeBlock', () => {
  it('reads streams and lines, of merged requests too, and forgets the block before', () => {
    const lines = new BlockLines();
    decodeBlock(compressSync(Buffer.concat([good, good])), lines);
    const once = ['{a="b"} 5.6 line', '{a="b"} 5.6 '];
    expect(rows(lines)).toEqual([...once, ...once]);
    decodeBlock(compressSync(good), lines);
    expect(rows(lines)).toEqual(once);
    expect(lines.streams).toEqual(['{a="b"}']);
  });

  it('passes over fields that it does not know', () => {
    const unknown = Buffer.concat([
      field(0x1a, Buffer.from('metadata')),
      Buffer.from([0x18, 0x96, 0x01]),
      Buffer.from([0x21, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([0x2d, 1, 2, 3, 4]),
    ]);
    const entry = field(
      0x12,
      unknown,
      field(0x0a, unknown, Buffer.from([0x08, 7])),
      field(0x12, Buffer.from('x')),
    );
    const raw = Buffer.concat([
      unknown,
      field(0x0a, unknown, entry, field(0x0a, Buffer.from('{}')), unknown),
      unknown,
    ]);
    expect(rows(decode(raw))).toEqual(['{} 7.0 x']);
  });

  it('grows its columns', () => {
    const entry = field(0x12, stamp, field(0x12, Buffer.from('x')));
    expect(decode(field(0x0a, ...Array(5_000).fill(entry))).length).toBe(5_000);
  });

  it('throws JOURNAL_DAMAGED on anything malformed, and nothing else', () => {
    for (let length = 1; length < good.length; length++)
      expect(() => decode(good.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'JOURNAL_DAMAGED' }),
      );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => damaged(() => decode(Buffer.from(bytes)))));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) =>
        damaged(() => decodeBlock(Buffer.from(bytes), new BlockLines())),
      ),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const raw = Buffer.from(good);
        raw[at] = byte;
        damaged(() => decode(raw));
      }),
    );
  });
});
