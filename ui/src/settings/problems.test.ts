import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigProblem } from '../../../src/config/shape.js';
import { inOrder, offsetOf, severityByLine, summary, wordsOf } from './problems.js';

const problem = (
  severity: ConfigProblem['severity'],
  line: number | null,
  column: number | null = 1,
): ConfigProblem => ({
  severity,
  line,
  column,
  key: '',
  message: `${severity} at ${line}:${column}`,
  remedy: null,
});

test('a line shows the worst of its problems, whichever comes first', () => {
  const problems = [
    problem('warning', 2),
    problem('error', 2),
    problem('error', 5),
    problem('warning', 5),
    problem('warning', 7),
    problem('error', null),
  ];
  expect([...severityByLine(problems)]).toEqual([
    [2, 'error'],
    [5, 'error'],
    [7, 'warning'],
  ]);
});

test('errors come first, and each by its place', () => {
  const problems = [
    problem('warning', 1),
    problem('error', 9, 4),
    problem('error', 9, 2),
    problem('error', null),
    problem('error', 3),
  ];
  expect(inOrder(problems).map(({ message }) => message)).toEqual([
    'error at null:1',
    'error at 3:1',
    'error at 9:2',
    'error at 9:4',
    'warning at 1:1',
  ]);
});

test('the cursor goes to the very line and column', () => {
  const line = fc.string({ maxLength: 5 }).map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.nat(), fc.nat(), (lines, a, b) => {
      const at = a % lines.length;
      const column = b % (lines[at].length + 1);
      const offset = offsetOf(lines.join('\n'), at + 1, column + 1);
      const before = lines.join('\n').slice(0, offset).split('\n');
      expect([before.length, before.at(-1)]).toEqual([at + 1, lines[at].slice(0, column)]);
    }),
  );
});

test('a place beyond the text is its end, beyond a line is the line’s end', () => {
  expect(offsetOf('ab\ncd', 1, 99)).toBe(2);
  expect(offsetOf('ab\ncd', 2, 99)).toBe(5);
  expect(offsetOf('ab\ncd', 7, 1)).toBe(5);
  expect(offsetOf('', 1, 0)).toBe(0);
});

test('problems are counted in words', () => {
  expect(summary([])).toBe('');
  expect(summary([problem('error', 1)])).toBe('1 error');
  expect(summary([problem('warning', 1), problem('error', 1), problem('warning', 2)])).toBe(
    '1 error, 2 warnings',
  );
});

test('the key is not said twice', () => {
  const told = { ...problem('error', 1), key: 'server.prot', message: 'server.prot: unknown key' };
  expect(wordsOf(told)).toBe('unknown key');
  expect(wordsOf({ ...told, message: 'server.protocol: unknown key' })).toBe('server.protocol: unknown key');
  expect(wordsOf({ ...told, key: '', message: ': wrong' })).toBe(': wrong');
});
