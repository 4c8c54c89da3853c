import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonTexts, wordsOf } from './json-text.js';

/** Bytes from 0x80 on stand for themselves, one character each. */
const RAW_BYTE = 0xe000;

/** As JSON.parse reads it: the bytes of the text whose first byte is at `from`, and where its quote is. */
function reference(chunk: Buffer, from: number): { bytes: Buffer; quote: number } | undefined {
  let quote = from;
  while (chunk[quote] !== 0x22 && chunk[quote] !== 0x0a) quote += chunk[quote] === 0x5c ? 2 : 1;
  const written = chunk.toString('latin1', from, quote);
  try {
    const raw = written.replace(/[\x80-\xff]/g, (c) => String.fromCharCode(RAW_BYTE + c.charCodeAt(0)));
    const text = JSON.parse(`"${raw}"`) as string;
    if (chunk[quote] !== 0x22) return undefined;
    const bytes = text
      .replace(/[^\ue080-\ue0ff]+/g, (plain) => Buffer.from(plain.toWellFormed()).toString('latin1'))
      .replace(/[\ue080-\ue0ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) - RAW_BYTE));
    return { bytes: Buffer.from(bytes, 'latin1'), quote };
  } catch {
    return undefined;
  }
}

const part = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 9 }).map((text) => JSON.stringify(text).slice(1, -1)) },
  { weight: 2, arbitrary: fc.constantFrom('\\n', '\\"', '\\\\', '\\/', '\\u003c', '\\u00e9', '\\u6771') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\\ud83d\\ude00', '\\ud83d', '\\ude00', '\\ud83d\\u0041', '\\ud83d\\n'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\\x', '\\u12g4', '\\u', '\\', '\t', '\0', '\x1f', '\\ud83d\\ude0'),
  },
  { weight: 2, arbitrary: fc.constantFrom(' ', '!', '#', ']', '\x7f', '\x80', '\xa2', '\xdc', '\xff') },
);
const written = fc.array(part, { maxLength: 8 }).map((parts) => Buffer.from(`${parts.join('')}"`, 'latin1'));

test('texts anywhere in a chunk are what JSON.parse makes of them, and lie behind each other', () => {
  const padding = fc.nat(7).map((bytes) => Buffer.alloc(bytes, 'x'));
  fc.assert(
    fc.property(fc.array(fc.tuple(padding, written), { maxLength: 6 }), padding, (pieces, rest) => {
      const chunk = Buffer.concat([...pieces.flat(), Buffer.from('\n'), rest]);
      const texts = new JsonTexts();
      texts.begin(chunk);
      const lines: { start: number; end: number; bytes: Buffer }[] = [];
      let taken = 0;
      let behind = 0;
      let free = 0;
      for (const [before, text] of pieces) {
        const from = behind + before.length;
        behind = from + text.length;
        // An escaped quote does not end a text: it went on into this one. Each byte is taken once.
        if (from < taken) continue;
        const expected = reference(chunk, from);
        const quote = texts.take(from);
        taken = quote + 1;
        if (!expected) {
          expect(quote).toBe(-1);
          expect(texts.end).toBe(free);
          continue;
        }
        const { bytes } = expected;
        expect(quote).toBe(expected.quote);
        expect(texts.endsInNewline).toBe(bytes.at(-1) === 0x0a);
        const line = texts.endsInNewline ? bytes.subarray(0, -1) : bytes;
        lines.push({ start: texts.start, end: texts.end, bytes: line });
        expect(texts.start).toBe(free);
        free = texts.end;
      }
      // None was written over by those behind it.
      for (const { start, end, bytes } of lines)
        expect(texts.arena.toString('latin1', start, end)).toBe(bytes.toString('latin1'));
    }),
    { numRuns: 3000 },
  );
});

test('what stands in a chunk is found where it stands, and nowhere else', () => {
  const bytes = fc.uint8Array({ max: 2, maxLength: 24 });
  const wanted = fc.uint8Array({ max: 2, minLength: 4, maxLength: 11 });
  fc.assert(
    fc.property(bytes, wanted, fc.nat(24), (chunk, piece, at) => {
      const texts = new JsonTexts();
      texts.begin(Buffer.from(chunk));
      const isThere = Buffer.from(chunk)
        .subarray(at, at + piece.length)
        .equals(piece);
      expect(texts.isAt(at, wordsOf(Buffer.from(piece)))).toBe(isThere);
      const put = Buffer.concat([Buffer.from(chunk), Buffer.from(piece)]);
      texts.begin(put);
      expect(texts.isAt(chunk.length, wordsOf(Buffer.from(piece)))).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('the arena has room for each chunk, and one for a record of unusual length is let go of', () => {
  const texts = new JsonTexts();
  const taken = (length: number): number => {
    texts.begin(Buffer.alloc(length, 'x'));
    texts.takeRaw(0, length);
    expect(texts.end - texts.start).toBe(length);
    return texts.arena.length;
  };
  expect(taken(100)).toBe(100);
  expect(taken(64 * 1024)).toBe(64 * 1024);
  expect(taken(100)).toBe(64 * 1024);
  expect(taken(3 * 1024 * 1024)).toBe(3 * 1024 * 1024);
  expect(taken(100)).toBe(100);
});
