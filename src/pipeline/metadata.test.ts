/** Pairs as they are encoded, against protobufjs and against a plain list. */
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { fieldName, Metadata, pairsIn } from './metadata.js';

const Entry = protobuf
  .parse(
    `syntax = "proto3";
     message Entry { repeated Pair structuredMetadata = 3; }
     message Pair { string name = 1; string value = 2; }`,
  )
  .root.lookupType('Entry');

const ROWS = 4;
const row = fc.nat(ROWS - 1);
const name = fc.oneof(
  fc.constantFrom('level', 'a', 'ä', 'n'.repeat(130)),
  fc.string({ minLength: 1, unit: 'grapheme' }),
);
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.nat(40_000).map((length) => 'v'.repeat(length)),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('add' as const), row, name, value }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), row, name, value }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('clear' as const), row, name, value }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('copy' as const), row, name, value, to: row }) },
);

test('whatever is added, removed and copied: the same as a list, and what protobufjs reads', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const metadata = new Metadata(ROWS, 16);
      const model: [string, string][][] = Array.from({ length: ROWS }, () => []);
      for (const step of steps) {
        const { row, name, value } = step;
        if (step.does === 'add') {
          metadata.addText(row, fieldName(name), value);
          model[row].push([name, value]);
        } else if (step.does === 'remove') {
          metadata.remove(row, fieldName(name));
          model[row] = model[row].filter((pair) => pair[0] !== name);
        } else if (step.does === 'clear') {
          metadata.clear(row);
          model[row] = [];
        } else if (step.to !== row) {
          metadata.addEncoded(step.to, Buffer.from(metadata.bytes), metadata.start[row], metadata.end[row]);
          model[step.to].push(...model[row]);
        }
      }
      for (const [row, pairs] of model.entries()) {
        expect(metadata.pairs(row)).toEqual(pairs);
        expect(metadata.has(row)).toBe(pairs.length > 0);
        const bytes = metadata.bytes.subarray(metadata.start[row], metadata.end[row]);
        const decoded = Entry.toObject(Entry.decode(bytes), { arrays: true, defaults: true })[
          'structuredMetadata'
        ];
        expect(decoded).toEqual(pairs.map(([name, value]) => ({ name, value })));
        for (const [name] of pairs)
          expect(metadata.text(row, fieldName(name))).toBe(pairs.find((pair) => pair[0] === name)?.[1]);
        expect(metadata.text(row, fieldName('not there'))).toBe(
          pairs.find((pair) => pair[0] === 'not there')?.[1],
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('an empty value is a value', () => {
  const metadata = new Metadata(1);
  metadata.addText(0, fieldName('a'), '');
  expect(metadata.text(0, fieldName('a'))).toBe('');
  expect(pairsIn(metadata.bytes, metadata.start[0], metadata.end[0])).toEqual([['a', '']]);
});
