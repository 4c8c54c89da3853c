import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern } from './pattern.js';

const atom = fc.constantFrom(
  'a',
  'b',
  '-',
  '.',
  '\\.',
  '\\d',
  '\\W',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '\\x62',
  '^',
  '$',
  '😀',
);
const repetition = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?');
const pattern: fc.Arbitrary<string> = fc.letrec<{ sequence: string; piece: string }>((tie) => ({
  sequence: fc
    .array(tie('piece'), { maxLength: 4 })
    .chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join('|'))),
  piece: fc.oneof(
    { depthSize: 'small' },
    atom,
    fc.tuple(atom, repetition).map(([piece, times]) => (/^[$^]/.test(piece) ? piece : piece + times)),
    fc.tuple(tie('sequence'), repetition).map(([inner, times]) => `(${inner})${times}`),
  ),
})).sequence;
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '1', '-', '.', ' ', '\n', 'A', '😀'),
  maxLength: 6,
});

describe('compilePattern', () => {
  test('says what the language itself says, for patterns and texts short enough for it', () => {
    let matches = 0;
    fc.assert(
      fc.property(
        pattern,
        fc.array(text, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (pattern, texts, fold) => {
          const native = new RegExp(`^(?:${pattern})$`, fold ? 'sui' : 'su');
          const test = compilePattern((fold ? '(?i)' : '') + pattern);
          for (const text of texts) {
            expect([pattern, text, test(text)]).toEqual([pattern, text, native.test(text)]);
            if (test(text)) matches++;
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(matches).toBeGreaterThan(500);
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
  });

  test('refuses what it does not know, and says where', () => {
    const wrong: [string, string][] = [
      ['(a', 'at character 3: a ( is not closed'],
      ['a)', 'at character 2: this ) closes nothing'],
      ['[a', 'a [ is not closed'],
      ['*', 'at character 1: there is nothing to repeat'],
      ['a**', 'a repetition of a repetition'],
      ['(?P<n>a)', 'only (?:…)'],
      ['\\b', '\\b is not known'],
      ['\\', '\\ is not known'],
      ['[z-a]', 'ends before it begins'],
      ['[[:alpha:]]', 'classes by name'],
      ['a{2,1}', 'below the first'],
      ['a{1001}', 'at most 1000'],
      ['('.repeat(200), 'too deeply'],
    ];
    for (const [pattern, message] of wrong) expect(() => compilePattern(pattern), pattern).toThrow(message);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\.-,1:i'.split('')) }), (pattern) => {
        try {
          compilePattern(pattern)('ab');
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});
