import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from './batch.js';
import { Draft } from './draft.js';
import { FieldSet, fitName } from './fields.js';

test('what is written is UTF-8, as every decoder reads the bytes', () => {
  const value = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(Buffer.from('aüb'), Buffer.from([0xc3])),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), fc.boolean(), (values, isDecoded) => {
      const arena = Buffer.concat(values);
      const batch = new Batch(arena, 1);
      batch.add(0, arena.length, 1, 0, 0, 0);
      const draft = new Draft();
      draft.load(batch);
      const fields = new FieldSet({});
      fields.begin();
      let from = 0;
      for (const [i, bytes] of values.entries()) {
        const slot = fields.slot(`f${i}`);
        const at = from;
        if (isDecoded)
          fields.putDecoded(slot, bytes.length, (into, to) => (into.set(bytes, to), to + bytes.length));
        else fields.put(slot, at, at + bytes.length);
        from += bytes.length;
      }
      fields.commit(draft, 0);
      const metadata = draft.fields();
      expect(isUtf8(metadata.bytes.subarray(metadata.start[0], metadata.end[0]))).toBe(true);
      expect(metadata.pairs(0)).toEqual(values.map((bytes, i) => [`f${i}`, Buffer.from(bytes).toString()]));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['trace.id', 'trace_id'],
  ['@timestamp', '_timestamp'],
  ['9lives', '_9lives'],
  ['', '_'],
  ['größe', 'gr__e'],
  ['😀', '_'],
  ['fine_1', 'fine_1'],
])('%s becomes %s', (text, name) => {
  expect(fitName(text)).toBe(name);
});
