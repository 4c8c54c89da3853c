import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { fieldName, Metadata } from '../pipeline/metadata.js';
import { type Labels, labelText } from '../pipeline/streams.js';
import {
  compileQuery,
  LEVELS,
  type LineFilter,
  levelOf,
  parseQuery,
  type Query,
  QueryError,
  queryText,
} from './index.js';

const name = fc.constantFrom('container', 'compose_project', 'toString');
const labelValue = fc.constantFrom('', 'web', 'web-1', 'a "b" \\ ü\n`');
const comparison = fc.oneof(
  fc.record({ name, operator: fc.constantFrom('=' as const, '!=' as const), value: labelValue }),
  fc.record({
    name,
    operator: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom('web-.*', 'web|', '', '.+', '(?i)WEB'),
  }),
);
const text = fc.oneof(
  fc.constantFrom('k', 'timeout', 'TimeOut', 'ask', 'a', '', 'ü', '"\\`\n', 'x'.repeat(70), 'é😀', 'ss'),
  fc.string({ unit: fc.constantFrom('a', 'b', 'k', 's', 'K', 'ü'), maxLength: 3 }),
);
const pattern = fc.constantFrom(
  '(?i)timeout',
  '(?i)ask',
  '(?i)k',
  '(?i)SS',
  'a+b',
  '^a',
  'b$',
  '5\\d\\d',
  '(?i)ü',
  '[^a-z]k',
  'a|k',
  '\\bask\\b',
  '(?i)a\\.b',
  '',
  '.',
  '(?i)time(out)?s',
  `(?i)${'x'.repeat(70)}`,
  `(?i)${'x'.repeat(64)}a`,
);
const lineTest = fc.oneof(
  fc.record({ operator: fc.constantFrom('|=' as const, '!=' as const), value: text }),
  fc.record({ operator: fc.constantFrom('|~' as const, '!~' as const), value: pattern }),
);
const levels = fc.record({
  operator: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
  value: fc.constantFrom('error', 'warn|error', 'unknown', '.*', 'x'),
});
const nameOfField = fc.constantFrom('status', 'took', 'container', 'toString');
const field = fc.oneof(
  fc.record({
    name: nameOfField,
    operator: fc.constantFrom('=' as const, '!=' as const),
    value: fc.constantFrom('', '500', 'web', 'ü "'),
  }),
  fc.record({
    name: nameOfField,
    operator: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom('5..', 'web|', '', '.+', '(?i)WEB', '50', 'a|^b$'),
  }),
  fc.record({
    name: nameOfField,
    operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>=').map((operator) => operator as '='),
    value: fc.constantFrom(0, 500, -1.5, 1e21, 0.001),
  }),
);
const query: fc.Arbitrary<Query> = fc.record({
  labels: fc.array(comparison, { maxLength: 3 }),
  lines: fc.array(lineTest, { maxLength: 3 }),
  levels: fc.array(levels, { maxLength: 2 }),
  fields: fc.array(field, { maxLength: 2 }),
});
/** Fields of a line, and labels of its stream. */
const told = fc.record({
  fields: fc.dictionary(
    fc.constantFrom('status', 'took', 'container', 'level', 'other'),
    fc.constantFrom(
      '',
      '500',
      '499.5',
      '-2',
      'web',
      'WEB',
      '5x0',
      ' 500 ',
      'a\nb',
      'ü "',
      'ERROR',
      '30',
      'x'.repeat(300),
    ),
    { maxKeys: 3, noNullPrototype: true },
  ),
  labels: fc.constantFrom<Labels>(
    {},
    { container: 'web' },
    { status: '500', level: 'warning' },
    { level: 'none' },
  ),
});
type Told = typeof told extends fc.Arbitrary<infer T> ? T : never;
const piece = fc.constantFrom<string | number>(
  'timeout',
  'TIMEOUT',
  'Timeouts',
  'ask',
  'a\u017f\u212a',
  'k',
  'K',
  '\u212a',
  'aab',
  'ü',
  'Ü',
  '503',
  ' ',
  'a.b',
  'x'.repeat(64),
  'X'.repeat(70),
  'xxxxxxa',
  'level=error ',
  'WARN ',
  '"\\`\n',
  'é😀',
  0xff,
  0xc3,
  0xe2,
);
const line = fc
  .array(piece, { maxLength: 6 })
  .map((parts) =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part)))),
  );

const NAMED: Readonly<Record<string, string>> = {
  ERROR: 'error',
  '30': 'info',
  '500': 'unknown',
  warning: 'warn',
};

/** What a query means, in plain words. */
function passes({ lines, levels, fields: tests }: Query, line: Buffer, { fields, labels }: Told): boolean {
  const shown = line.toString();
  const named = [fields['level'], labels['level']].map((name) => NAMED[name ?? ''] ?? 'unknown');
  const level = named.find((name) => name !== 'unknown') ?? levelOf(line, 0, line.length);
  return (
    tests.every(({ name, operator, value }) => {
      const own = [fields, labels].find((all) => Object.hasOwn(all, name))?.[name] ?? '';
      if (typeof value === 'number') {
        const number = own.trim() === '' ? Number.NaN : Number(own);
        if (Number.isNaN(number)) return false;
        const order = Math.sign(number - value);
        if (operator === '!=') return order !== 0;
        return (operator.includes('=') && order === 0) || order === { '<': -1, '>': 1 }[operator[0]];
      }
      const isIt = operator.endsWith('~') ? RE2JS.compile(`(?s)${value}`).testExact(own) : own === value;
      return isIt !== operator.startsWith('!');
    }) &&
    lines.every(({ operator, value }) => {
      const isIn = operator.endsWith('~') ? RE2JS.compile(value).test(shown) : shown.includes(value);
      return isIn !== operator.startsWith('!');
    }) &&
    levels.every(({ operator, value }) => {
      const isIt = operator.endsWith('~') ? RE2JS.compile(value).testExact(level) : level === value;
      return isIt !== operator.startsWith('!');
    })
  );
}

/** Test of lines without fields. */
function testOf(filter: LineFilter): (start: number, end: number) => boolean {
  return (start, end) => filter.test(start, end, 0, 0, {});
}

describe('a compiled query', () => {
  test('passes the lines that it should, whatever they and it are made of', () => {
    let passed = 0;
    let total = 0;
    let spared = 0;
    fc.assert(
      fc.property(
        fc.array(query, { minLength: 1, maxLength: 2 }),
        fc.array(fc.tuple(line, told), { minLength: 1 }),
        fc.boolean(),
        (queries, lines, isApart) => {
          const [parsed] = queries;
          const filter = compileQuery(parsed);
          // Twice, in an arena whose bytes change: nothing may be remembered of what was there before.
          for (const batch of [lines, lines.toReversed()]) {
            const between = Buffer.from(isApart ? 'ask timeout\u212axx' : '');
            const metadata = new Metadata(batch.length);
            for (const [row, [, { fields }]] of batch.entries())
              for (const [name, value] of Object.entries(fields))
                metadata.addText(row, fieldName(name), value);
            const pairs = metadata.bytes.subarray(0, metadata.tail);
            // As in a block, where labels, lines and fields are in one piece; or as in a batch.
            const head = Buffer.concat([
              pairs,
              ...batch.map(([, { labels }]) => Buffer.from(labelText(labels))),
            ]);
            const arena = Buffer.concat([
              ...(isApart ? [head] : []),
              ...batch.flatMap(([line]) => [line, between]),
            ]);
            filter.begin(arena, isApart ? undefined : pairs);
            const mayHold = !isApart || filter.mayHold();
            const expected = batch.map(([line, given]) => passes(parsed, line, given));
            let at = isApart ? head.length : 0;
            const found = batch.map(([line, { labels }], row) => {
              const start = at;
              at += line.length + between.length;
              return filter.test(start, start + line.length, metadata.start[row], metadata.end[row], labels);
            });
            expect(found).toEqual(expected);
            if (!mayHold) {
              spared++;
              expect(expected).not.toContain(true);
            }
            total += batch.length;
            passed += expected.filter(Boolean).length;
          }
        },
      ),
      { numRuns: 1_500 },
    );
    expect(passed).toBeGreaterThan(1_000);
    expect(total - passed).toBeGreaterThan(1_000);
    expect(spared).toBeGreaterThan(50);
  });

  test('wants the streams whose labels fit', () => {
    const filter = compileQuery(parseQuery('{container=~"web-.*", compose_project!="shop"} |= "x"'));
    expect(filter.wantsStream({ container: 'web-1' })).toBe(true);
    expect(filter.wantsStream({ container: 'web-1', compose_project: 'shop' })).toBe(false);
    expect(filter.wantsStream({ container: 'my-web-1' })).toBe(false);
    expect(compileQuery(parseQuery('')).wantsStream({})).toBe(true);
  });

  test('lines may be asked for in any order, and outside of what was searched', () => {
    const arena = Buffer.from('Ask ask ask nothing ask');
    for (const text of ['ask', '|= "ask"']) {
      const filter = compileQuery(parseQuery(text));
      filter.begin(arena);
      expect([20, 4, 12, 8, 0].map((at) => testOf(filter)(at, at + 3))).toEqual([
        true,
        true,
        false,
        true,
        text === 'ask',
      ]);
    }
  });
});

describe('the text of a query', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(query, (query) => {
        expect(parseQuery(queryText(query))).toEqual(query);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is read or refused with the place, whatever it is', () => {
    const parts = [
      '{',
      '}',
      'container',
      '=',
      '=~',
      '!=',
      '|=',
      '|~',
      '!~',
      '|',
      'level',
      '"a',
      '"',
      '`',
      '(',
      ' ',
      ',',
      '\\',
      'x',
    ];
    const any = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...parts) }),
      fc.string({ unit: 'binary' }),
    );
    let read = 0;
    fc.assert(
      fc.property(any, (text) => {
        try {
          const query = parseQuery(text);
          expect(parseQuery(queryText(query))).toEqual(query);
          const filter = compileQuery(query);
          filter.begin(Buffer.from(text));
          testOf(filter)(0, Buffer.byteLength(text));
          read++;
        } catch (error) {
          if (!(error instanceof QueryError)) throw error;
          expect(error.at).toBeGreaterThanOrEqual(1);
          expect(error.at).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  test('has all that the language has', () => {
    expect(
      parseQuery(
        '{container=~"web-.*", a!=`b`} |= "timeout" != "retry" |~ "5\\\\d\\\\d" !~ `(?i)health` | level=~"warn|error" | status>=500 | took == -.5 | levels=`5` | path !~ "/a|/b"',
      ),
    ).toEqual({
      labels: [
        { name: 'container', operator: '=~', value: 'web-.*' },
        { name: 'a', operator: '!=', value: 'b' },
      ],
      lines: [
        { operator: '|=', value: 'timeout' },
        { operator: '!=', value: 'retry' },
        { operator: '|~', value: '5\\d\\d' },
        { operator: '!~', value: '(?i)health' },
      ],
      levels: [{ operator: '=~', value: 'warn|error' }],
      fields: [
        { name: 'status', operator: '>=', value: 500 },
        { name: 'took', operator: '=', value: -0.5 },
        { name: 'levels', operator: '=', value: '5' },
        { name: 'path', operator: '!~', value: '/a|/b' },
      ],
    });
    expect(parseQuery('| detected_level != "info" |= "x"').levels).toEqual([
      { operator: '!=', value: 'info' },
    ]);
    expect(parseQuery(' {} ')).toEqual({ labels: [], lines: [], levels: [], fields: [] });
    expect(parseQuery('  Time out (1)? ').lines).toEqual([
      { operator: '|~', value: '(?i)Time out \\(1\\)\\?' },
    ]);
  });

  test('where it is wrong, the message says what, where, and what is accepted', () => {
    const wrong: [text: string, at: number, message: string][] = [
      ['{container="web"', 17, ', is expected here'],
      ['{container="web"} "x"', 19, '|= != |~ !~ or | level= is expected here'],
      ['{} |= x', 7, 'a value in double quotes or backquotes is expected here'],
      ['{} |~ "a(b"', 11, 'a ( is not closed'],
      ['|~ `[z-a]`', 9, 'the range ends before it begins'],
      ['|~ "\\\\d\\\\q"', 10, '\\q is not known'],
      ['{a=~"x)"}', 7, 'this ) closes nothing'],
      ['| json', 7, '= != =~ !~ < <= > or >= is expected here'],
      ['| ="x"', 3, 'level or the name of a field is expected here'],
      ['| took > 10s', 10, 'a number is expected here'],
      ['| took > "10"', 8, '= != =~ !~ < <= > or >= is expected here'],
      ['| a=~"x("', 9, 'a ( is not closed'],
      ['| a=1'.repeat(17), 83, 'at most 16 fields'],
      ['| level=~"("', 12, 'a ( is not closed'],
      ['! x', 1, '|= != |~ !~ or | level= is expected here'],
      ['|~ "a{400}b{400}"', 5, 'too large'],
      ['x'.repeat(401), 401, 'at most 400 characters'],
      [`|= "${'x'.repeat(4000)}"`, 4001, 'at most 4,000 characters'],
      ['|= "x" '.repeat(17), 113, 'at most 16'],
    ];
    for (const [text, at, message] of wrong) {
      const judged = (): Query => parseQuery(text);
      expect(judged, text).toThrow(QueryError);
      expect(judged, text).toThrow(message);
      expect(judged, text).toThrow(`At character ${at} of the query: `);
      expect(judged, text).toThrow(expect.objectContaining({ at }));
      expect(judged, text).toThrow('A query looks like');
    }
  });

  test('levels are one of the list, or none', () => {
    expect(LEVELS.filter((level) => compileLevel('level=~"warn|error"', level))).toEqual(['error', 'warn']);
    expect(LEVELS.filter((level) => compileLevel('level!="info"', level))).not.toContain('info');
  });
});

function compileLevel(test: string, level: string): boolean {
  const filter = compileQuery(parseQuery(`| ${test}`));
  const line = Buffer.from(level === 'unknown' ? 'x' : `level=${level}`);
  filter.begin(line);
  return testOf(filter)(0, line.length);
}
