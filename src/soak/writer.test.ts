/** The script runs in this machine's own shell: what it writes is what the oracle expects. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LineOracle } from './lines.js';
import { type Role, roleOf, writerScript } from './writer.js';

const RUN = 'r1';
const NAME = 'soak';

interface Writer {
  /** Resolves when it has begun, and this many lines came. */
  came(lines: number): Promise<void>;
  /** Asks for the end and resolves with the exit code once every line is read. */
  stop(): Promise<number | null>;
}

function write(oracle: LineOracle, container: number, role: Role, folder = scratch()): Writer {
  // In a container the file lies at the root of its own file system.
  const script = writerScript({ run: RUN, container, role, longLines: true }).replaceAll(
    '/generation',
    path.join(folder, 'generation'),
  );
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  onTestFinished(() => killGroup(child.pid));
  const waiting = new Set<() => void>();
  for (const output of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[output] }).on('line', (line) => {
      oracle.take(line, { container: NAME, output });
      for (const wake of waiting) wake();
    });
  }
  return {
    came: async (lines) => {
      const generations = path.join(folder, 'generation');
      await vi.waitUntil(() => existsSync(generations), { timeout: 10_000, interval: 10 });
      while (oracle.seen < lines && oracle.faultCount === 0)
        await new Promise<void>((resolve) => waiting.add(resolve));
    },
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      // In a container they end with its process 1.
      killGroup(child.pid);
      return (await closed)[0];
    },
  };
}

function killGroup(pid = 0): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lct-writer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the writer of a soak', () => {
  it.each([
    ['idle', 0, 1],
    ['rare', 1, 2],
    // The first burst with its long lines, and something of the second.
    ['chatty', 23, 24],
  ] as const)('that is %s writes what the oracle expects, and says how much', async (role, lines, least) => {
    const oracle = new LineOracle(RUN);
    const container = 14;
    oracle.expect(container, NAME);
    const writer = write(oracle, container, role);
    await writer.came(lines);
    expect(await writer.stop()).toBe(0);
    oracle.finish();
    expect(oracle.faults).toEqual([]);
    expect(oracle.seen).toBe(oracle.claimed);
    expect(oracle.seen).toBeGreaterThanOrEqual(least);
  });

  it('counts anew where it is started again', async () => {
    const oracle = new LineOracle(RUN);
    const folder = scratch();
    oracle.expect(1, NAME);
    for (let life = 1; life <= 2; life++) {
      const writer = write(oracle, 1, 'rare', folder);
      await writer.came(oracle.seen + 1);
      expect(await writer.stop()).toBe(0);
    }
    oracle.finish();
    expect(oracle.faults).toEqual([]);
    expect(oracle.claimed).toBe(oracle.seen);
  });

  it('is of each role by a third', () => {
    const roles = Array.from({ length: 9 }, (_, number) => roleOf(number));
    expect(roles.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'chatty'),
      ...Array.from({ length: 3 }, () => 'idle'),
      ...Array.from({ length: 3 }, () => 'rare'),
    ]);
  });
});
