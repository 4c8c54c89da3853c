import { expect, test } from 'vitest';
import { type ApiDocument, groups, keysOf, typeText } from './document.js';

const get = (tag: string) => ({ tags: [tag], summary: '', responses: {} });

test('routes by group, in the order of the document', () => {
  const paths = { '/a': { get: get('one'), post: get('two') }, '/b': { get: get('one') } };
  const shown = [...groups({ paths } as unknown as ApiDocument)].map(([tag, routes]) => [
    tag,
    routes.map(({ method, path }) => `${method} ${path}`),
  ]);
  expect(shown).toEqual([
    ['one', ['GET /a', 'GET /b']],
    ['two', ['POST /a']],
  ]);
});

test.each([
  [{ type: 'string' }, 'string'],
  [{ type: ['string', 'null'], format: 'date-time' }, 'time or null'],
  [{ type: 'integer', minimum: 1, maximum: 9, default: 3 }, 'integer, 1 to 9, default 3'],
  [{ type: 'integer', minimum: 0 }, 'integer'],
  [{ type: 'string', enum: ['a', 'b'] }, 'a | b'],
  [{ type: 'array', items: { $ref: '#/components/schemas/Line' } }, 'Line[]'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, '{ name: number }'],
  [{}, 'anything'],
])('%j is %s', (schema, words) => {
  expect(typeText(schema)).toBe(words);
});

test('the keys of what a list holds', () => {
  const item = { properties: { a: { type: 'string' }, b: {} }, required: ['a'] };
  expect(keysOf({ items: { additionalProperties: item } })).toEqual([
    ['a', { type: 'string' }, false],
    ['b', {}, true],
  ]);
});
