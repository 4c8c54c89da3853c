import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseHash } from '../lib/router.js';
import { EVERYTHING } from '../time-range/range.js';
import { readAddress, searchHref } from './address.js';

it('an address without anything is the last hour, newest first', () => {
  expect(readAddress(new URLSearchParams())).toEqual({
    query: '',
    range: { from: '1h', to: 'now' },
    order: 'newest',
  });
  expect(searchHref('')).toBe('#/search');
});

it('what is linked is what is read, whatever the query holds', () => {
  const ranges = fc.constantFrom({ from: '1h', to: 'now' }, { from: '1h', to: '30m' }, EVERYTHING, {
    from: '2026-11-22T12:00:00.000Z',
    to: '2026-11-22T13:00:00.000Z',
  });
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), ranges, (query, range) => {
      expect(readAddress(parseHash(searchHref(query, range)).params)).toEqual({
        query,
        range,
        order: 'newest',
      });
    }),
  );
});
