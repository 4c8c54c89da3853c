/** The built program in a pipe: lines of standard input to lines of JSON on standard output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';

const MAIN = path.join(projectRoot(), 'dist/src/main.js');

type Child = ChildProcess & { stdin: NodeJS.WritableStream; stdout: Readable };

function run(args: readonly string[], given: NodeJS.ProcessEnv = {}): Child {
  const env = { ...process.env, LOG_CAPTURER_SERVER_PORT: '0', LOG_CAPTURER_METRICS_PORT: '0', ...given };
  const child = spawn(process.execPath, [MAIN, 'run', '--stdin', ...args], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  }) as Child;
  child.stdin.on('error', () => {});
  return child;
}

interface Shown {
  readonly time: string;
  readonly labels: object;
  readonly line: string;
}

function parsed(output: string): Shown[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Shown);
}

test('every line, in order, with times that increase, and 0 at the end of the input', async () => {
  const child = run(['--dry-run']);
  const sent = Array.from({ length: 50_000 }, (_, i) => `line ${i} \u001b[31mü`);
  child.stdin.end(sent.join('\n'));
  const exit = once(child, 'exit');
  const shown = parsed(await text(child.stdout));
  expect(await exit).toEqual([0, null]);
  expect(shown.map(({ line }) => line)).toEqual(sent);
  expect(shown[0].labels).toEqual({ container: 'stdin', stream: 'stdout' });
  const times = shown.map(({ time }) => time);
  expect(times).toEqual([...new Set(times)].sort());
});

test('a dry run leaves nothing behind', async () => {
  const folder = scratch('dry-run');
  const child = run(['--dry-run'], { TMPDIR: folder });
  child.stdin.write('first\n');
  await once(child.stdout, 'data');
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^log-capturer-dry-run-/)]);
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exit).toEqual([0, null]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a reader that goes ends it with 0', async () => {
  const child = run(['--dry-run']);
  child.stdin.write('first\n');
  await once(child.stdout, 'data');
  const exit = once(child, 'exit');
  child.stdout.destroy();
  child.stdin.write('second\n');
  expect(await exit).toEqual([0, null]);
});

test('files have all of it before it ends', async () => {
  const folder = scratch('pipe-files');
  const directory = path.join(folder, 'out');
  const child = run(['--data-dir', path.join(folder, 'data')], {
    LOG_CAPTURER_SINKS_FILE_DIRECTORY: directory,
  });
  const sent = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  child.stdin.end(sent.join('\n'));
  expect(await once(child, 'exit')).toEqual([0, null]);
  const lines = readFileSync(path.join(directory, 'stdin.log'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/^\S+ stdout /, ''))).toEqual(sent);
});
