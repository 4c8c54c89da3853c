import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatch } from './match.js';

const name = fc.constantFrom('env', 'app', 'team', 'toString');
const value = fc.constantFrom('', 'prod', 'web-1', 'a "b" \\ ü\n', 'x');
const comparison = fc.record({ name, operator: fc.constantFrom('=', '!=', '=~', '!~'), value });
const labels = fc.dictionary(name, value, { noNullPrototype: true });
const space = fc.constantFrom('', ' ', '\n ');

/** The value as a regular expression that is true for it alone. */
const literal = (text: string): string => text.replace(/[\\"]/g, '\\$&');

describe('compileMatch', () => {
  test('holds where every comparison does, a missing label being an empty one', () => {
    fc.assert(
      fc.property(
        fc.array(comparison, { maxLength: 4 }),
        labels,
        space,
        fc.boolean(),
        (all, labels, gap, comma) => {
          const parts = all.map(({ name, operator, value }) => {
            const text = JSON.stringify(operator.endsWith('~') ? literal(value) : value);
            return [name, operator, text].join(gap);
          });
          const end = comma && all.length > 0 ? `,${gap}}` : '}';
          const expected = all.every(({ name, operator, value }) => {
            const own = Object.hasOwn(labels, name) ? labels[name] : '';
            return (own === value) !== operator.startsWith('!');
          });
          expect(compileMatch(`${gap}{${parts.join(`${gap},${gap}`)}${end}`)(labels)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('regular expressions are of the whole value', () => {
    const web = compileMatch('{app=~"web-.*", zone!~`eu-(a|b)`}');
    expect(web({ app: 'web-1' })).toBe(true);
    expect(web({ app: 'my-web-1' })).toBe(false);
    expect(web({ app: 'web-1', zone: 'eu-a' })).toBe(false);
    expect(web({ app: 'web-1', zone: 'eu-ab' })).toBe(true);
    expect(compileMatch('{app=~"\\\\d+"}')({ app: '42' })).toBe(true);
    expect(compileMatch('{app=~`\\d+`}')({ app: '42' })).toBe(true);
  });

  test('says what is wrong, where, and what is accepted', () => {
    const wrong: [string, string][] = [
      ['', 'At character 1 of the selector: { is expected here'],
      ['env="prod"', 'At character 1 '],
      ['{env="prod"', 'At character 12 of the selector: , is expected here'],
      ['{env="prod"} x', 'At character 14 of the selector: nothing is expected behind the }'],
      ['{env=prod}', 'At character 6 of the selector: a value in double quotes'],
      ['{env == "prod"}', 'At character 7 of the selector: a value'],
      ['{1="prod"}', 'At character 2 of the selector: the name of a label'],
      ['{env > "prod"}', 'At character 6 of the selector: = != =~ or !~'],
      ['{env="\\d"}', 'At character 6 of the selector: this value has an escape'],
      ['{env=~"("}', 'At character 9 of the selector: the regular expression is wrong: a ( is not closed'],
    ];
    for (const [text, message] of wrong) {
      expect(() => compileMatch(text), text).toThrow(SyntaxError);
      expect(() => compileMatch(text), text).toThrow(message);
      expect(() => compileMatch(text), text).toThrow('A selector looks like');
    }
  });
});
