import fc from 'fast-check';
import { expect, it } from 'vitest';
import { href, parseHash } from './router.js';

it('what is written into an address is read out of it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.array(fc.string({ minLength: 1 })),
      (query, containers) => {
        const { page, params } = parseHash(
          href('live', { query, container: containers, empty: '', none: undefined }),
        );
        expect(page).toBe('live');
        expect([...params.keys()].every((name) => name === 'query' || name === 'container')).toBe(true);
        expect(params.get('query')).toBe(query);
        expect(params.getAll('container')).toEqual(containers);
      },
    ),
  );
});

it.each(['', '#', '#/', '#/?a=b'])('%j is the live page', (hash) => {
  expect(parseHash(hash).page).toBe('live');
});
