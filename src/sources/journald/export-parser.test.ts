import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExportParser } from './export-parser.js';

const WANTED = ['MESSAGE', 'PRIORITY', '__CURSOR', 'EMPTY'];
const MAX = 64;

type Values = Record<string, string>;

/** The wanted fields of each entry as Latin-1, ` +n` where n bytes more were cut off. */
function entriesOf(chunks: readonly Buffer[], wanted = WANTED): Values[] {
  const entries: Values[] = [];
  const parser = new ExportParser(wanted, MAX, ({ data, start, end, bytes }) => {
    const values: Values = {};
    for (const [i, name] of wanted.entries()) {
      if (start[i] < 0) continue;
      const cut = bytes[i] - (end[i] - start[i]);
      values[name] = data.toString('latin1', start[i], end[i]) + (cut > 0 ? ` +${cut}` : '');
    }
    entries.push(values);
  });
  for (const chunk of chunks) {
    parser.feed(Buffer.from(chunk));
    expect(parser.heldBytes).toBeLessThanOrEqual(MAX * wanted.length);
  }
  return entries;
}

function binary(name: string, value: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from('\n')]);
}

const text = (name: string, value: string): Buffer => Buffer.from(`${name}=${value}\n`, 'latin1');
const END = Buffer.from('\n');

const TABLE: [what: string, bytes: Buffer[], entries: Values[]][] = [
  [
    'fields of one line',
    [text('PRIORITY', '3'), text('MESSAGE', 'a=b'), END],
    [{ PRIORITY: '3', MESSAGE: 'a=b' }],
  ],
  [
    'two entries',
    [text('MESSAGE', 'a'), END, text('MESSAGE', 'b'), END],
    [{ MESSAGE: 'a' }, { MESSAGE: 'b' }],
  ],
  [
    'a value with newlines',
    [binary('MESSAGE', Buffer.from('a\n\nb\n')), text('PRIORITY', '3'), END],
    [{ MESSAGE: 'a\n\nb\n', PRIORITY: '3' }],
  ],
  ['any bytes', [binary('MESSAGE', Buffer.from([0, 255, 10, 61])), END], [{ MESSAGE: '\0\xff\n=' }]],
  [
    'empty values',
    [text('MESSAGE', ''), binary('EMPTY', Buffer.alloc(0)), END],
    [{ MESSAGE: '', EMPTY: '' }],
  ],
  ['none of what is wanted', [text('FOO', '1'), END], [{}]],
  ['the first of two', [text('MESSAGE', 'a'), text('MESSAGE', 'b'), END], [{ MESSAGE: 'a' }]],
  ['a first one that is empty', [text('MESSAGE', ''), text('MESSAGE', 'b'), END], [{ MESSAGE: '' }]],
  [
    'too long',
    [text('MESSAGE', 'x'.repeat(70)), binary('EMPTY', Buffer.alloc(100, 'y')), END],
    [{ MESSAGE: `${'x'.repeat(64)} +6`, EMPTY: `${'y'.repeat(64)} +36` }],
  ],
  [
    'too long and not wanted',
    [binary('COREDUMP', Buffer.alloc(10_000, '\n')), text('MESSAGE', 'a'), END],
    [{ MESSAGE: 'a' }],
  ],
  [
    'names that begin alike',
    [text('MESSAGE_ID', 'x'), text('MESS', 'y'), text('MESSAGE', 'a'), END],
    [{ MESSAGE: 'a' }],
  ],
  ['a name that cannot be one', [text('N'.repeat(200), 'x'), text('MESSAGE', 'a'), END], [{ MESSAGE: 'a' }]],
  ['empty lines are no entries', [END, END, text('MESSAGE', 'a'), END, END], [{ MESSAGE: 'a' }]],
  [
    'an entry that does not end is none',
    [text('MESSAGE', 'a'), END, text('MESSAGE', 'b')],
    [{ MESSAGE: 'a' }],
  ],
  [
    'a value of more bytes than there will be',
    [Buffer.from('MESSAGE\n'), Buffer.alloc(8, 255), Buffer.alloc(1000)],
    [],
  ],
];

describe.each(TABLE)('%s', (_, bytes, entries) => {
  const whole = Buffer.concat(bytes);
  test('in one chunk', () => expect(entriesOf([whole])).toEqual(entries));
  test('byte by byte', () => expect(entriesOf([...whole].map((byte) => Buffer.of(byte)))).toEqual(entries));
});

test('whatever is in an entry comes back, at any split', () => {
  const name = fc.constantFrom(...WANTED, 'OTHER', '_PID');
  const field = fc.tuple(name, fc.uint8Array({ maxLength: 80 }), fc.boolean());
  const entry = fc.uniqueArray(field, { selector: ([given]) => given, minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 6 }),
      fc.array(fc.nat(2000), { maxLength: 8 }),
      (entries, cuts) => {
        const whole = Buffer.concat(
          entries.flatMap((fields) => [
            ...fields.map(([given, raw, isBinary]) => {
              const value = Buffer.from(raw);
              return isBinary || value.includes(10)
                ? binary(given, value)
                : text(given, value.toString('latin1'));
            }),
            END,
          ]),
        );
        const expected = entries.map((fields) =>
          Object.fromEntries(
            fields
              .filter(([given]) => WANTED.includes(given))
              .map(([given, raw]) => {
                const value = Buffer.from(raw).toString('latin1');
                return [given, value.length > MAX ? `${value.slice(0, MAX)} +${value.length - MAX}` : value];
              }),
          ),
        );
        expect(entriesOf(split(whole, cuts))).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('any bytes: nothing thrown, nothing held beyond the limit, the same at any split', () => {
  const token = fc.constantFrom(
    'MESSAGE',
    '=',
    '\n',
    '\n\n',
    '\x03\0\0\0\0\0\0\0',
    'abc',
    '\0',
    'N'.repeat(130),
  );
  const bytes = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((tokens) => Buffer.from(tokens.join(''), 'latin1')),
    fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 8 }), (whole, cuts) => {
      expect(entriesOf(split(whole, cuts))).toEqual(entriesOf([whole]));
    }),
    { numRuns: 500 },
  );
});

function split(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
  return bounds.slice(1).map((to, i) => whole.subarray(bounds[i], to));
}
