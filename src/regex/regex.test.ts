import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { Budget, compilePattern, compileSearch } from './index.js';

const atom = fc.constantFrom(
  'a',
  'b',
  'k',
  '-',
  ' ',
  'ü',
  'ς',
  '😀',
  '.',
  '\\.',
  '\\d',
  '\\W',
  '\\s',
  '\\S',
  '[ab]',
  '[^a]',
  '[a-c1]',

  '[[:alpha:]]',
  '[^[:digit:]k]',
  '\\x62',
  '\\x{fffd}',
  '\\n',
  '\\Qa.b\\E',
  'foo',
  '(?i)',
  '(?s)',
  '(?m)',
  '(?-i)',
);
const assertion = fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\z');
const repetition = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?');
const opening = fc.constantFrom('(', '(?:', '(?i:', '(?s-i:', '(?P<name>');
const pattern: fc.Arbitrary<string> = fc
  .letrec<{ sequence: string; piece: string }>((tie) => ({
    sequence: fc
      .array(tie('piece'), { maxLength: 4 })
      .chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join(''), pieces.join('|'))),
    piece: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(atom, repetition).map(([piece, times]) => (piece.startsWith('(?') ? piece : piece + times)),
      assertion,
      fc
        .tuple(opening, tie('sequence'), repetition)
        .map(([open, inner, times]) => `${open}${inner})${times}`),
    ),
  }))
  .sequence.map((text) => {
    let groups = 0;
    return text.replaceAll('<name>', () => `<name${groups++}>`);
  });
const character = fc.constantFrom(
  'a',
  'b',
  'c',
  'K',
  'k',
  'ſ',
  '\u212a',
  '1',
  '-',
  '.',
  ' ',
  '\n',
  'A',
  'f',
  'o',
  'Ü',
  'ü',
  'Σ',
  'ς',
  '😀',
  '\ufffd',
);
/** Whole characters, and bytes that are none. */
const bytes = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: character },
      fc.constantFrom(0xff, 0xc3, 0xe2, 0x84, 0xf0, 0x9f, 0xed, 0xa0),
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part)))),
  );

/** Random repetitions of repetitions may multiply beyond what is accepted: such patterns prove nothing. */
function orSkip<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    fc.pre(!(error as Error).message.includes('too large'));
    throw error;
  }
}

describe('a search', () => {
  test('says what RE2 says, for arbitrary patterns and bytes', () => {
    let matches = 0;
    let misses = 0;
    fc.assert(
      fc.property(pattern, fc.array(bytes, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        const oracle = RE2JS.compile(pattern);
        const search = orSkip(() => compileSearch(pattern, new Budget(Number.POSITIVE_INFINITY)));
        for (const text of texts) {
          const arena = Buffer.concat([Buffer.from('ab'), text, Buffer.from('ak1')]);
          const isIn = search.test(arena, 2, 2 + text.length);
          expect([pattern, text.toString('latin1'), isIn]).toEqual([
            pattern,
            text.toString('latin1'),
            oracle.test(text.toString()),
          ]);
          if (isIn) matches++;
          else misses++;
        }
      }),
      { numRuns: 1_500 },
    );
    expect(matches).toBeGreaterThan(1_000);
    expect(misses).toBeGreaterThan(1_000);
  });

  test.each(['a.{14}b$', 'a.{14}\\b$'])(
    'goes on rightly where more is needed than is remembered: %s',
    (pattern) => {
      const search = compileSearch(pattern, new Budget(Number.POSITIVE_INFINITY));
      const oracle = RE2JS.compile(pattern);
      let seed = 1;
      const random = () => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
      const answers = Array.from({ length: 20 }, () => {
        const text = Array.from({ length: 15_000 }, () => 'ab  '[random() % 4]).join('');
        const data = Buffer.from(text);
        const answer = search.test(data, 0, data.length);
        expect(answer).toBe(oracle.test(text));
        return answer;
      });
      expect(new Set(answers).size).toBe(2);
    },
  );

  test('what must be there is in every text that matches, and where it is all there is they all match', () => {
    let literals = 0;
    let complete = 0;
    const texts = fc.array(bytes, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, texts, (pattern, texts) => {
        const search = orSkip(() => compileSearch(pattern, new Budget(Number.POSITIVE_INFINITY)));
        const { literal } = search;
        if (!literal) return;
        literals++;
        if (literal.isAll) complete++;
        for (const text of [...texts, Buffer.from(literal.text), Buffer.from(literal.text.toUpperCase())]) {
          // What the search for it must know too: s and k have a case more, which is not of ASCII.
          const shown = text.toString().replaceAll('ſ', 's').replaceAll('\u212a', 'k');
          const isIn = literal.foldsCase
            ? shown.replace(/[A-Z]/g, (char) => char.toLowerCase()).includes(literal.text)
            : text.toString().includes(literal.text);
          const matches = search.test(text, 0, text.length);
          if (matches) expect([pattern, text.toString(), isIn]).toEqual([pattern, text.toString(), true]);
          if (literal.isAll)
            expect([pattern, text.toString(), matches]).toEqual([pattern, text.toString(), isIn]);
        }
      }),
      { numRuns: 4_000 },
    );
    expect(literals).toBeGreaterThan(300);
    expect(complete).toBeGreaterThan(15);
  });

  test('finds the literals that people write', () => {
    const literals = [
      ['timeout', 'timeout', false, true],
      ['(?i)Time\\.out', 'time.out', true, true],
      ['status=5\\d\\d', 'status=5', false, false],
      ['^GET /(api)/v1$', 'GET /api/v1', false, false],
      ['a+(?:connection reset)+', 'connection reset', false, false],
      ['(?i)größe 12', 'e 12', true, false],
      ['größe', 'größe', false, true],
      ['a(?i)b', 'ab', true, false],
    ] as const;
    for (const [pattern, text, foldsCase, isAll] of literals)
      expect(compileSearch(pattern, new Budget(Number.POSITIVE_INFINITY)).literal, pattern).toEqual({
        text,
        foldsCase,
        isAll,
      });
    for (const pattern of ['a|b', '\\d+', '(abc)?', '(?i)ü', ''])
      expect(compileSearch(pattern, new Budget(Number.POSITIVE_INFINITY)).literal).toBeUndefined();
  });

  test('folds the case of every character as RE2 does', () => {
    const wrong: string[] = [];
    for (let char = 0x41; char < 0x1e960; char++) {
      const text = String.fromCodePoint(char);
      if (!text.isWellFormed() || char === 0xfffd) continue;
      const others = new Set([text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()]);
      others.delete(text);
      if (others.size === 0) continue;
      const escaped = `(?i)^\\x{${char.toString(16)}}$`;
      const oracle = RE2JS.compile(escaped);
      const search = compileSearch(escaped, new Budget(Number.POSITIVE_INFINITY));
      for (const other of others) {
        const data = Buffer.from(other);
        if (search.test(data, 0, data.length) !== oracle.test(other)) wrong.push(`${text}~${other}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('a pattern of whole texts', () => {
  test('says what RE2 says', () => {
    fc.assert(
      fc.property(pattern, fc.array(bytes, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        const oracle = RE2JS.compile(`(?s)(?:${pattern})`);
        const matches = orSkip(() => compilePattern(pattern));
        for (const bytes of texts) {
          const text = bytes.toString();
          expect([pattern, text, matches(text)]).toEqual([pattern, text, oracle.testExact(text)]);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  test('is of the whole text', () => {
    expect(compilePattern('web')('web-1')).toBe(false);
    expect(compilePattern('web|db')('web-1')).toBe(false);
    expect(compilePattern('')('')).toBe(true);
    expect(compilePattern('web-.*')('web-1\n2')).toBe(true);
    expect(compilePattern('(?i)straße')('STRASSE')).toBe(false);
  });

  test('is done with what would keep a backtracking engine for ever', () => {
    for (const pattern of ['(a+)+b', '(a|a)*b', `${'a?'.repeat(200)}${'a'.repeat(200)}b`, '(.*){20}b'])
      expect(compilePattern(pattern)('a'.repeat(512))).toBe(false);
    expect(() => compilePattern('((a{100}){100}){100}')).toThrow('too large');
    expect(compilePattern('((((){1000}){1000}){1000}){1000}')('')).toBe(true);
    expect(() => compileSearch('a{600}b{600}', new Budget(Number.POSITIVE_INFINITY))).toThrow('too large');
  });

  test('refuses what it does not know, and says where', () => {
    const wrong: [string, string][] = [
      ['(a', 'at character 3: a ( is not closed'],
      ['a)', 'at character 2: this ) closes nothing'],
      ['[a', 'a [ is not closed'],
      ['*', 'at character 1: there is nothing to repeat'],
      ['a**', 'a repetition of a repetition'],
      ['x(?=a)', 'at character 2: of (? only'],
      ['\\1', '\\1 is not known'],
      ['\\pL', 'write ranges'],
      ['\\', '\\ is not known'],
      ['[z-a]', 'ends before it begins'],
      ['[[:no:]]', 'there is no class [:no:]'],
      ['a{2,1}', 'below the first'],
      ['a{1001}', 'at most 1000'],
      ['('.repeat(200), 'too deeply'],
    ];
    for (const [pattern, message] of wrong) expect(() => compilePattern(pattern), pattern).toThrow(message);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\.-,1:iQE<>P'.split('')) }),
        (pattern) => {
          try {
            compilePattern(pattern)('ab');
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
