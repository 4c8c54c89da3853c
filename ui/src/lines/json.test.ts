import { expect, it } from 'vitest';
import { entriesOf, jsonIn, summaryOf } from './json.js';

it.each([
  ['{"a":1}', { a: 1 }],
  ['[1,{"b":null}]  ', [1, { b: null }]],
  ['2026-11-22 INFO placed {"order":{"id":1}}', { order: { id: 1 } }],
  ['[main] INFO placed {"id":1}', { id: 1 }],
  ['text', undefined],
  ['{}', undefined],
  ['{"a":1', undefined],
  ['{broken}', undefined],
  ['42', undefined],
])('the JSON in %s', (line, value) => {
  expect(jsonIn(line)).toEqual(value);
});

it('hostile names are names, and depth is no danger', () => {
  const value = jsonIn('{"__proto__":{"isAdmin":true},"constructor":1}');
  expect(value && entriesOf(value).map(([name]) => name)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  const deep = jsonIn(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`);
  expect(deep === undefined || summaryOf(deep)).toBe('[ 1 ]');
});
