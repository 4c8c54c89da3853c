import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from './glob.js';

/** The same language by a regular expression. */
function reference(pattern: string, value: string): boolean {
  const source = pattern
    .split('')
    .map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[\\^$.|+()[\]{}-]/, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's').test(value);
}

test('agrees with the regular expression of the same language', () => {
  const alphabet = fc.constantFrom('a', 'b', '-', '.', '/', '[', '\\', '\n');
  const patterns = fc.array(fc.oneof(alphabet, fc.constantFrom('*', '?')), { maxLength: 12 });
  const values = fc.array(alphabet, { maxLength: 12 });
  fc.assert(
    fc.property(patterns, values, (p, v) => {
      expect(matchesGlob(p.join(''), v.join(''))).toBe(reference(p.join(''), v.join('')));
    }),
    { numRuns: 2_000 },
  );
});

test('a value matches itself with any stretch of it starred', () => {
  const literal = fc.string({ maxLength: 30 }).map((s) => s.replace(/[*?]/g, '_'));
  fc.assert(
    fc.property(literal, fc.nat(30), fc.nat(30), (value, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      expect(matchesGlob(`${value.slice(0, from)}*${value.slice(to)}`, value)).toBe(true);
    }),
  );
});

test('many stars cost no more than length times length', () => {
  expect(matchesGlob(`${'a*'.repeat(200)}b`, 'a'.repeat(5_000))).toBe(false);
});
