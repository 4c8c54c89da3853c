import { afterEach, expect, test, vi } from 'vitest';
import { runProgram } from './program.js';

afterEach(() => vi.restoreAllMocks());

async function fails(...args: readonly string[]): Promise<string> {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  expect(await runProgram(['node', 'log-capturer', ...args], () => {})).toBe(2);
  return said;
}

test.each(['10001', 'many', '1.5', ''])(
  'tail -n %j: the option is named, with what is accepted',
  async (count) => {
    expect(await fails('tail', '-n', count)).toMatch(
      /option '-n, --lines <count>' argument '.*' is invalid\. It must be a whole number from 0 to 10000\./,
    );
  },
);
