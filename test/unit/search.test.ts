/**
 * The search of the built agent while it captures: against grep over what the file sink wrote, through the command and the
 * API; who does not read holds up nobody; what the worker opens is owned.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Agent, killAgents } from '../support/agent.js';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';

const MAIN = path.join(projectRoot(), 'dist/src/main.js');
const LINES = 6_000;

afterEach(() => killAgents());

interface Capturing {
  readonly agent: Agent;
  readonly output: string;
  readonly folder: string;
}

async function capture(name: string): Promise<Capturing> {
  const folder = scratch(name);
  const output = path.join(folder, 'out');
  const agent = await Agent.start({
    folder,
    config: {
      sources: { demo: { type: 'demo', lines_per_second: 2_000, containers: 8 } },
      sinks: { files: { type: 'file', directory: output } },
    },
  });
  await agent.ready();
  await until(async () => (await delivered(agent)) >= LINES);
  return { agent, output, folder };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(50);
  }
}

async function delivered(agent: Agent): Promise<number> {
  const { sinks } = await agent.get<{ sinks: { linesDelivered: number }[] }>('/api/v1/sinks');
  return sinks[0].linesDelivered;
}

async function appended(agent: Agent): Promise<number> {
  return (await agent.get<{ linesAppended: number }>('/api/v1/journal')).linesAppended;
}

/** A moment; what was captured before it is in the files. */
async function moment(agent: Agent): Promise<string> {
  const now = new Date().toISOString();
  const lines = await appended(agent);
  await until(async () => (await delivered(agent)) >= lines);
  return now.replace('Z', '000000Z');
}

/** What grep finds of the time before `to`: `time container stream line`. */
function grepped(output: string, pattern: readonly string[], to: string, names = /^demo-/): string[] {
  const containers = readdirSync(output).filter((name) => names.test(name) && !name.endsWith('.log'));
  return containers
    .flatMap((container) => {
      const lines = spawnSync('grep', ['-rhE', ...pattern, path.join(output, container)], {
        encoding: 'utf8',
      });
      return lines.stdout.split('\n').map((line) => line.replace(' ', ` ${container} `));
    })
    .filter((line) => line !== '' && line < to)
    .sort();
}

interface Result {
  readonly code: number | null;
  readonly lines: string[];
  readonly err: string;
}

async function search(folder: string, agent: Agent, args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, 'search', '--url', agent.url, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exit) as [number | null];
  return { code, lines: out.split('\n').slice(0, -1), err };
}

function asGrepped(line: string): string {
  const { time, container, stream, line: told } = JSON.parse(line) as Record<string, string>;
  return `${time} ${container} ${stream} ${told}`;
}

test('finds what grep finds in the files, while lines come', async () => {
  const { agent, output, folder } = await capture('search-grep');
  const to = await moment(agent);
  const queries: readonly (readonly [query: string, grep: readonly string[], names?: RegExp])[] = [
    ['{} |= "retrying"', ['retrying']],
    ['RETRYING', ['-i', 'retrying']],
    [
      '{container=~"demo-(web|api)"} |~ "(GET|POST) .*request=[0-9]*7$" |= " 200 "',
      [' 200 .*request=[0-9]*7$'],
      /^demo-(web|api)$/,
    ],
    ['', ['']],
  ];
  for (const [query, grep, names] of queries) {
    const expected = grepped(output, grep, to, names);
    expect(expected.length).toBeGreaterThan(20);
    const { code, lines, err } = await search(folder, agent, [
      query,
      '--since',
      '1h',
      '--until',
      to,
      '--json',
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(lines.map(asGrepped).sort()).toEqual(expected);
    const times = lines.map((line) => (JSON.parse(line) as { time: string }).time);
    expect(times).toEqual([...times].sort());
  }
  const expected = grepped(output, ['retrying'], to);
  const newest = await search(folder, agent, ['retrying', '--until', to, '-n', '5']);
  expect(newest.lines.map((line) => line.slice(0, 30))).toEqual(
    expected.slice(-5).map((line) => line.slice(0, 30)),
  );
  const parameters = new URLSearchParams({ query: '{} |= "retrying"', from: '1h', to });
  const download = await fetch(`${agent.url}/api/v1/search/download?${parameters.toString()}`);
  expect(download.headers.get('content-disposition')).toMatch(
    /^attachment; filename="log-capturer-.*\.log"$/,
  );
  expect((await download.text()).split('\n').slice(0, -1).sort()).toEqual(expected);
  expect((await agent.stop()).code).toBe(0);
  expect(agent.log).not.toContain('SEARCH_FAILED');
}, 120_000);

test('answers as grep does', async () => {
  const { agent, folder } = await capture('search-codes');
  const nothing = await search(folder, agent, ['there is no such line']);
  expect(nothing).toEqual({ code: 1, lines: [], err: '' });
  const wrong = await search(folder, agent, ['{container=']);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('At character 12');
  const range = await search(folder, agent, ['x', '--since', 'yesterday']);
  expect(range.code).toBe(2);
  expect(range.err).toContain('from must be');
  await agent.stop();
  const gone = await search(folder, agent, ['x']);
  expect(gone.code).toBe(2);
  expect(gone.err).toContain('No agent answers');
}, 120_000);

test('who does not read holds up neither others nor capture, and leaves nothing behind', async () => {
  const { agent } = await capture('search-slow');
  await until(async () => (await appended(agent)) > 20_000);
  const slow = request(`${agent.url}/api/v1/search/download?format=jsonl&from=1h`, { agent: false }).end();
  const [response] = (await once(slow, 'response')) as [NodeJS.ReadableStream];
  response.pause();
  const before = await appended(agent);
  const answer = await fetch(`${agent.url}/api/v1/histogram?from=1h`);
  expect(await answer.text()).toContain('"reason":"complete"');
  expect(await owned(agent)).toEqual({ unowned: noneOf(), questions: 1, workers: 1 });
  await until(async () => (await appended(agent)) > before + 2_000);
  slow.destroy();
  await until(async () => (await owned(agent)).questions === 0);
  expect((await owned(agent)).unowned).toEqual(noneOf());
  expect((await agent.stop()).code).toBe(0);
}, 120_000);

interface Tree {
  readonly name: string;
  readonly resources: readonly { readonly kind: string }[];
  readonly scopes: readonly Tree[];
}

interface Owned {
  readonly unowned: Readonly<Record<string, number>>;
  readonly questions: number;
  readonly workers: number;
}

/** What nobody owns, how many questions are open, and how many workers. */
async function owned(agent: Agent): Promise<Owned> {
  const { unowned, tree } = await agent.get<{ unowned: Record<string, number>; tree: Tree }>(
    '/debug/resources',
  );
  const all = (tree: Tree): Tree[] => [tree, ...tree.scopes.flatMap(all)];
  const scopes = all(tree);
  return {
    unowned,
    questions: scopes.filter(({ name }) => name === 'question to the history').length,
    workers: scopes.flatMap(({ resources }) => resources).filter(({ kind }) => kind === 'worker').length,
  };
}

function noneOf(): Record<string, number> {
  return { file: 0, socket: 0, watcher: 0, timer: 0, worker: 0, pipe: 0, other: 0 };
}
