import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marksIn, termsOf } from './terms.js';

const marked = (query: string, text: string): string[] =>
  marksIn(text, termsOf(query)).map(([start, end]) => text.slice(start, end));

describe('what is marked', () => {
  it.each([
    ['TimeOut', 'a timeout, a TIMEOUT', ['timeout', 'TIMEOUT']],
    ['a.b', 'a.b axb', ['a.b']],
    ['{container="web"} |= "Time"', 'Time time', ['Time']],
    ['!= "Time" !~ "x"', 'Time x', []],
    ['| level="error"', 'level error', []],
    ['|~ "5\\\\d\\\\d"', 'GET 503 in 41 ms', ['503']],
    ['|~ "(?i)time(out|d)"', 'TIMEOUT timed', ['TIMEOUT', 'timed']],
    ['|~ `\\d+\\.\\d+ s`', 'took 1.25 s', ['1.25 s']],
    ['|~ `(?:GET|POST) /\\w+`', 'POST /orders/7', ['POST /orders']],
    ['|= "ab" |= "bc"', 'abc', ['abc']],
    ['|= "a"', '', []],
    ['|= ""', 'abc', []],
    ['|~ "x*"', 'abc', []],
  ])('%s in %j', (query, text, marks) => {
    expect(marked(query, text)).toEqual(marks);
  });

  it.each([
    '(a+)+b',
    '(a|a)*b',
    '(?P<x>a)',
    '(?=a)',
    '\\pL',
    '(a){2,}',
    '[[:alpha:]]',
    'a(',
    '\\1(a)',
    'a{1,999}b{1,999}c{1,999}',
    '(?:(?:(?:a',
    '\\Qa\\E',
  ])('the pattern %s is not tried', (pattern) => {
    expect(termsOf(`|~ \`${pattern}\``)).toEqual([]);
  });
});

it('marks are in order, apart, and in the line', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string({ minLength: 1, maxLength: 2 })), (text, wanted) => {
      const query = wanted.map((one) => `|= ${JSON.stringify(one)}`).join(' ');
      const marks = marksIn(text, termsOf(query));
      let end = -1;
      for (const [from, to] of marks) {
        expect(from).toBeGreaterThan(end);
        expect(to).toBeGreaterThan(from);
        end = to;
      }
      expect(end).toBeLessThanOrEqual(text.length);
      const isMarked = (at: number) => marks.some(([from, to]) => from <= at && at < to);
      for (const one of wanted) expect(!text.includes(one) || isMarked(text.indexOf(one))).toBe(true);
    }),
  );
});

// Fails by the time that a test may take: a pattern that got through would run for hours.
it('no pattern that is tried can hang the page, on the text that is worst for it', () => {
  const atoms = fc.constantFrom('a', '.', '\\w', '[ab]', 'a|a', '(a|a)', '(?:a|ab)', 'a?', 'b');
  const repeats = fc.constantFrom('', '*', '+', '?', '{1,50}', '{2,}', '*?');
  const patterns = fc
    .array(fc.tuple(atoms, repeats), { maxLength: 12 })
    .map((parts) => parts.flat().join(''));
  fc.assert(
    fc.property(patterns, (pattern) => {
      const marks = marksIn('a'.repeat(20_000), termsOf(`|~ \`${pattern}c\``));
      expect(marks.length).toBeLessThanOrEqual(200);
    }),
    { numRuns: 300 },
  );
});
