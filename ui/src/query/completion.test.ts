import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseQuery } from '../../../src/query/index.js';
import { complete } from './completion.js';

const KNOWN = {
  container: ['web', 'db.1', 'webhook'],
  compose_project: ['shop'],
  stream: ['stdout', 'stderr'],
};

/** `^` is the cursor. */
function suggested(marked: string): string[] {
  const completion = complete(marked.replace('^', ''), marked.indexOf('^'), KNOWN);
  return completion?.suggestions.map(({ label }) => label) ?? [];
}

/** The text when the first suggestion is taken. */
function taken(marked: string): string | null {
  const text = marked.replace('^', '');
  const completion = complete(text, marked.indexOf('^'), KNOWN);
  if (!completion) return null;
  return text.slice(0, completion.from) + completion.suggestions[0].insert + text.slice(completion.to);
}

it.each([
  ['{^', ['container', 'compose_project', 'stream']],
  ['{str^', ['stream']],
  ['{a="x", pro^', ['compose_project']],
  ['{container="web^', ['web', 'webhook']],
  ['{container="hook^', ['webhook']],
  ['{container="^', ['web', 'db.1', 'webhook']],
  ['{container!=  "^', ['web', 'db.1', 'webhook']],
  ['{nothing="^', []],
  ['{constructor="^', []],
  ['{container="web", stream="^"} |= "x"', ['stdout', 'stderr']],
  ['{a="}", container="d^', ['db.1']],
  ['|= "{container=" | level="w^', ['warn', 'unknown']],
  ['|= "a" | detected_level=~"d^', ['debug']],
  ['{container="web"} ^', ['|= "…"', '!= "…"', '|~ "…"', '!~ "…"', '| level="…"', '| field="…"']],
  ['{container="web"} !^', ['!= "…"', '!~ "…"']],
  ['{container="web"} | le^', ['| level="…"']],
  ['timeout^', []],
  ['|= "tim^', []],
])('at %s', (marked, labels) => {
  expect(suggested(marked)).toEqual(labels);
});

it('an empty query is shown what one may begin with', () => {
  expect(suggested('^').slice(0, 4)).toEqual([
    '{container="…"}',
    '{compose_project="…"}',
    '{stream="…"}',
    '|= "…"',
  ]);
});

it.each([
  ['{con^', '{container="'],
  ['{container="d^', '{container="db.1"'],
  ['{container="d^b"} |= "x"', '{container="db.1"} |= "x"'],
  ['{container=~"d^"}', '{container=~"db\\\\.1"}'],
  ['{container="web"}^', '{container="web"} |= "'],
  ['{container="web"} |^', '{container="web"} |= "'],
  ['| level="e^', '| level="error"'],
])('taken at %s', (marked, result) => {
  expect(taken(marked)).toBe(result);
});

it('what is taken for a value makes a query that is right', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { minLength: 1 }),
      fc.constantFrom('=', '!=', '=~', '!~'),
      (values, operator) => {
        const text = `{container${operator}"`;
        for (const { insert } of complete(text, text.length, { container: values })?.suggestions ?? [])
          expect(() => parseQuery(`{container${operator}${insert}}`)).not.toThrow();
      },
    ),
  );
});

it('nothing typed makes it fail, and what it would replace is in the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom('{', '}', '"', '`', '|', '=', '!', '~', 'a', ' ', ',', '\\') }),
      ),
      fc.nat(),
      (text, at) => {
        const cursor = at % (text.length + 1);
        const completion = complete(text, cursor, KNOWN);
        if (!completion) return;
        expect(completion.from).toBeLessThanOrEqual(cursor);
        expect(completion.to).toBeGreaterThanOrEqual(cursor);
        expect(completion.to).toBeLessThanOrEqual(text.length);
      },
    ),
  );
});
