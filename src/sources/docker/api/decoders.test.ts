import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from './frames.js';
import { RawDecoder } from './raw.js';
import { ForeignStream, type RecordDecoder, type RecordSink } from './records.js';
import { frame, type ServedRecord, stamped } from './testing/model-log.js';

const PIECE = 64;

class Collected implements RecordSink {
  readonly records: ServedRecord[] = [];
  readonly errors: string[] = [];
  readonly malformedTexts: string[] = [];
  /** Stops behind every so many records. */
  stopEvery = Infinity;

  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
  ): boolean {
    this.records.push({ text: buf.toString('latin1', start, end), endsLine, isStderr, seconds, nanos });
    // What follows must not depend on these bytes.
    buf.fill(0x58, start, end);
    return this.records.length % this.stopEvery !== 0;
  }

  malformed(buf: Buffer, start: number, end: number): boolean {
    this.malformedTexts.push(buf.toString('latin1', start, end));
    return true;
  }

  engineError(message: string): void {
    this.errors.push(message);
  }
}

/** Feeds `writes`, cut further at `cuts`, as a stream does: what is not taken comes again with more. */
function decodeAll(
  decoder: RecordDecoder,
  writes: readonly Buffer[],
  cuts: readonly number[],
  sink: Collected,
): void {
  const all = Buffer.concat(writes);
  const starts = new Set<number>();
  for (let at = 0, i = 0; i < writes.length; at += writes[i++].length) starts.add(at);
  const ends = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const [i, end] of [...ends, all.length].entries()) {
    const isEnd = i === ends.length;
    for (let before = -1; before !== from; ) {
      before = from;
      if (end - from < decoder.needed && !isEnd) break;
      const seen = Array.from({ length: end - from }, (_, n) => n).filter((n) => starts.has(from + n));
      const buf = Buffer.from(all.subarray(from, end));
      from += decoder.decode(buf, buf.length, seen, isEnd, sink);
    }
  }
  expect(from).toBe(all.length);
}

const text = fc
  .array(fc.constantFrom('a', 'b', ' ', '\r', '\u0000', '2026-11-21T21:40:00.000000001Z ', 'ÿ'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

/** A log: times go up by one nanosecond a line; pieces share the time of their line. */
function log(hasStderr: boolean): fc.Arbitrary<ServedRecord[]> {
  const line = fc.record({
    text,
    isStderr: hasStderr ? fc.boolean() : fc.constant(false),
    pieces: fc.nat(2),
    endsLine: fc.boolean(),
  });
  return fc.array(line, { maxLength: 20 }).map((lines) =>
    lines.flatMap(({ text, isStderr, pieces, endsLine }, i) => {
      const time = { seconds: 1_795_300_000, nanos: 500 + i };
      const piece = { text: text.padEnd(PIECE, '.').slice(0, PIECE), isStderr, endsLine: false, ...time };
      const short = text.slice(0, PIECE - 1);
      return [...Array.from({ length: pieces }, () => piece), { text: short, isStderr, endsLine, ...time }];
    }),
  );
}

describe('FrameDecoder', () => {
  it('gives the same records however the stream is cut', () => {
    fc.assert(
      fc.property(
        log(true),
        fc.array(fc.nat(5000)),
        fc.integer({ min: 1, max: 7 }),
        (records, cuts, stop) => {
          const sink = new Collected();
          sink.stopEvery = stop;
          decodeAll(new FrameDecoder(), records.map(frame), cuts, sink);
          expect(sink.records).toEqual(records);
        },
      ),
    );
  });

  it("tells the engine's own messages from lines", () => {
    const sink = new Collected();
    const message = Buffer.from('Error grabbing logs: no such file\n');
    const head = Buffer.from([3, 0, 0, 0, 0, 0, 0, message.length]);
    decodeAll(new FrameDecoder(), [head, message], [], sink);
    expect(sink.errors).toEqual(['Error grabbing logs: no such file']);
    expect(sink.records).toEqual([]);
  });

  it('keeps a line without a time', () => {
    const sink = new Collected();
    const line = Buffer.from('no time here\n');
    decodeAll(new FrameDecoder(), [Buffer.from([1, 0, 0, 0, 0, 0, 0, line.length]), line], [], sink);
    expect(sink.malformedTexts).toEqual(['no time here']);
  });

  it('refuses what is no stream of frames', () => {
    const page = Buffer.from('<html>busy</html>');
    expect(() => new FrameDecoder().decode(page, page.length, [0], true, new Collected())).toThrow(
      ForeignStream,
    );
  });
});

describe('RawDecoder', () => {
  it('gives the same records however the stream is cut', () => {
    fc.assert(
      fc.property(
        log(false),
        fc.array(fc.nat(5000)),
        fc.integer({ min: 1, max: 7 }),
        (records, cuts, stop) => {
          const sink = new Collected();
          sink.stopEvery = stop;
          decodeAll(new RawDecoder(PIECE), records.map(stamped), cuts, sink);
          expect(sink.records).toEqual(records);
        },
      ),
    );
  });

  it("tells the engine's own messages from lines", () => {
    const sink = new Collected();
    decodeAll(new RawDecoder(), [Buffer.from('Error grabbing logs: gone\n')], [], sink);
    expect(sink.errors).toEqual(['Error grabbing logs: gone']);
  });
});
