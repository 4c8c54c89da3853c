/** What an engine, or what stands before it, may send as a stream of logs: records, garbage, and any mixture. */
import * as fc from 'fast-check';
import type { ServedRecord } from './model-log.js';

/** Bytes of a text that may be a piece of a line. */
export const PIECE = 64;

const served: fc.Arbitrary<ServedRecord> = fc.record({
  text: fc.oneof(fc.string({ maxLength: 20 }), fc.string({ minLength: PIECE, maxLength: 2 * PIECE })),
  endsLine: fc.boolean(),
  isStderr: fc.boolean(),
  seconds: fc.integer({ min: 1_795_300_000, max: 1_795_300_003 }),
  nanos: fc.nat(3),
});
const any = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
/** A head that says anything of what follows. */
const head = fc
  .record({
    kind: fc.nat(5),
    zero: fc.constantFrom(0, 0, 0, 1),
    size: fc.oneof(fc.nat(40), fc.nat(0xffffffff)),
  })
  .map(({ kind, zero, size }) => {
    const bytes = Buffer.from([kind, zero, 0, 0, 0, 0, 0, 0]);
    bytes.writeUInt32BE(size, 4);
    return bytes;
  });
/** Mostly records, among anything else, and bytes changed, taken out and put in. */
export const streamOf = (encode: (record: ServedRecord) => Buffer) =>
  fc
    .record({
      parts: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: served.map(encode) },
          { weight: 1, arbitrary: any },
          { weight: 1, arbitrary: head },
        ),
        { maxLength: 12 },
      ),
      edits: fc.array(fc.record({ at: fc.nat(), taken: fc.nat(9), put: fc.uint8Array({ maxLength: 4 }) }), {
        maxLength: 2,
      }),
    })
    .map(({ parts, edits }) => {
      let bytes = Buffer.concat(parts);
      for (const { at, taken, put } of edits) {
        const from = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + taken)]);
      }
      return bytes;
    });

/** Sizes of the pieces in which it comes, over and over. */
export const chunks = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 });
