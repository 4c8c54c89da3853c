import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { Parting } from './parting.js';
import { type Piece, partOf } from './request.js';
import { reopened } from './testing/test-sink.js';

const CONTAINERS = ['a', 'ü"\\', 'c', 'd'];
const line = fc.record({
  labels: fc.record({ container: fc.constantFrom(...CONTAINERS) }),
  text: fc.oneof(
    fc.string(),
    fc.integer({ max: 3_000, min: 0 }).map((length) => 'x'.repeat(length)),
  ),
  seconds: fc.integer({ min: 1_795_000_000, max: 1_795_000_100 }),
  nanos: fc.nat(999_999_999),
  fields: fc.dictionary(fc.constantFrom('level', 'ü'), fc.string(), { noNullPrototype: true }),
});
const wholes = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => ({ block: blockOf(lines) }));

function partingOf(piece: Piece): Parting {
  const parting = Parting.of(piece);
  if (!parting) throw new Error('it is parted line by line');
  return parting;
}

/** As it is done line by line. */
function reference(piece: Piece, wants: (labels: string) => boolean): Piece | undefined {
  const lines = new BlockLines();
  decodeBlock(piece.block.payload, lines);
  return partOf(piece, lines, (row) => wants(lines.streams[lines.stream[row]]));
}

/** All of a piece but the bounds of its directory, which are those of the whole. */
function contentOf(piece: Piece | undefined) {
  if (!piece) return undefined;
  const { payload, lines, rawBytes, streams, lsn, nextLsn, lane, route } = piece.block;
  const decoded = new BlockLines();
  decodeBlock(payload, decoded);
  const { data, start, end, metadataStart, metadataEnd, stream, seconds, nanos } = decoded;
  const rows = Array.from({ length: decoded.length }, (_, row) => [
    decoded.streams[stream[row]],
    seconds[row],
    nanos[row],
    data.toString('utf8', start[row], end[row]),
    data.toString('hex', metadataStart[row], metadataEnd[row]),
  ]);
  const from = piece.from && { lsn: piece.from.block.lsn, rows: [...piece.from.rows] };
  return { lines, rawBytes, streams, lsn, nextLsn, lane, route, rows, from };
}

describe('Parting', () => {
  test('parts a block, and a part of one, as it is done line by line', () => {
    fc.assert(
      fc.property(wholes, fc.subarray(CONTAINERS), fc.subarray(CONTAINERS), (whole, first, second) => {
        const of = (containers: readonly string[]) => {
          const wanted = new Set(
            containers.map((container) => blockOf([{ labels: { container }, text: '' }]).streams[0].labels),
          );
          return (labels: string): boolean => wanted.has(labels);
        };
        const part = partingOf(whole).part(of(first));
        expect(contentOf(part)).toEqual(contentOf(reference(whole, of(first))));
        if (!part) return;
        const again = partingOf(part).part(of(second));
        expect(contentOf(again)).toEqual(contentOf(reference(part, of(second))));
        expect(again?.from?.block ?? whole.block).toBe(whole.block);
      }),
    );
  });

  test('says of a part no times and lengths that its lines go beyond', () => {
    fc.assert(
      fc.property(wholes, fc.subarray(CONTAINERS, { minLength: 1 }), (whole, [container]) => {
        const wants = (labels: string): boolean => labels.includes(`"${container}"`);
        const part = partingOf(whole).part(wants)?.block;
        const exact = reference(whole, wants)?.block;
        if (!part || !exact) return;
        expect(part.firstSeconds).toBeLessThanOrEqual(exact.firstSeconds);
        expect(part.lastSeconds).toBeGreaterThanOrEqual(exact.lastSeconds);
        expect(part.longestLine).toBeGreaterThanOrEqual(exact.longestLine);
      }),
    );
  });

  test('leaves a block that names a stream twice to others', () => {
    expect(Parting.of({ block: reopened({ container: 'a' }, 0) })).toBeUndefined();
  });

  test('leaves one to others whose directory does not say what is in it', () => {
    const block = blockOf([
      { labels: { container: 'a' }, text: 'a' },
      { labels: { container: 'b' }, text: 'b' },
    ]);
    const other = { ...block, streams: [...block.streams].reverse() };
    expect(Parting.of({ block: other })).toBeUndefined();
    expect(Parting.of({ block: { ...block, streams: block.streams.slice(0, 1) } })).toBeUndefined();
  });
});
