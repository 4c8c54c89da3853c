import { expect, test } from 'vitest';
import { isHidden, shownLabels, shownText, tenantIn, wantedBy } from './hidden-labels.js';
import { compileMatch } from './match.js';
import { createRouter } from './routes.js';
import { labelText } from './streams.js';

const LABELS = { container: 'web', __sinks__: 'local,loki', __tenant__: 'blue' };

test('hidden labels are neither shown nor sent, others are', () => {
  expect(shownLabels(LABELS)).toEqual({ container: 'web' });
  expect(shownText(labelText(LABELS))).toBe('{container="web"}');
  const other = { container: '__sinks__', __meta: '="__tenant__"' };
  expect(shownLabels(other)).toBe(other);
  expect(shownText(labelText(other))).toBe(labelText(other));
  expect(['__sinks__', '__tenant__', '__name__', 'sinks'].map(isHidden)).toEqual([true, true, false, false]);
});

test('a stream that names sinks goes to these, as far as they want it', () => {
  const prod = compileMatch('{env="prod"}');
  const takers = (labels: Record<string, string>): string[] =>
    [
      ['loki', undefined],
      ['local', prod],
      ['lok', undefined],
    ].flatMap(([name, match]) =>
      wantedBy(name as string, match as typeof prod)(labels) ? [name as string] : [],
    );
  expect(takers({ env: 'prod' })).toEqual(['loki', 'local', 'lok']);
  expect(takers({ env: 'dev' })).toEqual(['loki', 'lok']);
  expect(takers({ env: 'prod', __sinks__: 'local' })).toEqual(['local']);
  expect(takers({ env: 'dev', __sinks__: 'local,loki' })).toEqual(['loki']);
  expect(takers({ env: 'prod', __sinks__: 'gone' })).toEqual([]);
});

test("a stream's own tenant comes before the label that is configured", () => {
  expect(tenantIn({ team: 'a' }, undefined)).toBeUndefined();
  expect(tenantIn({ team: 'a' }, 'team')).toBe('a');
  expect(tenantIn({ team: 'a', __tenant__: 'b' }, 'team')).toBe('b');
  expect(tenantIn({ __tenant__: 'b' }, undefined)).toBe('b');
});

test('streams of other sinks or tenants are of other route classes', () => {
  const routeOf = createRouter([
    { match: wantedBy('loki', undefined) },
    { match: wantedBy('local', undefined) },
  ]);
  const routes = [
    {},
    { __sinks__: 'loki' },
    { __sinks__: 'local' },
    { __sinks__: 'local,loki' },
    { __tenant__: 'a' },
    { __tenant__: 'b' },
    { container: 'x', __tenant__: 'a' },
  ].map(routeOf);
  expect(routes).toEqual([0, 1, 2, 0, 3, 4, 3]);
});
