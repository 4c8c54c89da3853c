import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeChar } from './utf8.js';

/** Bytes at which decoders differ: leads, the bounds of what may follow them, and what ends a character too soon. */
const odd = fc.constantFrom(
  0x00,
  0x41,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xe1,
  0xed,
  0xee,
  0xef,
  0xf0,
  0xf1,
  0xf3,
  0xf4,
  0xf5,
  0xff,
);

test('reads bytes as the platform does, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(odd, fc.nat({ max: 255 })), { maxLength: 12 }), (bytes) => {
      const data = Uint8Array.from([...bytes, 0x80, 0x80]);
      const chars: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        const decoded = decodeChar(data, at, bytes.length);
        chars.push(decoded >> 3);
        at += decoded & 7;
      }
      const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
      expect(String.fromCodePoint(...chars)).toBe(expected);
    }),
    { numRuns: 3_000 },
  );
});
