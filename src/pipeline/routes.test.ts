import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatch } from './match.js';
import { createRouter, MAX_ROUTES } from './routes.js';
import { StreamTable } from './streams.js';

const prod = compileMatch('{env="prod"}');

describe('createRouter', () => {
  test('one class for all where nothing divides them', () => {
    const routeOf = createRouter([{}, {}]);
    expect([{}, { env: 'prod' }, { env: 'dev', tenant: 'x' }].map(routeOf)).toEqual([0, 0, 0]);
  });

  test('streams share a class exactly where the same sinks want them for the same tenants', () => {
    const labels = fc.record(
      { env: fc.constantFrom('prod', 'dev'), tenant: fc.constantFrom('', 'a', 'b'), app: fc.string() },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(labels), (sets) => {
        const routeOf = createRouter([{}, { match: prod, tenantLabel: 'tenant' }]);
        const classes = new Map<string, number>();
        for (const set of sets) {
          const key = set.env === 'prod' ? `for ${set.tenant ?? ''}` : 'not';
          const route = routeOf(set);
          expect(classes.get(key) ?? classes.size).toBe(route);
          classes.set(key, route);
        }
      }),
    );
  });

  test('the classes beyond the limit share the last one, each stream always the same', () => {
    const routeOf = createRouter([{ tenantLabel: 'tenant' }]);
    const tenants = Array.from({ length: 100 }, (_, i) => ({ tenant: String(i) }));
    const first = tenants.map(routeOf);
    expect(first).toEqual(tenants.map((_, i) => Math.min(i, MAX_ROUTES - 1)));
    expect(tenants.map(routeOf)).toEqual(first);
  });

  test('is what a stream carries', () => {
    const streams = new StreamTable(createRouter([{ match: prod }]));
    const routes = ['prod', 'dev', 'prod'].map((env, i) => streams.acquire({ env, i: String(i) }).route);
    expect(routes).toEqual([0, 1, 0]);
  });
});
