import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_GROWTH, writeJsonText } from './json-text.js';

/** Bytes that are often nearly UTF-8. */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((part) => Buffer.from(part)),
      fc
        .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.nat(3))
        .map(([text, cut]) => Buffer.from(text).subarray(0, cut)),
      fc
        .constantFrom(
          'ed a0 80',
          'f4 90 80 80',
          'c0 80',
          'e0 9f bf',
          'f0 8f bf bf',
          'ff',
          '00',
          '22 5c',
          '7f',
          'c2 9b',
          'e2 80 a8',
        )
        .map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
    ),
  )
  .map((parts) => Buffer.concat(parts));

function escape(text: Buffer): Buffer {
  const buffer = Buffer.concat([Buffer.alloc(text.length * MAX_GROWTH), text]);
  const end = writeJsonText(buffer, buffer.length - text.length, buffer.length, 0);
  expect(end).toBeLessThanOrEqual(text.length * MAX_GROWTH);
  return buffer.subarray(0, end);
}

test('any bytes become valid JSON that says what TextDecoder says', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const escaped = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(escape(text));
      expect(escaped).not.toMatch(/\p{Cc}/u);
      expect(JSON.parse(`"${escaped}"`)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text));
    }),
    { numRuns: 2_000 },
  );
});

test('every single byte and pair of bytes', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let a = 0; a < 256; a++) {
    for (const text of [Buffer.from([a]), ...Array.from({ length: 256 }, (_, b) => Buffer.from([a, b]))]) {
      if (JSON.parse(`"${escape(text).toString()}"`) !== decoder.decode(text))
        expect.fail(text.toString('hex'));
    }
  }
});
