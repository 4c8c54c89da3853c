/**
 * Every block of commands in the documents is run, or says why not: `<!-- not run: needs systemd -->` in the line before it. They
 * are run as they stand there, in a folder of their own, by the built program beside one agent with made-up lines.
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent } from '../support/agent.js';
import { projectRoot } from '../support/project.js';

interface Block {
  readonly page: string;
  /** Why it is not run; undefined: it is. */
  readonly reason: string | undefined;
  readonly commands: readonly string[];
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** What people type begins so. */
const COMMAND = /^(?:\$ |sudo |docker |npm |npx |kubectl |curl |node |systemctl |log-capturer )/;
const FENCE = /(?:^ *<!-- not run: (.+?) -->\n)?^( *)```(\w*)\n([\s\S]*?)^\2```$/gm;
const AT_ONCE = 3;
const HOOK_MS = 60_000;
/** A command that follows lines is ended after that. */
const FOLLOWS_S = 2;

const fences = pages().flatMap((page) =>
  [...textOf(page).matchAll(FENCE)].map(([, reason, indent, language, text]) => ({
    page,
    reason,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  })),
);
const blocks: readonly Block[] = fences
  .filter(({ language }) => language === 'sh')
  .map(({ page, reason, text }) => ({ page, reason, commands: commandsIn(text) }));
const run = [
  ...new Set(blocks.filter(({ reason }) => reason === undefined).flatMap(({ commands }) => commands)),
];

let folder: string;
let agent: Agent;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-documents-'));
  const config = { sources: { demo: { type: 'demo' } }, journal: { max_bytes: '64MiB' } };
  agent = await Agent.start({ folder: path.join(folder, 'agent'), config });
  await agent.ready();
  mkdirSync(path.join(folder, 'bin'));
  const main = path.join(projectRoot(), 'dist/src/main.js');
  const shim = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
  writeFileSync(path.join(folder, 'bin/log-capturer'), shim, { mode: 0o755 });
  for (const name of ['my.yaml', 'log-capturer.yaml'])
    writeFileSync(path.join(folder, name), 'sources: { demo: { type: demo } }\n');
  const promtail = path.join(projectRoot(), 'src/cli/convert/fixtures/host-files.promtail.yaml');
  copyFileSync(promtail, path.join(folder, 'promtail.yaml'));
}, HOOK_MS);

afterAll(async () => {
  await agent?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('blocks of commands are marked as such, and those that are not run say why', () => {
  expect(blocks.length).toBeGreaterThan(20);
  const unmarked = fences
    .filter(({ language, text }) => language === '' && COMMAND.test(text))
    .map(({ page, text }) => `${page}: ${text}`);
  expect(unmarked).toEqual([]);
  for (const { page, reason } of blocks) if (reason !== undefined) expect(reason, page).toMatch(/^\S.{9,}$/);
  const foreign = run.filter((command) => !command.startsWith('log-capturer '));
  expect(foreign).toEqual([]);
});

test('every other command does what it should', async () => {
  expect(run.length).toBeGreaterThan(10);
  const waiting = run.filter((command) => !isAfterAnother(command));
  const results = new Map<string, Ended>();
  const work = async (): Promise<void> => {
    for (let command = waiting.shift(); command !== undefined; command = waiting.shift())
      results.set(command, await runCommand(command));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const command of run.filter(isAfterAnother)) results.set(command, await runCommand(command));
  const failed = [...results]
    .filter(([command, { code, output }]) => !isExpected(command, code, output))
    .map(([command, { code, output }]) => `${command}\nended with ${code}:\n${output}`);
  expect(failed).toEqual([]);
  expect(results.size).toBe(run.length);
});

/** It needs what the one before it in its block has made. */
function isAfterAnother(command: string): boolean {
  return command.includes('from-promtail.yaml') && !command.includes('convert');
}

function follows(command: string): boolean {
  return command.startsWith('log-capturer tail ') && !command.includes('--no-follow');
}

function isExpected(command: string, code: number | null, output: string): boolean {
  // timeout's own code.
  if (follows(command)) return code === 124;
  // As grep: nothing was found.
  if (command.startsWith('log-capturer search ')) return code === 0 || (code === 1 && output === '');
  return code === 0;
}

function runCommand(command: string): Promise<Ended> {
  const shell = ['sh', '-ec', command];
  const [program, ...args] = follows(command) ? ['timeout', '-s', 'INT', String(FOLLOWS_S), ...shell] : shell;
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH: `${path.join(folder, 'bin')}:${process.env['PATH']}`,
      HOME: folder,
      LOG_CAPTURER_SERVER_PORT: new URL(agent.url).port,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Lines that end with a backslash go on in the next one. */
function commandsIn(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function pages(): string[] {
  const inFolders = ['docs', 'deploy'].flatMap((folder) =>
    readdirSync(path.join(projectRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.join(folder, name)),
  );
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...inFolders];
}

function textOf(page: string): string {
  return readFileSync(path.join(projectRoot(), page), 'utf8');
}
