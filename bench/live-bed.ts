/**
 * Containers that write while we look: their json-files, a stub of the engine that names them, and a writer, which has a process
 * of its own on the second core, because the agent has the first.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workload } from './generate.js';
import type { Order } from './live-writer.js';
import { startStubEngine } from './stub-engine.js';

/** Starts a program of this folder, as it lies in the build, on that core, with an IPC channel. */
export function forkOn(core: number, program: string, args: readonly string[] = []): ChildProcess {
  const file = path.resolve(import.meta.dirname, program);
  return spawn('taskset', ['-c', String(core), process.execPath, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** On the second core: the agent has the first. */
export function fork(program: string): ChildProcess {
  return forkOn(1, program);
}

/** Sends a message, and resolves with the next one that comes. */
export async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  child.send(message);
  return (await once(child, 'message'))[0] as T;
}

/** Throws where it does not come to it within two minutes. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const begun = performance.now(); !(await isSo().catch(() => false)); await sleep(5))
    if (performance.now() - begun > 120_000) throw new Error(`It did not come to it that ${what}.`);
}

export interface LiveBed {
  /** Where the stub answers. */
  readonly endpoint: string;
  readonly containers: number;
  /** So many more lines, over all containers; `perSecond` 0: as fast as it goes. Resolves when they are written. */
  readonly write: (lines: number, perSecond: number) => Promise<void>;
  readonly close: () => void;
}

/** Containers without a line yet, under `folder`. */
export async function startLiveBed(folder: string, count: number): Promise<LiveBed> {
  const containers = Array.from({ length: count }, (_, i) => {
    const id = createHash('sha256').update(`live ${i}`).digest('hex');
    return { id, name: `bench-${i}`, digests: { stdout: '', stderr: '' } };
  });
  const files = containers.map(({ id }) => path.join(folder, 'containers', id, `${id}-json.log`));
  for (const file of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
  const work: Workload = { directory: folder, containers, lines: 0, messageBytes: 0, diskBytes: 0 };
  const socket = path.join(folder, 'engine.sock');
  const engine = await startStubEngine(work, socket);
  const writer = fork('live-writer.js');
  return {
    endpoint: `unix://${socket}`,
    containers: count,
    write: async (lines, perSecond) => {
      await ask(writer, { files, lines, perSecond } satisfies Order);
    },
    close: () => {
      writer.kill();
      engine.close();
      engine.closeAllConnections();
    },
  };
}
