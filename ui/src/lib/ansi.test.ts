import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnsi } from './ansi.js';

const ESC = '\u001b';
const BIDI = [
  0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068,
  0x2069,
];

function isUnseen(code: number): boolean {
  return (code < 0x20 && code !== 9 && code !== 10) || (code >= 0x7f && code < 0xa0) || BIDI.includes(code);
}

describe('sequences of terminals', () => {
  it.each([
    ['styles', `a ${ESC}[1;31mred${ESC}[0m b`, 'a red b', [[2, 5, 'ansi-red ansi-bold']]],
    [
      'bright ones and grounds',
      `${ESC}[92;44mx${ESC}[39my${ESC}[49mz`,
      'xyz',
      [
        [0, 1, 'ansi-bright-green ansi-on-blue'],
        [1, 2, 'ansi-on-blue'],
      ],
    ],
    [
      '256 colours',
      `${ESC}[38;5;196mx${ESC}[38;5;244my`,
      'xy',
      [
        [0, 1, 'ansi-bright-red'],
        [1, 2, 'ansi-bright-black'],
      ],
    ],
    [
      'true colours',
      `${ESC}[38;2;20;180;30mx${ESC}[48;2;10;20;250my`,
      'xy',
      [
        [0, 1, 'ansi-green'],
        [1, 2, 'ansi-green ansi-on-bright-blue'],
      ],
    ],
    [
      'what is inverse',
      `${ESC}[7mx${ESC}[31my${ESC}[27mz`,
      'xyz',
      [
        [0, 1, 'ansi-on-text'],
        [1, 2, 'ansi-on-red'],
        [2, 3, 'ansi-red'],
      ],
    ],
    [
      'styles that end alone',
      `${ESC}[2;3;4;9mx${ESC}[22;23;24;29my`,
      'xy',
      [[0, 1, 'ansi-faint ansi-italic ansi-underline ansi-strike']],
    ],
    ['an empty style, which resets', `${ESC}[31mx${ESC}[my`, 'xy', [[0, 1, 'ansi-red']]],
    ['newlines, which stay', `a\n${ESC}[31m\tb\nc`, 'a\n\tb\nc', [[2, 6, 'ansi-red']]],
    ['titles', `${ESC}]0;evil${String.fromCharCode(7)}x`, 'x', []],
    ['links', `${ESC}]8;;javascript:alert(1)${ESC}\\name${ESC}]8;;${ESC}\\ x`, 'name x', []],
    ['moves, erasing, modes', `${ESC}[2J${ESC}[H${ESC}[?25lx${ESC}[10;20Hy${ESC}c${ESC}(B`, 'xy', []],
    ['private forms of m', `${ESC}[31m${ESC}[>4;2mx${ESC}[?4my`, 'xy', [[0, 2, 'ansi-red']]],
    ['one byte forms', '\u009b31mx\u009d0;title\u009cy', 'xy', [[0, 2, 'ansi-red']]],
    ['what is cut off', `x${ESC}[31`, 'x', []],
  ])('%s', (_name, raw, text, runs) => {
    expect(readAnsi(raw)).toEqual({
      text,
      runs: runs.map(([start, end, classes]) => ({ start, end, classes })),
    });
  });
});

it('what could not be seen is written out, apart from the end of a line', () => {
  const { text, runs } = readAnsi('a\u0000b\u0007\u007f\u0085\u202eexe\u2066\u2028\tok\r');
  expect(text).toBe('a^@b^G^?<85><U+202E>exe<U+2066><U+2028>\tok');
  expect(runs.map(({ start, end }) => text.slice(start, end))).toEqual([
    '^@',
    '^G^?<85><U+202E>',
    '<U+2066><U+2028>',
  ]);
});

it('texts of all scripts stay as they are', () => {
  const line = 'Ünïcödé 漢字 שלום مرحبا 👩‍👩‍👧 \ufffd <b>&amp;';
  expect(readAnsi(line)).toEqual({ text: line, runs: [] });
});

it('whatever is written, nothing unseen is left, and classes are names of the style sheet', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      ESC,
      `${ESC}[`,
      '\u009b',
      ';',
      '38',
      '48',
      '5',
      '2',
      'm',
      '0',
      '1;31m',
      ']0;',
      '\u0007',
      '\u202e',
      '"><script>',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { text, runs } = readAnsi(pieces.join(''));
      expect(Array.from(text, (_char, at) => text.charCodeAt(at)).filter(isUnseen)).toEqual([]);
      let end = 0;
      for (const run of runs) {
        expect(run.start).toBeGreaterThanOrEqual(end);
        expect(run.end).toBeGreaterThan(run.start);
        expect(run.classes).toMatch(/^(?:control|ansi-[a-z-]+(?: ansi-[a-z-]+)*)$/);
        ({ end } = run);
      }
      expect(end).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 300 },
  );
});

it('a long hostile line takes no time worth speaking of', () => {
  for (const hostile of [
    `${ESC}]`.repeat(500_000),
    `${ESC}[`.repeat(500_000),
    `${ESC}[1;`.repeat(250_000),
    '\u009d'.repeat(1_000_000),
  ]) {
    expect(readAnsi(hostile).text.length).toBeLessThanOrEqual(hostile.length);
  }
});
