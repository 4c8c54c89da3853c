import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelText } from '../../../src/pipeline/streams.js';
import { goQuote, labelsText, parseLabels } from './labels.js';
import { detectLevel } from './level.js';

const names = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/);
const values = fc.string({ unit: 'binary', minLength: 1 }).map((text) => text.toWellFormed());

describe('label sets', () => {
  it('are parsed as they were written, by Go and by the agent, sorted', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values, { noNullPrototype: true }), (labels) => {
        const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
        expect(parseLabels(labelsText(pairs))).toEqual(pairs);
        expect(parseLabels(labelText(labels))).toEqual(pairs);
      }),
    );
  });

  it('are parsed with every quote, escape and space that Prometheus knows; empty values are dropped', () => {
    const text = ' { b = "\\u00e9\\x41\\n\\"" , a=\'it\\\'s\',c=`raw\\n`, d="", } ';
    expect(parseLabels(text)).toEqual([
      ['a', "it's"],
      ['b', 'éA\n"'],
      ['c', 'raw\\n'],
    ]);
    expect(parseLabels('metric{a="b"}')).toEqual([
      ['__name__', 'metric'],
      ['a', 'b'],
    ]);
  });

  it('are parsed or refused with the place, whatever they are', () => {
    const soup = fc.array(
      fc.constantFrom('{', '}', '"', "'", '`', '=', ',', '\\', 'a', ' ', '\n', 'é', 'x41', '0'),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(soup, (parts) => {
        try {
          parseLabels(parts.join(''));
        } catch (error) {
          expect((error as Error).message).toMatch(/^1:\d+: parse error: ./);
        }
      }),
    );
  });

  it('are quoted as Go does', () => {
    expect(goQuote('a"\\\u0007\u0000\u007f\u00a0é\u2028😀\ue000')).toBe(
      '"a\\"\\\\\\a\\x00\\x7f\\u00a0é\\u2028😀\\ue000"',
    );
  });
});

describe('the level that Loki finds', () => {
  it.each([
    ['{"msg":"x","level":"WARNING"}', 'warn'],
    ['{"LVL":30,"msg":"an error"}', 'error'],
    ['{"level":"custom","a":"info"}', 'info'],
    ['ts=1 lvl=dbg level="err" msg=x', 'error'],
    ['a=b nothing', 'unknown'],
    ['it had INFO and ERROR', 'info'],
    ['warn: x', 'warn'],
    ['a warn', 'unknown'],
    ['DEBUG: x', 'debug'],
    ['', 'unknown'],
  ])('of %j is %s', (line, level) => {
    expect(detectLevel([['app', 'x']], [], Buffer.from(line))).toBe(level);
  });

  it('is a label where there is one, then metadata', () => {
    expect(detectLevel([['level', 'odd']], [['lvl', 'b']], Buffer.from('error'))).toBe('odd');
    expect(detectLevel([], [['lvl', 'b']], Buffer.from('error'))).toBe('b');
  });
});
