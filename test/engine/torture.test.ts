/**
 * The command `torture` as a user gives it: a seed that has every kind of weather, the engine restarted, the disk full, a pause
 * and a container made anew in seven kills. Nothing may be lost, and every planned fault must have happened.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TortureReport } from '../../src/torture/report.js';
import { describeWithEngine } from '../support/engine-test.js';
import { projectRoot } from '../support/project.js';

const MINUTE = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'lct-torture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function torture(...args: string[]): Promise<{ code: number | null; said: string }> {
  const main = path.join(projectRoot(), 'dist/src/main.js');
  const child = spawn(process.execPath, [main, 'torture', '--directory', folder, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

function reportOf(): TortureReport {
  const [file] = readdirSync(folder).filter((name) => /^torture-.*\.json$/.test(name));
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as TortureReport;
}

const mine = (pattern: RegExp): string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line));

// The engine of the tests is not used: that there can be one says that torture can have one of its own.
describeWithEngine('torture', () => {
  it('loses nothing through every fault that it knows', { timeout: 4 * MINUTE }, async () => {
    const { code, said } = await torture('--seed=437', '--kills=7', '--containers=6');
    expect(code, said).toBe(0);
    const { passed, leftOut, seeds } = reportOf();
    expect([passed, leftOut, seeds.length]).toEqual([true, [], 1]);
    const [{ criteria, result, plan }] = seeds;
    expect(criteria.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    const happened = new Map(result.witnessed.map((one) => [one.fault, one.happened]));
    expect(happened.get('kill')).toBe(7);
    const deeds = ['disk-full', 'engine-restart', 'pause', 'recreate'].map((kind) => `deed ${kind}`);
    const kinds = 'answer cut-answer cut-request late-answer lie reset slow stall'.split(' ');
    for (const fault of [...deeds, ...kinds.map((kind) => `weather ${kind}`)])
      expect(happened.get(fault), fault).toBeGreaterThan(0);
    // What it dropped itself it finds missing, but for what a kill made the agent send again.
    const { lines, missing, written } = result.receiver;
    expect(lines + missing.dropped + missing.engine).toBe(written);
    expect(plan).toHaveLength(6 + 7);
    // Nothing of it stays: no filesystem, no data of the agent.
    expect(mine(/log-capturer-torture/)).toEqual([]);
    expect(readdirSync(path.join(folder, 'seed-437'))).not.toContain('disk');
  });

  it('prints what a seed does without doing it, and takes no nonsense', { timeout: MINUTE }, async () => {
    const [first, again] = [await torture('--plan', '--seed=3..4'), await torture('--plan', '--seed=3..4')];
    expect(first).toEqual(again);
    expect(first.code).toBe(0);
    expect(first.said).toMatch(/^seed 3\n {2}container 0: .*\nseed 4\n/s);
    for (const nonsense of ['--seed=4..3', '--seed=x', '--kills=0', '--containers=0', '--unknown'])
      expect((await torture(nonsense)).code, nonsense).toBe(2);
  });
});
