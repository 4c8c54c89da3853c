/**
 * Every command in the documents is run, or it is said why not: of a block in the line before it (`<!-- not run: needs systemd -->`),
 * of a command in a sentence in the list below. They are run as they stand there, in a folder of their own, by the built program
 * beside one agent with made-up lines. Of those that are not run, documents-words.test.ts knows whether they exist.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent } from '../support/agent.js';
import { commandsIn, fences, indented, isCommand, spans } from '../support/document-commands.js';
import { projectRoot } from '../support/project.js';

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const AT_ONCE = 3;
/** A command that follows lines is ended after that. */
const FOLLOWS_S = 2;

const blocks = fences
  .filter(({ language }) => language === 'sh')
  .map(({ page, reason, text }) => ({ page, reason, commands: commandsIn(text) }));
/** Commands in sentences that are not run. */
const NOT_RUN: readonly { readonly commands: RegExp; readonly reason: string }[] = [
  { commands: /^(docker|systemctl|journalctl) /, reason: 'needs an engine or systemd' },
  {
    commands: /^curl AGENT\/debug\/heap$/,
    reason: 'stands still for seconds; src/server/debug/ has its tests',
  },
  { commands: /^promtool /, reason: 'test/unit/monitoring.test.ts runs it' },
  { commands: /^(npm|npx|node|bench) /, reason: 'builds, tests or measures for minutes' },
  { commands: /^log-capturer (soak|torture)/, reason: 'takes minutes and an engine; test/engine/ runs both' },
  { commands: /^log-capturer run /, reason: 'goes on until it is stopped' },
  {
    commands: /^log-capturer (convert promtail|dead-letters( delete)?)$/,
    reason: 'a name; the whole of it is in a block',
  },
];
const ASKS = /^curl AGENT(?=\/)/;

const inSentences = [...new Set(spans.map(({ command }) => command))].filter(
  (command) => !NOT_RUN.some(({ commands }) => commands.test(command)),
);
const run = [
  ...new Set([
    ...blocks.filter(({ reason }) => reason === undefined).flatMap(({ commands }) => commands),
    ...inSentences
      .filter((command) => !ASKS.test(command))
      .map((command) => command.replace(/\bFILE\b/, 'my.yaml')),
  ]),
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
});

afterAll(async () => {
  await agent?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('blocks of commands are marked as such, and those that are not run say why', () => {
  expect(blocks.length).toBeGreaterThan(20);
  const unmarked = fences
    .filter(({ language, text }) => language === '' && isCommand(text))
    .map(({ page, text }) => `${page}: ${text}`);
  expect(unmarked).toEqual([]);
  for (const { page, reason } of blocks) if (reason !== undefined) expect(reason, page).toMatch(/^\S.{9,}$/);
  expect(indented).toEqual([]);
  const foreign = run.filter((command) => !command.startsWith('log-capturer '));
  expect(foreign).toEqual([]);
});

test('what the list of those not run says is still needed', () => {
  for (const { commands } of NOT_RUN) expect(spans.some(({ command }) => commands.test(command))).toBe(true);
});

test('what curl is to ask of an agent is answered', async () => {
  const targets = inSentences
    .filter((command) => ASKS.test(command))
    .map((command) => command.replace(ASKS, ''));
  expect(targets.length).toBeGreaterThan(5);
  for (const target of targets) {
    const answer = await fetch(`${agent.url}${target}`);
    await answer.body?.cancel();
    expect(answer.status, target).toBe(200);
  }
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
