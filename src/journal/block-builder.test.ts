import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';
import { describe, expect, it } from 'vitest';
import type { BlockStream } from '../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../pipeline/push-request.js';
import { StreamTable } from '../pipeline/streams.js';
import { BlockBuilder, type SealedBlock } from './block-builder.js';
import { BLOCK_BYTES } from './staging.js';
import { batchOf, type TestLine } from './testing/test-kit.js';

const { root } = protobuf.parse(`syntax = "proto3";
  message PushRequest { repeated StreamAdapter streams = 1; }
  message StreamAdapter { string labels = 1; repeated Entry entries = 2; }
  message Entry { Timestamp timestamp = 1; bytes line = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }`);
const PushRequest = root.lookupType('PushRequest');

interface Decoded {
  streams: {
    labels: string;
    entries: { timestamp: { seconds: number; nanos: number }; line: Buffer }[];
  }[];
}

/** The independent decoder. */
function decoded(block: SealedBlock): { raw: Buffer; request: Decoded } {
  const raw = Buffer.from(uncompress(block.payload));
  return {
    raw,
    request: PushRequest.toObject(PushRequest.decode(raw), { longs: Number, defaults: true }) as Decoded,
  };
}

const label = fc.constantFrom('a', 'b', 'ü"\\\n', 'c'.repeat(300));
const line: fc.Arbitrary<TestLine> = fc.record({
  labels: fc.record({ container: label, stream: fc.constantFrom('stdout', 'stderr') }),
  text: fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 600_000 }).map((length) => Buffer.alloc(length, 'x')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(127, 128, 16_383, 16_384, BLOCK_BYTES).map((length) => Buffer.alloc(length)),
    },
  ),
  seconds: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 31)),
  nanos: fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 127, 128)),
});

/** Bytes of a whole StreamAdapter, by the grammar. */
function withHead({ labels, bytes }: BlockStream): number {
  const field = (length: number): number => 1 + Math.ceil(length.toString(2).length / 7) + length;
  return field(field(Buffer.byteLength(labels)) + bytes);
}

describe('blocks', () => {
  it('hold exactly the lines, per stream in order, for an independent decoder and for ours', () => {
    fc.assert(
      fc.property(fc.array(fc.array(line, { maxLength: 40 }), { maxLength: 6 }), (batches) => {
        const streams = new StreamTable();
        const builder = new BlockBuilder(streams);
        const sealed: SealedBlock[] = [];
        const expected = new Map<string, string[]>();
        for (const [i, lines] of batches.entries()) {
          const batch = batchOf(streams, lines);
          builder.append(batch, { key: 'k', from: i, to: i + 1 }, sealed);
          batch.arena.fill(0);
          for (const { labels, text, seconds = 0, nanos = 0 } of lines) {
            const stream = streams.acquire(labels).text;
            const list = expected.get(stream) ?? [];
            expected.set(stream, [...list, `${seconds}.${nanos} ${text.toString('latin1' as never)}`]);
          }
        }
        builder.sealAll(sealed);
        expect(builder.stagedBytes).toBe(0);

        const actual = new Map<string, string[]>();
        const ours = new Map<string, string[]>();
        const mine = new BlockLines();
        for (const block of sealed) {
          const { raw, request } = decoded(block);
          expect(raw.length).toBe(block.rawBytes);
          if (block.lines > 1) expect(raw.length).toBeLessThanOrEqual(BLOCK_BYTES);
          const entries = request.streams.flatMap((stream) => stream.entries);
          expect(request.streams.map(({ labels, entries }) => [labels, entries.length])).toEqual(
            block.streams.map(({ labels, lines }) => [labels, lines]),
          );
          expect(block.streams.reduce((sum, stream) => sum + withHead(stream), 0)).toBe(raw.length);
          expect(entries.length).toBe(block.lines);
          expect(Math.max(...entries.map((entry) => entry.line.length))).toBe(block.longestLine);
          expect(Math.min(...entries.map(({ timestamp }) => timestamp.seconds))).toBe(block.firstSeconds);
          expect(Math.max(...entries.map(({ timestamp }) => timestamp.seconds))).toBe(block.lastSeconds);
          for (const { labels, entries } of request.streams) {
            const list = actual.get(labels) ?? [];
            for (const { timestamp, line } of entries)
              list.push(`${timestamp.seconds}.${timestamp.nanos} ${Buffer.from(line).toString('latin1')}`);
            actual.set(labels, list);
          }
          decodeBlock(block.payload, mine);
          for (let i = 0; i < mine.length; i++) {
            const labels = mine.streams[mine.stream[i]];
            const list = ours.get(labels) ?? [];
            const text = mine.data.toString('latin1', mine.start[i], mine.end[i]);
            ours.set(labels, [...list, `${mine.seconds[i]}.${mine.nanos[i]} ${text}`]);
          }
        }
        expect(actual).toEqual(expected);
        expect(ours).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('hold one lane and one route class each', () => {
    const streams = new StreamTable();
    const builder = new BlockBuilder(streams);
    const all = Array.from({ length: 12 }, (_, i) => ({
      container: `c${i}`,
      ...(i % 2 ? { catch_up: '1' } : {}),
    }));
    for (const [i, labels] of all.entries()) Object.assign(streams.acquire(labels), { route: i % 3 });
    const sealed: SealedBlock[] = [];
    const lines = all.flatMap((labels) => [
      { labels, text: 'x' },
      { labels, text: 'y' },
    ]);
    builder.append(batchOf(streams, [...lines, ...lines]), { key: 'k', from: 0, to: 1 }, sealed);
    builder.sealAll(sealed);
    const seen = new Set<string>();
    for (const { lane, route, streams: parts } of sealed) {
      expect(seen.has(`${lane}/${route}`)).toBe(false);
      seen.add(`${lane}/${route}`);
      for (const { labels } of parts) {
        const stream = [...all].map((labels) => streams.acquire(labels)).find(({ text }) => text === labels);
        expect([stream?.lane, stream?.route]).toEqual([lane, route]);
      }
    }
    expect(sealed.reduce((sum, { lines }) => sum + lines, 0)).toBe(48);
  });

  it('hold every line once and in order also with more lanes and classes than there is room for at once', () => {
    const containers = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const streams = new StreamTable(({ container }) => Number(container.slice(1)) % 32);
    const builder = new BlockBuilder(streams);
    const sealed: SealedBlock[] = [];
    for (let round = 0; round < 20; round++) {
      const lines = containers.map((container) => ({ labels: { container }, text: `${container} ${round}` }));
      builder.append(batchOf(streams, lines), { key: 'k', from: round, to: round + 1 }, sealed);
    }
    builder.sealAll(sealed);
    const texts = new Map<string, string[]>();
    for (const block of sealed) {
      const routes = new Set<number>();
      for (const { labels, entries } of decoded(block).request.streams) {
        const [container] = /c\d+/.exec(labels) ?? [''];
        const stream = streams.acquire({ container });
        routes.add(stream.route);
        expect(stream.lane).toBe(block.lane);
        texts.set(container, [
          ...(texts.get(container) ?? []),
          ...entries.map(({ line }) => line.toString()),
        ]);
      }
      expect([...routes]).toEqual([block.route]);
    }
    for (const container of containers)
      expect(texts.get(container)).toEqual(Array.from({ length: 20 }, (_, round) => `${container} ${round}`));
  });

  it('merge the source ranges that follow each other', () => {
    const streams = new StreamTable();
    const builder = new BlockBuilder(streams);
    const batch = batchOf(streams, [{ labels: { container: 'a' }, text: 'x' }]);
    const ranges = [
      ['a', 0, 5],
      ['b', 7, 9],
      ['a', 5, 8],
      ['a', 100, 120],
      ['b', 9, 10],
    ] as const;
    for (const [key, from, to] of ranges) builder.append(batch, { key, from, to }, []);
    const sealed: SealedBlock[] = [];
    builder.sealAll(sealed);
    expect(sealed[0].origins).toEqual([
      { key: 'a', from: 0, to: 8 },
      { key: 'b', from: 7, to: 10 },
      { key: 'a', from: 100, to: 120 },
    ]);
  });

  it('refuse a stream that nobody holds', () => {
    const streams = new StreamTable();
    const batch = batchOf(streams, [{ labels: { container: 'a' }, text: 'x' }]);
    streams.release(streams.acquire({ container: 'a' }));
    streams.release(streams.acquire({ container: 'a' }));
    expect(() => new BlockBuilder(new StreamTable()).append(batch, { key: 'k', from: 0, to: 1 }, [])).toThrow(
      'nobody holds',
    );
  });
});
