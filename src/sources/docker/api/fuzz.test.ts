/**
 * Whatever an engine, or what stands before it, sends as a stream of logs, in any chunks: lines, or a refusal; an end to
 * it; and no more of it held than a frame or a record may have. With LOG_CAPTURER_TEST_LONG for hours.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameDecoder } from './frames.js';
import { RawDecoder } from './raw.js';
import { ForeignStream, type RecordDecoder } from './records.js';
import { ENOUGH_BYTES, LogStream, type StreamHost, type StreamSink } from './stream.js';
import { chunks, PIECE, streamOf } from './testing/any-stream.js';
import { frame, stamped } from './testing/model-log.js';

const FACTOR = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 1 : 100;
const TIMEOUT_MS = 60_000 * FACTOR;
const LARGEST_FRAME = 16 * 1024 * 1024;
const LONGEST_RECORD = 1024 * 1024;

class Counting implements StreamSink {
  readonly seen: string[] = [];
  bytes = 0;
  /** Stops behind every so many. */
  stopEvery = Number.POSITIVE_INFINITY;

  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    s: number,
    n: number,
  ) {
    return this.#take(`${s}.${n} ${isStderr} ${endsLine} `, buf, start, end);
  }

  malformed(buf: Buffer, start: number, end: number, isStderr: boolean): boolean {
    return this.#take(`malformed ${isStderr} `, buf, start, end);
  }

  engineError(message: string): void {
    expect(message.length).toBeLessThanOrEqual(LONGEST_RECORD);
    this.seen.push(`engine ${message}`);
  }

  drained(): boolean {
    return true;
  }

  #take(what: string, buf: Buffer, start: number, end: number): boolean {
    expect(start).toBeGreaterThanOrEqual(0);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(end).toBeLessThanOrEqual(buf.length);
    this.bytes += end - start;
    this.seen.push(what + buf.toString('latin1', start, end));
    return this.seen.length % this.stopEvery !== 0;
  }
}

interface Outcome {
  readonly seen: readonly string[];
  readonly refused: boolean;
}

/** Feeds it as a stream does: what is not taken comes again with more. */
function decode(
  decoder: RecordDecoder,
  all: Buffer,
  chunks: readonly number[],
  bound: number,
  stopEvery = Number.POSITIVE_INFINITY,
): Outcome {
  const sink = new Counting();
  sink.stopEvery = stopEvery;
  let from = 0;
  let steps = 2 * all.length + 10;
  try {
    for (let to = 0, turn = 0; ; ) {
      expect(steps--).toBeGreaterThan(0);
      const isEnd = to === all.length;
      const starts = isEnd ? [] : [0];
      const before = from;
      const seen = sink.seen.length;
      from += decoder.decode(Buffer.from(all.subarray(from, to)), to - from, starts, isEnd, sink);
      expect(from).toBeLessThanOrEqual(to);
      expect(decoder.needed).toBeLessThanOrEqual(LARGEST_FRAME + 8);
      expect(to - from).toBeLessThan(bound);
      if (from > before || sink.seen.length > seen) continue;
      if (isEnd) break;
      to = Math.min(all.length, to + chunks[turn++ % chunks.length]);
    }
  } catch (error) {
    if (!(error instanceof ForeignStream)) throw error;
    return { seen: sink.seen, refused: true };
  }
  expect(sink.bytes).toBeLessThanOrEqual(all.length);
  return { seen: sink.seen, refused: false };
}

describe.each([
  ['frames', frame, () => new FrameDecoder(), LARGEST_FRAME + 8],
  ['records without frames', stamped, () => new RawDecoder(PIECE), LONGEST_RECORD + 70],
] as const)('%s', (name, encode, decoder, bound) => {
  test(
    'any bytes: lines or a refusal',
    () => {
      fc.assert(
        fc.property(streamOf(encode), chunks, fc.integer({ min: 1, max: 5 }), (bytes, chunks, stop) => {
          const whole = decode(decoder(), bytes, [bytes.length + 1], bound);
          const inChunks = decode(decoder(), bytes, chunks, bound, stop);
          if (name !== 'frames') return;
          // Frames mean the same however they come.
          expect(inChunks).toEqual(whole);
        }),
        { numRuns: 400 * FACTOR },
      );
    },
    TIMEOUT_MS,
  );

  test('without an end in sight no more is held than one may have', () => {
    const chunk = 1024 * 1024;
    const endless = name === 'frames' ? Buffer.from([1, 0, 0, 0, 1, 0, 0, 0]) : Buffer.alloc(0);
    const sink = new Counting();
    const one = decoder();
    let held = endless;
    let most = 0;
    for (let fed = 0; fed < 20 * chunk; fed += chunk) {
      held = Buffer.concat([held, Buffer.alloc(chunk, 0x61)]);
      if (held.length < one.needed) continue;
      let taken = 0;
      try {
        taken = one.decode(held, held.length, [0], false, sink);
      } catch (error) {
        expect(error).toBeInstanceOf(ForeignStream);
        break;
      }
      held = held.subarray(taken);
      most = Math.max(most, held.length);
    }
    expect(most).toBeLessThan(bound + chunk);
    expect(sink.bytes).toBeGreaterThan(0);
  });
});

test('a stream of any bytes in any chunks ends, with its lines or with a refusal', {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(streamOf(frame), chunks, fc.boolean(), async (bytes, chunks, isCut) => {
      const sink = new Counting();
      const response = new PassThrough() as PassThrough & { complete: boolean };
      response.complete = false;
      const gate = { isHeld: false, pass: async () => {} } as StreamHost['gate'];
      const host: StreamHost = {
        gate,
        arena: Buffer.alloc(ENOUGH_BYTES * 2),
        schedule: (stream) => void setImmediate(() => stream.drain()),
      };
      const stream = new LogStream(response as unknown as IncomingMessage, new FrameDecoder(), sink, host);
      const running = stream.run().catch((error: unknown) => {
        expect(error).toBeInstanceOf(ForeignStream);
        return 'refused';
      });
      for (let from = 0, turn = 0; from < bytes.length && !response.destroyed; turn++) {
        const to = from + chunks[turn % chunks.length];
        response.write(bytes.subarray(from, to));
        from = to;
      }
      response.complete = !isCut;
      if (isCut) setImmediate(() => response.destroy());
      else response.end();
      const end = await running;
      const whole = decode(new FrameDecoder(), bytes, [bytes.length + 1], LARGEST_FRAME + 8);
      // Whatever is cut off: what came is the beginning of what was sent.
      expect(sink.seen).toEqual(whole.seen.slice(0, sink.seen.length));
      if (!isCut) {
        expect(end).toBe(whole.refused ? 'refused' : 'complete');
        expect(sink.seen).toEqual(whole.seen);
      }
    }),
    { numRuns: 200 * FACTOR },
  );
});
