import * as fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import { decodeProto } from '../../../test/support/loki/wire.js';
import { bodyOf, byStream, divide, linesOf, type Request, singleStream } from './request.js';
import { reopened } from './testing/test-sink.js';

const line = fc.record({
  labels: fc.record({ container: fc.constantFrom('a', 'ü"\\', 'c') }),
  text: fc.oneof(
    fc.string(),
    fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
  ),
  seconds: fc.nat(2 ** 31),
  nanos: fc.nat(999_999_999),
  fields: fc.dictionary(fc.constantFrom('level', 'path', 'ü'), fc.string(), { noNullPrototype: true }),
});

const blocks = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 });

/** Per stream, what independent decoders find in the bodies of these requests. */
function linesByStream(requests: readonly Request[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of requests) {
    expect(one.tenant).toBe('team');
    // In room that is larger, and was used before.
    const body = bodyOf(one, (bytes) => Buffer.alloc(bytes + 9, 0xaa));
    for (const { labels, entries } of decodeProto(Buffer.from(uncompress(body)))) {
      const rows = entries.map(
        ({ seconds, nanos, line, metadata }) =>
          `${seconds}.${nanos} ${line.toString()} ${JSON.stringify(metadata)}`,
      );
      found.set(labels, [...(found.get(labels) ?? []), ...rows]);
    }
  }
  return found;
}

describe('requests', () => {
  test('hold all lines of their blocks, however they are divided, in order per stream', () => {
    fc.assert(
      fc.property(blocks, (given) => {
        const pieces = given.map((lines, lsn) => ({ block: blockOf(lines, { lsn }) }));
        const whole: Request = { pieces, tenant: 'team' };
        const expected = new Map<string, string[]>();
        for (const piece of whole.pieces)
          for (const [labels, rows] of linesByStream([{ ...whole, pieces: [piece] }]))
            expected.set(labels, [...(expected.get(labels) ?? []), ...rows]);
        expect(linesByStream([whole])).toEqual(expected);
        for (const { fields } of given.flat()) {
          const wanted = JSON.stringify(Object.entries(fields));
          expect([...expected.values()].flat().some((row) => row.endsWith(wanted))).toBe(true);
        }
        const parted = byStream(whole);
        expect(linesByStream(parted)).toEqual(expected);
        expect(parted.map(singleStream)).not.toContain(undefined);
        const smallest: Request[] = [];
        const todo = [whole];
        for (let one = todo.shift(); one; one = todo.shift()) {
          const smaller = divide(one);
          if (!smaller) smallest.push(one);
          else todo.unshift(...smaller);
        }
        expect(linesByStream(smallest)).toEqual(expected);
        expect(new Set(smallest.map(linesOf))).toEqual(new Set([1]));
      }),
    );
  });

  test('of one stream each name it once, though their block named it twice', () => {
    const twice: Request = { pieces: [{ block: reopened({ container: 'a' }, 0) }], tenant: 'team' };
    expect(singleStream(twice)).toBeUndefined();
    for (const parted of [byStream(twice), divide(twice) ?? []]) {
      expect(parted.map(singleStream)).toEqual(['{container="a"}']);
      expect(linesByStream(parted)).toEqual(linesByStream([twice]));
    }
  });
});
