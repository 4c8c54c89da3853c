import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPath, parsePathPattern } from './path-patterns.js';

const matches = (pattern: string, path: string): boolean =>
  parsePathPattern(pattern).some((one) => matchesPath(one, path));

describe('patterns of paths', () => {
  test.each([
    ['/var/log/*.log', '/var/log/a.log', true],
    ['/var/log/*.log', '/var/log/a.log.1', false],
    ['/var/log/*.log', '/var/log/x/a.log', false],
    ['/var/log/*.log', '/var/log/.hidden.log', false],
    ['/var/log/.*.log', '/var/log/.hidden.log', true],
    ['/var/log/**/*.log', '/var/log/a.log', true],
    ['/var/log/**/*.log', '/var/log/x/y/a.log', true],
    ['/var/log/**/*.log', '/var/log/x/.y/a.log', false],
    ['/var/log/**', '/var/log/x/y', true],
    ['/var/log/**', '/var/lo/x', false],
    ['/srv/*/logs/**/app?.{log,txt}', '/srv/a/logs/app1.txt', true],
    ['/srv/*/logs/**/app?.{log,txt}', '/srv/a/logs/app.txt', false],
    ['/a/{b,c/{d,e}}/f', '/a/c/e/f', true],
    ['/a/{b,c/{d,e}}/f', '/a/c/f', false],
    ['/a/**/b/**/c', '/a/b/x/b/c', true],
    ['/a//b/./c', '/a/b/c', true],
    ['/a/[b]', '/a/[b]', true],
    ['/a/[b]', '/a/b', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  test.each([
    ['var/log', 'it must begin with /'],
    ['/', 'it names no file'],
    ['/a/../b', '..'],
    ['/a/{b', 'a { has no }'],
    ['/a/b}', 'a } has no {'],
    [`/${'{a,b}'.repeat(9)}`, 'more than 256'],
  ])('%s is refused: %s', (pattern, why) => {
    expect(() => parsePathPattern(pattern)).toThrow(why);
  });

  test('are what a regular expression says', () => {
    const segment = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', '?', '**');
    const name = fc.constantFrom('a', 'b', 'ab', 'aab', 'c');
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 5 }),
        fc.array(name, { minLength: 1, maxLength: 5 }),
        (segments, names) => {
          const source = segments
            .map((one) =>
              one === '**' ? '(/[^/]+)*' : `/${one.replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]')}`,
            )
            .join('');
          const path = `/${names.join('/')}`;
          expect(matches(`/${segments.join('/')}`, path)).toBe(new RegExp(`^${source}$`).test(path));
        },
      ),
    );
  });
});
