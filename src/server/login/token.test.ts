import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptToken } from './token.js';

let dataDir: string;
let file: string;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'log-capturer-token-'));
  file = path.join(dataDir, 'token');
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test('is made once, for its owner only, and leaves nothing else', () => {
  const token = keptToken(dataDir);
  expect(token).toMatch(/^[\w-]{32}$/);
  expect(keptToken(dataDir)).toBe(token);
  expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['token']);
});

test('two data directories have two', () => {
  const first = keptToken(dataDir);
  rmSync(file);
  expect(keptToken(dataDir)).not.toBe(first);
});

test('one of the operator is taken, and closed to others', () => {
  writeFileSync(file, '  my-own-long-token!\n', { mode: 0o644 });
  chmodSync(file, 0o644);
  expect(keptToken(dataDir)).toBe('my-own-long-token!');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a draft of a start that was killed is no hindrance', () => {
  writeFileSync(`${file}.new`, 'half', { mode: 0o666 });
  const token = keptToken(dataDir);
  expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['empty', ''],
  ['too short', 'short\n'],
  ['with a gap', 'a token with spaces in it'],
])('%s it is refused with its path, and not shown', (_, text) => {
  writeFileSync(file, text);
  expect(() => keptToken(dataDir)).toThrow(
    expect.objectContaining({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining(file),
      remedy: 'Remove it, so that a new token is made.',
    }),
  );
});

test('where it cannot be written, the error says where', () => {
  expect(() => keptToken(path.join(dataDir, 'missing'))).toThrow(
    expect.objectContaining({ code: 'SECRET_UNREADABLE', message: expect.stringContaining('missing/token') }),
  );
});
