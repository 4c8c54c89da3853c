/**
 * A soak of two minutes at the scale that small tests lie about, by the command as a user gives it; and that it judges no
 * build but that of the sources in front of it, cleans up after itself and after one that was killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { SoakReport } from '../../src/soak/types.js';
import { describeWithEngine } from '../support/engine-test.js';
import { projectRoot } from '../support/project.js';

const MINUTE = 60_000;

const folder = mkdtempSync(path.join(tmpdir(), 'lct-soak-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Listed {
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

interface Soak {
  readonly child: ChildProcess;
  readonly directory: string;
  /** What it has said so far. */
  readonly said: () => string;
  /** Resolves when it has said so, or rejects when it has ended without. */
  readonly says: (pattern: RegExp) => Promise<void>;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

function soak(name: string, args: readonly string[], root = projectRoot()): Soak {
  const directory = path.join(folder, name);
  const child = spawn(
    process.execPath,
    [path.join(root, 'dist/src/main.js'), 'soak', '--directory', directory, ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const says = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      const isOver = await Promise.race([
        once(child.stderr, 'data').then(() => false),
        ended.then(() => true),
      ]);
      if (isOver && !pattern.test(text))
        throw new Error(`The soak ended without saying ${pattern}:\n${text}`);
    }
  };
  return { child, directory, said: () => text, says, ended };
}

function reportOf(directory: string): SoakReport {
  const [file] = readdirSync(directory).filter((name) => /^soak-.*\.json$/.test(name));
  return JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as SoakReport;
}

/** The agent that a soak with this directory has started, while it lives. */
function agentOf(directory: string): string | undefined {
  return readdirSync('/proc').find((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/agent-`)
      );
    } catch {
      return false;
    }
  });
}

describeWithEngine('soak', ({ facts, api }) => {
  /** The containers that are there of one soak; others may run beside it. */
  const crowd = async ({ child }: Soak): Promise<string[]> => {
    const list = await api.call<Listed[]>('GET', '/containers/json?all=1');
    return list
      .filter(({ Labels }) => Labels['log-capturer.test.owner']?.split('/')[1] === String(child.pid))
      .map(({ Names }) => Names[0]);
  };
  const here = ['--endpoint', facts.endpoint, '--image', facts.image];

  it('of 55 containers whose streams rotate every 2 s passes', { timeout: 8 * MINUTE }, async () => {
    const whole = soak('whole', [...here, '--containers=55', '--minutes=2', '--rotate-every=2s']);
    expect(await whole.ended, whole.said()).toBe(0);
    const { passed, criteria, samples, events } = reportOf(whole.directory);
    expect(criteria.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(passed).toBe(true);
    // That these were judged and not only passed over.
    const judged = new Set(criteria.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id));
    for (const id of [
      'course',
      'lines',
      'pool',
      'rotations',
      'heartbeats',
      'requests',
      'unowned',
      'drained.census',
    ])
      expect(judged).toContain(id);
    expect(new Set(samples.map(({ phase }) => phase))).toEqual(
      new Set(['baseline', 'warm-up', 'run', 'draining', 'drained']),
    );
    expect(Math.max(...samples.map(({ containers }) => containers))).toBe(55);
    expect(events.map(({ text }) => text)).toContain('the run begins');
    expect(await crowd(whole)).toEqual([]);
  });

  it('ends early on the first signal, with a report and without containers', {
    timeout: 3 * MINUTE,
  }, async () => {
    const cut = soak('cut', [...here, '--containers=3', '--minutes=10', '--churn', '--rotate-every=1s']);
    await cut.says(/begins with 3 containers/);
    expect(await crowd(cut)).toHaveLength(3);
    cut.child.kill('SIGINT');
    expect(await cut.ended).toBe(1);
    expect(cut.said()).toContain('cut short');
    expect(reportOf(cut.directory).criteria).toContainEqual(
      expect.objectContaining({ id: 'course', verdict: 'fail' }),
    );
    expect(await crowd(cut)).toEqual([]);
  });

  it('removes what one that was killed has left, and nothing else', { timeout: 3 * MINUTE }, async () => {
    const killed = soak('killed', [...here, '--containers=2', '--minutes=10']);
    await killed.says(/begins with 2 containers/);
    expect(agentOf(killed.directory)).toBeDefined();
    killed.child.kill('SIGKILL');
    await killed.ended;
    await vi.waitUntil(() => agentOf(killed.directory) === undefined, { timeout: 20_000 });
    expect(await crowd(killed)).toHaveLength(2);
    const other = await api.create({ name: 'not-of-a-soak', image: facts.image, command: ['/bin/sh'] });
    const next = soak('next', [...here, '--containers=1', '--minutes=10']);
    await next.says(/left behind: 2 containers/);
    await next.says(/begins with 1 container/);
    expect([await crowd(killed), await crowd(next)]).toEqual([[], [expect.any(String)]]);
    await api.inspect(other);
    // Twice: at once, with whatever there is.
    next.child.kill('SIGINT');
    next.child.kill('SIGTERM');
    expect(await next.ended).toBeGreaterThan(0);
  });

  it('says which image it wants where there is none', { timeout: MINUTE }, async () => {
    const { ended, said } = soak('no-image', ['--endpoint', facts.endpoint, '--image', 'no.such/image:1']);
    expect(await ended).toBe(1);
    expect(said()).toMatch(/The image no\.such\/image:1 cannot be had: .*--image/s);
  });
});

describe('soak without an engine', () => {
  it('refuses a build that was not made from the sources in front of it', async () => {
    const root = path.join(folder, 'copy');
    mkdirSync(root);
    for (const part of [
      'dist/src',
      'src',
      'ui',
      'scripts',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ]) {
      cpSync(path.join(projectRoot(), part), path.join(root, part), { recursive: true });
    }
    symlinkSync(path.join(projectRoot(), 'node_modules'), path.join(root, 'node_modules'));
    const nowhere = ['--endpoint', `unix://${folder}/none.sock`];
    const fresh = soak('fresh', nowhere, root);
    expect(await fresh.ended).toBe(1);
    expect(fresh.said()).toContain('No Docker engine is there');
    appendFileSync(path.join(root, 'src/main.ts'), '// touched\n');
    const stale = soak('stale', nowhere, root);
    expect(await stale.ended).toBe(1);
    expect(stale.said()).toMatch(/was made from other sources .*npm run build/);
  });

  it.each([
    [['--containers=0'], /whole number from 1/],
    [['--minutes=never'], /number of minutes/],
    [['--rotate-every=10ms'], /duration from 1s/],
    [['--unknown'], /unknown option/],
  ])('takes %s for wrong usage', async (args, words) => {
    const { ended, said } = soak('usage', args);
    expect(await ended).toBe(2);
    expect(said()).toMatch(words);
  });
});
