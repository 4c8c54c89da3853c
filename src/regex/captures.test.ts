import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { Budget, compileFinder } from './index.js';

/** What each group holds, the whole match first; null where there is none. */
function found(pattern: string, text: string): (string | undefined)[] | null {
  const finder = compileFinder(pattern, new Budget());
  // As in a batch, something stands on both sides of the line.
  const line = Buffer.from(text);
  const data = Buffer.concat([Buffer.from('ab1_'), line, Buffer.from('ab1_')]);
  if (finder.find(data, 4, 4 + line.length) !== true) return null;
  return [...finder.starts].map((start, i) =>
    start < 0 ? undefined : data.toString('utf8', start, finder.ends[i]),
  );
}

function expected(pattern: string, text: string): (string | undefined)[] | null {
  const matcher = RE2JS.compile(pattern).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
}

function isTooLarge(pattern: string): boolean {
  try {
    compileFinder(pattern, new Budget());
    return false;
  } catch {
    return true;
  }
}

describe('What groups hold', () => {
  test.each([
    ['(a+)(a*)', 'aaa', ['aaa', 'aaa', '']],
    ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
    ['(?U)(a+)(a*?)', 'aaa', ['aaa', 'a', 'aa']],
    ['(a|ab)(c|bcd)', 'abcd', ['abcd', 'a', 'bcd']],
    ['(?:(a)|b)*', 'ab', ['ab', 'a']],
    ['(a)|(b)', 'xb', ['b', undefined, 'b']],
    ['(a*)*', 'b', ['', '']],
    ['(a*)+', 'b', ['', '']],
    ['(a|b*)*', 'c', ['', '']],
    ['(|a)*', 'aa', ['', '']],
    ['(x{2})+', 'xxxxx', ['xxxx', 'xx']],
    ['\\b(\\w+)$', 'one two', ['two', 'two']],
    ['(ü.)', 'xüß', ['üß', 'üß']],
    [
      '^(?P<addr>\\S+) .*"(?P<verb>[A-Z]+) ',
      '::1 - - [x] "GET / HTTP/1.1"',
      ['::1 - - [x] "GET ', '::1', 'GET'],
    ],
    ['a(b)?c', 'ac', ['ac', undefined]],
  ])('%s in %s', (pattern, text, groups) => {
    expect(found(pattern, text)).toEqual(groups);
    expect(expected(pattern, text)).toEqual(groups);
  });

  test('names are those of the groups, by their numbers', () => {
    expect(compileFinder('(?P<a>x)(y)(?:z)(?<b>(?P<c>.))', new Budget()).names).toEqual([
      undefined,
      'a',
      undefined,
      'b',
      'c',
    ]);
  });

  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', 'ü', '\\b', '^', '$', '\\B');
  const times = fc.constantFrom(
    '',
    '',
    '',
    '*',
    '+',
    '?',
    '*?',
    '+?',
    '??',
    '{2}',
    '{1,2}',
    '{0,2}?',
    '{2,}',
  );
  const pattern = fc.letrec<{ sequence: string; piece: string }>((tie) => ({
    sequence: fc
      .array(tie('piece'), { maxLength: 4 })
      .chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join(''), pieces.join('|'))),
    piece: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(atom, times).map(([piece, many]) => (/^(\\[bB]|[\^$])$/.test(piece) ? piece : piece + many)),
      fc
        .tuple(fc.constantFrom('(', '(', '(?:', '(?U:'), tie('sequence'), times)
        .map(([open, inner, many]) => `${open}${inner})${many}`),
    ),
  })).sequence;
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'ü', '\n'), maxLength: 10 });

  test('are those that RE2 finds', () => {
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        fc.pre(!isTooLarge(pattern));
        expect(found(pattern, text)).toEqual(expected(pattern, text));
      }),
      { numRuns: 700 },
    );
  });

  test('matches one after the other', () => {
    const finder = compileFinder('\\ba(b*)', new Budget());
    const data = Buffer.from('abb aab a');
    const seen: [number, number][] = [];
    for (let from = 0; finder.findFrom(data, 0, from, data.length) === true; from = finder.ends[0] + 1)
      seen.push([finder.starts[0], finder.ends[0]]);
    expect(seen).toEqual([
      [0, 3],
      [4, 5],
      [8, 9],
    ]);
  });

  test.each([
    ['(a*)*b', 'a'.repeat(200_000)],
    ['((a|aa)+)+$', `${'a'.repeat(100_000)}b`],
    ['(.*)(.*)(.*)(.*)x', 'ab'.repeat(400_000)],
    ['(x+x+)+y(z)?', 'x'.repeat(300_000)],
  ])('hostile: %s ends within the budget', (pattern, text) => {
    const budget = new Budget();
    const finder = compileFinder(pattern, budget);
    const data = Buffer.from(text);
    expect([false, undefined]).toContain(finder.findFrom(data, 0, 0, data.length));
    // No step more than one instruction goes on when all is spent.
    expect(budget.left).toBeGreaterThanOrEqual(-1_000_000);
  });
});
