/** The journald source with a real systemd-journald and a real journalctl: what is written to the one is in the files of the agent, once. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Agent, killAgents } from '../support/agent.js';
import { PrivateJournal, whyNoPrivateJournal } from '../support/private-journal.js';
import { scratch } from '../support/scratch.js';

const KILLS = 3;
const PROGRAMS = ['alpha', 'beta', 'gamma'];
const LINES = 4_000;
const COMPLETE_DEADLINE_MS = 30_000;

const reason = whyNoPrivateJournal();
if (reason) console.warn(`The journald source is not tried with a real journal: ${reason}.`);

afterEach(killAgents);

interface Shown {
  readonly line: string;
  readonly fields?: Record<string, string>;
}

/** Lines of a container in the file sink's output, in their order. */
function shown(folder: string, container: string): Shown[] {
  const directory = path.join(folder, 'out', container);
  if (!existsSync(directory)) return [];
  const number = (name: string): number => Number(/\.(\d+)\.log$/.exec(name)?.[1] ?? 0);
  return readdirSync(directory)
    .toSorted((a, b) => number(a) - number(b))
    .flatMap((name) => readFileSync(path.join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Shown);
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + COMPLETE_DEADLINE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited too long: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(reason)('the journal of systemd', () => {
  async function bed(): Promise<{ folder: string; journal: PrivateJournal; start: () => Promise<Agent> }> {
    const folder = scratch('journald');
    const journal = await PrivateJournal.start(folder);
    onTestFinished(() => journal.close());
    const config = {
      journal: { sync_interval: '50ms' },
      sources: {
        host: {
          type: 'journald',
          directory: journal.files,
          start_at: 'beginning',
          matches: PROGRAMS.map((name) => `SYSLOG_IDENTIFIER=${name}`),
        },
      },
      sinks: { out: { type: 'file', directory: path.join(folder, 'out'), format: 'json' } },
    };
    return { folder, journal, start: async () => (await Agent.start({ folder, config })).ready() };
  }

  it('every line once and in order, over SIGKILLs while it rotates', async () => {
    const { folder, journal, start } = await bed();
    const writers = new Map<string, Socket>();
    for (const name of PROGRAMS) writers.set(name, await journal.writer(name));
    let agent = await start();
    const perTurn = LINES / 50;
    for (let turn = 0; turn < 50; turn++) {
      for (const [name, socket] of writers)
        for (let i = 0; i < perTurn; i++)
          socket.write(`${name} ${turn * perTurn + i} ${'x'.repeat(i % 200)}.\n`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (turn % 10 === 4) await journal.rotate();
      if (turn % Math.floor(50 / KILLS) !== 6) continue;
      agent.signal('SIGKILL');
      await agent.exit;
      agent = await start();
    }
    for (const socket of writers.values()) socket.end();
    const expected = (name: string): string[] =>
      Array.from({ length: LINES }, (_, i) => `${name} ${i} ${'x'.repeat((i % perTurn) % 200)}.`);
    const count = (name: string): number => shown(folder, name).length;
    await until(
      () => PROGRAMS.every((name) => count(name) >= LINES),
      () => PROGRAMS.map((name) => `${name}: ${count(name)} of ${journal.count(name)}`).join(', '),
    );
    await agent.stop();
    for (const name of PROGRAMS) {
      expect(shown(folder, name).map(({ line }) => line)).toEqual(expected(name));
      expect(shown(folder, name)[0].fields).toEqual({ level: 'warn', syslog_identifier: name });
    }
    const left = spawnSync('sh', [
      '-c',
      `grep -l journalctl /proc/[0-9]*/comm 2>/dev/null | while read f; do grep -l -a "${folder}" "\${f%comm}cmdline"; done`,
    ]);
    expect(left.stdout.toString()).toBe('');
  });

  it('what it dropped while the agent was down is a gap, and what is left comes', async () => {
    const { folder, journal, start } = await bed();
    const [name] = PROGRAMS;
    const writer = await journal.writer(name);
    const write = async (text: string): Promise<void> => {
      const before = journal.count(name);
      writer.write(`${text}\n`);
      await until(
        () => journal.count(name) > before,
        () => text,
      );
    };
    await write('first');
    let agent = await start();
    await until(
      () => shown(folder, name).length === 1,
      () => agent.log,
    );
    await agent.stop();
    // Nothing was written and nothing is missing.
    agent = await start();
    await write('second');
    await until(
      () => shown(folder, name).length === 2,
      () => agent.log,
    );
    expect((await agent.get<{ gaps: object[] }>('/api/v1/gaps')).gaps).toEqual([]);
    await agent.stop();

    await write('lost');
    await journal.rotate();
    journal.removeArchived();
    await write('third');
    agent = await start();
    await until(
      () => shown(folder, name).length === 3,
      () => agent.log,
    );
    const { gaps } = await agent.get<{ gaps: { why: string; container: string }[] }>('/api/v1/gaps');
    expect(gaps).toEqual([expect.objectContaining({ why: 'blind', container: 'host' })]);
    await agent.stop();
    expect(shown(folder, name).map(({ line }) => line)).toEqual(['first', 'second', 'third']);
    writer.destroy();
  });
});
