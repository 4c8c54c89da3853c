import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.js';
import { decodeDirectory, encodeDirectory } from './directory.js';

const count = fc.nat({ max: 2 ** 32 - 1 });
const directory = fc.record({
  route: fc.nat(1000),
  longestLine: count,
  firstSeconds: count,
  streams: fc.array(fc.record({ labels: fc.string({ unit: 'grapheme' }), lines: count, bytes: count })),
});
const origins = fc.array(fc.record({ key: fc.string(), from: fc.maxSafeNat(), to: fc.maxSafeNat() }));

it('a directory comes back as it was written', () => {
  fc.assert(
    fc.property(directory, origins, (directory, origins) => {
      const numbers = new Map<string, number>();
      const number = (key: string): number => {
        if (!numbers.has(key)) numbers.set(key, numbers.size);
        return numbers.get(key) ?? 0;
      };
      const bytes = encodeDirectory(directory, origins, number);
      expect(decodeDirectory(bytes)).toEqual(directory);
      const wrong = Buffer.from(bytes);
      wrong[0] = 9;
      expect(() => decodeDirectory(wrong)).toThrow(expect.objectContaining({ code: 'JOURNAL_DAMAGED' }));
    }),
  );
});

it('a directory that ends too early is damaged', () => {
  const bytes = encodeDirectory(
    { route: 1, longestLine: 300, firstSeconds: 1e9, streams: [{ labels: '{a="b"}', lines: 3, bytes: 60 }] },
    [],
    () => 0,
  );
  for (let length = 0; length < bytes.length - 1; length++)
    expect(() => decodeDirectory(bytes.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'JOURNAL_DAMAGED' }),
    );
});

it('varints hold everything up to 2^53', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.maxSafeNat(), fc.constantFrom(127, 128, 2 ** 32))), (values) => {
      const writer = new ByteWriter();
      for (const value of values) writer.varint(value);
      const reader = new ByteReader(writer.finish());
      expect(values.map(() => reader.varint())).toEqual(values);
    }),
  );
});
