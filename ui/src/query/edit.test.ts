import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileQuery, parseQuery, queryText } from '../../../src/query/index.js';
import {
  excluded,
  labelsOf,
  levelsOf,
  withField,
  withLabels,
  withLevels,
  withoutExclusion,
  withoutValue,
  withText,
} from './edit.js';

describe('a click on a container', () => {
  it.each([
    ['', ['web'], '{container="web"}'],
    ['', ['web', 'db.1'], '{container=~`web|db\\.1`}'],
    ['{container="web"}', [], ''],
    ['{container="web", env="prod"} |= "x"', [], '{env="prod"} |= "x"'],
    ['timeout', ['web'], '{container="web"} |~ "(?i)timeout"'],
    ['a.b', ['web'], '{container="web"} |~ `(?i)a\\.b`'],
    ['{container=~"web-.*"} | level="error"', ['db'], '{container="db"} | level="error"'],
    ['{container!="web"}', ['web'], '{container="web"}'],
    ['{container!="web"}', ['db'], '{container!="web", container="db"}'],
    ['{env="prod"} |= ', ['web'], '{env="prod", container="web"}'],
  ])('%s with %j is %s', (query, values, result) => {
    expect(withLabels(query, 'container', values)).toBe(result);
  });

  it('back to the text that it was', () => {
    for (const text of ['timeout', 'a.b (c)', 'x|y'])
      expect(withLabels(withLabels(text, 'container', ['web']), 'container', [])).toBe(text);
    expect(withLabels('{container="web"} |~ "(?i)"', 'container', [])).toBe('|~ "(?i)"');
    expect(withLabels('{container="web"} |~ "(?i)a.b"', 'container', [])).toBe('|~ "(?i)a.b"');
    expect(withLabels('{container="web"} |~ "(?i) a"', 'container', [])).toBe('|~ "(?i) a"');
    expect(withLabels('{container="web"} |~ `(?i)\\{a`', 'container', [])).toBe('|~ `(?i)\\{a`');
  });

  it('chosen values are read back, patterns are none', () => {
    expect(labelsOf('{container=~"web|db\\\\.1"}', 'container')).toEqual(['web', 'db.1']);
    expect(labelsOf('{container=~"web-.*", env="prod"}', 'container')).toEqual([]);
    expect(labelsOf('{container!="web"}', 'container')).toEqual([]);
  });
});

it('excluding takes a value out of the choice, or asks for all but it, once', () => {
  expect(withoutValue('{container=~"web|db"}', 'container', 'web')).toBe('{container="db"}');
  expect(withoutValue('{container="web"}', 'container', 'web')).toBe('{container!="web"}');
  expect(withoutValue('x', 'container', 'web')).toBe('{container!="web"} |~ "(?i)x"');
  expect(withoutValue('{container!="web"}', 'container', 'web')).toBe('{container!="web"}');
  expect(excluded('{container!="web", container!="db", env!="x"}', 'container')).toEqual(['web', 'db']);
  expect(withoutExclusion('{container!="web", container!="db"}', 'container', 'web')).toBe(
    '{container!="db"}',
  );
});

it('levels', () => {
  expect(withLevels('{a="b"} | detected_level="info"', ['warn', 'error'])).toBe(
    '{a="b"} | level=~"warn|error"',
  );
  expect(withLevels('| level="info"', [])).toBe('');
  expect(levelsOf('| level=~"warn|error"')).toEqual(['warn', 'error']);
});

it('a text more, once', () => {
  expect(withText('', 'a "b"')).toBe('|= `a "b"`');
  expect(withText('|= "x"', 'x')).toBe('|= "x"');
  expect(withText('timeout', 'x')).toBe('|= "x" |~ "(?i)timeout"');
});

it('a field more, once', () => {
  const query = withField('{env="prod"} |= "x" | a>5', 'user_id', '7 "b"');
  expect(query).toBe('{env="prod"} |= "x" | a>5 | user_id=`7 "b"`');
  expect(withField(query, 'user_id', '7 "b"')).toBe(query);
  expect(withField('timeout', 'a', '')).toBe('|~ "(?i)timeout" | a=""');
});

describe('for all queries and values', () => {
  const nameOfField = fc.constantFrom('status', 'env');
  const values = fc
    .array(fc.string({ unit: 'grapheme' }), { maxLength: 3 })
    .map((values) => [...new Set(values)]);
  const queries = fc.oneof(
    fc.string().filter((text) => !/^\s*[{|!]/.test(text)),
    fc
      .record({
        labels: fc.array(
          fc.record({
            name: fc.constantFrom('env', 'host'),
            operator: fc.constantFrom('=' as const, '!=' as const),
            value: fc.string(),
          }),
        ),
        lines: fc.array(
          fc.record({ operator: fc.constantFrom('|=' as const, '!=' as const), value: fc.string() }),
          { maxLength: 4 },
        ),
        levels: fc.array(
          fc.record({
            operator: fc.constantFrom('=' as const, '!=' as const),
            value: fc.constantFrom('warn', 'info'),
          }),
        ),
        fields: fc.array(
          fc.oneof(
            fc.record({ name: nameOfField, operator: fc.constantFrom('=' as const), value: fc.string() }),
            fc.record({
              name: nameOfField,
              operator: fc.constantFrom('!=' as const, '>=' as const),
              value: fc.integer(),
            }),
          ),
          { maxLength: 3 },
        ),
      })
      .map((query) => queryText(query)),
  );

  it('what is written is what the agent writes for the same query', () => {
    fc.assert(
      fc.property(queries, values, (query, values) => {
        for (const edited of [
          withLabels(query, 'container', values),
          withLevels(query, ['warn']),
          withText(query, 'x'),
          withField(query, 'x', 'y'),
        ]) {
          const { lines } = parseQuery(edited);
          if (lines.length > 1 || edited.startsWith('{')) expect(edited).toBe(queryText(parseQuery(edited)));
        }
      }),
    );
  });

  it('choosing is read back, and choosing nothing again leaves the query as it was', () => {
    fc.assert(
      fc.property(queries, values, (query, values) => {
        const edited = withLabels(query, 'container', values);
        expect(labelsOf(edited, 'container')).toEqual(values);
        const back = withLabels(edited, 'container', []);
        expect(parseQuery(back)).toEqual(parseQuery(query));
        expect(withLabels(back, 'container', values)).toBe(edited);
      }),
    );
  });

  it('the agent finds in the chosen streams what it found before', () => {
    fc.assert(
      fc.property(queries, values, fc.string(), (query, values, container) => {
        const labels = { container, env: 'prod' };
        const before = compileQuery(parseQuery(query)).wantsStream(labels);
        const isChosen = values.length === 0 || values.includes(container);
        expect(compileQuery(parseQuery(withLabels(query, 'container', values))).wantsStream(labels)).toBe(
          before && isChosen,
        );
        const excluding = compileQuery(parseQuery(withoutValue(query, 'container', container)));
        expect(excluding.wantsStream(labels)).toBe(false);
      }),
    );
  });
});
