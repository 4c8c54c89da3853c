import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseQuery } from '../../../src/query/index.js';
import { escaped } from '../../../src/query/text.js';
import { alternatives, MAX_QUERY_CHARS, type Part, readQuery } from './read.js';

const values = fc
  .oneof(fc.string(), fc.constantFrom('web', 'a"b', 'a`b', 'a\\b', 'x\ny', '|', '{', '5\\d\\d'))
  .map((text) => text.replaceAll('\n', ''));
const quotes = values.chain((value) =>
  fc.constantFrom(JSON.stringify(value), ...(value.includes('`') ? [] : [`\`${value}\``])),
);
const spaces = fc.constantFrom('', ' ', '  ', '\t');
const comparison = fc
  .tuple(spaces, fc.constantFrom('=', '!='), spaces, quotes)
  .map((parts) => parts.join(''));
const label = fc
  .tuple(fc.constantFrom('container', '_a1', 'level'), comparison)
  .map((parts) => parts.join(''));
const selector = fc
  .tuple(fc.array(label, { maxLength: 3 }), spaces, fc.boolean())
  .map(
    ([labels, space, hasComma]) =>
      `{${space}${labels.join(`${space},${space}`)}${hasComma && labels.length > 0 ? ',' : ''}${space}}`,
  );
const stage = fc.oneof(
  fc.tuple(fc.constantFrom('|=', '!='), spaces, quotes).map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('|', '| '),
      fc.constantFrom('level', 'detected_level', 'levels', '_f1'),
      comparison,
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('| status', '|a '),
      fc.constantFrom('=', '==', '!=', '<', '<=', '>', '>='),
      spaces,
      fc.constantFrom('500', '-1.5', '.5', '+1e3', '-0', '1E-7', '1e999'),
    )
    .map((parts) => parts.join('')),
);
const written = fc
  .tuple(fc.option(selector, { nil: '' }), spaces, fc.array(stage, { maxLength: 3 }), spaces)
  .map(
    ([selector, before, stages, between]) =>
      `${before}${selector}${between}${stages.join(`${between} `)}${before}`,
  );

it('reads a query as the agent does', () => {
  fc.assert(
    fc.property(written, (text) => {
      const { labels, lines, levels, fields } = parseQuery(text);
      const { parts, isWhole } = readQuery(text);
      expect(isWhole).toBe(true);
      const of = (kind: Part['kind']) => parts.filter((part) => part.kind === kind);
      expect(of('label').map(({ name, operator, value }) => ({ name, operator, value }))).toEqual(labels);
      expect(of('line').map(({ operator, value }) => ({ operator, value }))).toEqual(lines);
      expect(of('level').map(({ operator, value }) => ({ operator, value }))).toEqual(levels);
      const tests = parts.filter(({ kind }) => kind === 'field' || kind === 'number');
      expect(
        tests.map(({ kind, name, operator, value }) => ({
          name,
          operator,
          value: kind === 'number' ? Number(value) + 0 : value,
        })),
      ).toEqual(fields);
      expect(of('text')).toEqual([]);
    }),
  );
});

it('a text that begins with no sign of the language is looked for itself', () => {
  expect(readQuery('  connection {refused} ')).toEqual({
    parts: [{ kind: 'text', name: '', operator: '', value: 'connection {refused}' }],
    isWhole: true,
  });
  expect(readQuery(' ')).toEqual({ parts: [], isWhole: true });
});

it('what the agent refuses is not whole, and nothing makes it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(written, fc.nat()).map(([text, cut]) => text.slice(0, cut % (text.length + 1))),
      ),
      (text) => {
        const { isWhole, parts } = readQuery(text);
        if (isWhole) return;
        expect(() => parseQuery(text)).toThrow();
        expect(Array.isArray(parts)).toBe(true);
      },
    ),
  );
});

it('one that is too long for the agent is not read', () => {
  const long = (length: number) => `|= "${'x'.repeat(length - 5)}"`;
  expect(readQuery(long(MAX_QUERY_CHARS)).isWhole).toBe(true);
  expect(() => parseQuery(long(MAX_QUERY_CHARS))).not.toThrow();
  expect(readQuery(long(MAX_QUERY_CHARS + 1))).toEqual({ parts: [], isWhole: false });
  expect(() => parseQuery(long(MAX_QUERY_CHARS + 1))).toThrow();
});

it('parts before what is not finished are there', () => {
  expect(readQuery('{container="web", env=').parts.map(({ name }) => name)).toEqual(['container']);
  expect(readQuery('{container="web"} |= "a" |~').parts.map(({ value }) => value)).toEqual(['web', 'a']);
});

it('alternatives of texts are told from patterns', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
      expect(alternatives(texts.map(escaped).join('|'))).toEqual(texts);
    }),
  );
  for (const pattern of ['web-.*', 'a+', '(a|b)', '[ab]', '\\d', 'a\\', 'a|b.'])
    expect(alternatives(pattern)).toBeNull();
});
