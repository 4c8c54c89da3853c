import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coloredName, lineText, terminalText } from './terminal-text.js';

const ESCAPE = '\u001b';
const COLOR = new RegExp(`${ESCAPE}\\[[0-9;:]*m`, 'g');

test('a line joined of several is set back where it goes on', () => {
  expect(lineText('Error: no\n  at a\u001b[2J\r\nother | forged', false)).toBe(
    'Error: no\n      at a·\n    other | forged',
  );
  expect(lineText('\u001b[31ma\nb', true)).toBe('\u001b[31ma\u001b[0m\n    b');
});

describe('terminalText', () => {
  test.each([
    ['plain\ttext €', 'plain\ttext €', 'plain\ttext €'],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m\u001b[0m', 'red'],
    ['\u001b[1;38;5;9mx', '\u001b[1;38;5;9mx\u001b[0m', 'x'],
    ['a\u001b[2J\u001b[1;1Hb', 'ab', 'ab'],
    ['\u001b]0;title\u0007x', 'x', 'x'],
    ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link', 'link'],
    ['\u001bP+q544e\u001b\\x', 'x', 'x'],
    ['50%\rdone\b\b', '50%·done··', '50%·done··'],
    ['a\u202eb\u009b31m', 'a·b·31m', 'a·b·31m'],
    ['end\u001b', 'end·', 'end·'],
    ['\u001b[31', '31', '31'],
    ['\u001b[3\u001b[31m1m', '3\u001b[31m1m\u001b[0m', '31m'],
    ['\u001b\u001b[2J[31mx', '·[31mx', '·[31mx'],
  ])('%j', (line, colored, plain) => {
    expect(terminalText(line, true)).toBe(colored);
    expect(terminalText(line, false)).toBe(plain);
  });

  test('whatever comes, only text, tabs and colours are left', () => {
    const unit = fc.oneof(
      fc.constantFrom('\u001b', '[', ']', 'm', '3', ';', '\\', '\u0007', 'P', 'x', '\u009b', '\n'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (parts) => {
        const line = parts.join('');
        const harmless = /^(?:[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]|\t)*$/u;
        const withoutColors = terminalText(line, true).replace(COLOR, '');
        expect(withoutColors).toMatch(harmless);
        expect(terminalText(line, false)).toMatch(harmless);
      }),
      { numRuns: 2000 },
    );
  });
});

test('a name has one colour', () => {
  expect(coloredName('web')).toBe(coloredName('web'));
  expect(
    new Set(['web', 'api', 'db', 'worker'].map((name) => coloredName(name).slice(0, 5))).size,
  ).toBeGreaterThan(1);
});
