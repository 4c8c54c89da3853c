import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { soakSample } from '../../../test/support/soak-samples.js';
import type { Criterion } from '../../selftest/criteria.js';
import { Progress } from './progress.js';

const ESCAPE = '\u001b';
const CRITERIA: Criterion[] = [
  { id: 'lines', mark: 'exactly once', measured: '1,000 lines', verdict: 'pass' },
  { id: 'growth.timer', mark: 'below 0.1 a minute', measured: '+3 a minute', verdict: 'fail' },
  { id: 'memory', mark: 'below 1 MB an hour', measured: '+0.3', verdict: 'short' },
];
const sampleAt = (i: number) => soakSample(i, 1_000, 2, () => 0.5);

function listened(output: { isTTY?: boolean; columns?: number }, env: NodeJS.ProcessEnv = {}) {
  let text = '';
  const write = (more: string): void => void (text += more);
  return { progress: new Progress({ ...output, write }, 30_000, env), text: () => text };
}

test('without a terminal a line a minute, and one for each phase and step', () => {
  const { progress, text } = listened({});
  for (let i = 0; i < 3; i++) progress.step('starting containers', `${i} of 3`);
  for (let i = 0; i < 1_000; i++) progress.show(sampleAt(i), i < 940 ? 2 * (940 - i) : undefined);
  const lines = text().trimEnd().split('\n');
  expect(lines[0]).toBe('starting containers…');
  expect(text()).not.toContain(ESCAPE);
  expect(text()).not.toContain('\r');
  // 2,000 s in five phases.
  expect(lines.length - 1).toBeGreaterThanOrEqual(33);
  expect(lines.length - 1).toBeLessThanOrEqual(33 + 5);
  expect(new Set(lines.slice(1).map((line) => line.split(/[ ,]/)[0]))).toEqual(
    new Set(['baseline', 'warm-up', 'run', 'draining', 'drained']),
  );
});

test('says what matters, with rotations as predicted since the run began', () => {
  const { progress, text } = listened({});
  for (let i = 100; i <= 400; i++) progress.show({ ...sampleAt(i), phase: 'run' }, 2 * (940 - i));
  const last = text().trimEnd().split('\n').at(-1);
  expect(last).toMatch(
    /^run, 18:\d\d left · no faults · 55 containers · streams 50\/50 \(5 waiting\) · rotations [\d,]+ \(predicted [\d,]+\) · fds \d+ · heap [\d.]+ MiB · lines [\d,]+$/,
  );
  const [, measured, predicted] =
    /rotations ([\d,]+) \(predicted ([\d,]+)\)/.exec(last ?? '')?.map((n) => n.replace(',', '')) ?? [];
  expect(Math.abs(Number(measured) - Number(predicted))).toBeLessThanOrEqual(1);
  expect(Number(measured)).toBeGreaterThan(900);
});

test('on a terminal one line, rewritten in place and never wider; what stays gets a line of its own', () => {
  const { progress, text } = listened({ isTTY: true, columns: 60 });
  for (let i = 100; i < 120; i++) progress.show({ ...sampleAt(i), lineFaults: 2 }, 90);
  progress.note(`removed ${ESCAPE}[2Jx`);
  const shown = text().split(`\r${ESCAPE}[K`).slice(1);
  expect(shown).toHaveLength(21);
  expect(shown.at(-1)).toBe('removed x\n');
  for (const line of shown.slice(0, 20)) {
    expect(line.startsWith(`${ESCAPE}[31m`)).toBe(true);
    expect(line).toContain('2 faults');
    expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(59);
  }
});

test('the verdict is a table with the failed ones last, and nothing breaks out of it', () => {
  const { progress, text } = listened({ isTTY: true, columns: 200 }, { NO_COLOR: '1' });
  progress.verdict([
    ...CRITERIA,
    { id: `x${ESCAPE}]0;t\u0007`, mark: 'm', measured: '\r\n', verdict: 'pass' },
  ]);
  expect(text().split('\n')).toEqual([
    'PASS   lines         1,000 lines',
    'PASS   x             ··',
    'SHORT  memory        +0.3',
    '                     wanted: below 1 MB an hour',
    'FAIL   growth.timer  +3 a minute',
    '                     wanted: below 0.1 a minute',
    '',
    'FAIL: 1 of 4 criteria failed; 1 could not be judged.',
    '',
  ]);
});

test('a pass is said in green where that is wanted; nothing judged is none', () => {
  const { progress, text } = listened({ isTTY: true });
  progress.verdict(CRITERIA.slice(0, 1));
  expect(text()).toBe(
    `${ESCAPE}[32mPASS ${ESCAPE}[0m  lines  1,000 lines\n\n${ESCAPE}[32mPASS${ESCAPE}[0m: none of 1 criterion failed.\n`,
  );
  const empty = listened({});
  empty.progress.verdict([]);
  expect(empty.text()).toBe('\nFAIL: nothing was judged.\n');
});
