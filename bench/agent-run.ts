/** Runs the built agent pinned to one core over a workload until everything is delivered, and measures its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workload } from './generate.js';
import { startStubEngine } from './stub-engine.js';

export interface Measured {
  readonly seconds: number;
  /** User and system time of the whole process, all threads. */
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

const MAIN = path.resolve(import.meta.dirname, '../src/main.js');
const CLOCK_TICKS = 100;

/** From the start of the process until `isDone`, asked every 50 ms; then a SIGTERM, which must end with 0. */
export async function runAgent(configFile: string, isDone: () => Promise<boolean>): Promise<Measured> {
  const started = performance.now();
  const child = spawn('taskset', ['-c', '0', process.execPath, MAIN, 'run', '--config', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-20_000);
  });
  try {
    while (!(await isDone())) {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${stderr}`);
      if (performance.now() - started > 600_000)
        throw new Error(`not delivered after 10 minutes:\n${stderr}`);
      await sleep(50);
    }
    return { seconds: (performance.now() - started) / 1000, ...usage(child) };
  } finally {
    await stop(child);
  }
}

/**
 * The agent over the json-files of `work`, with `sections` of a configuration beside source, ports and journal; everything
 * of it lies in `scratch`. `isDone` is asked with the port of its API.
 */
export async function runOver(
  work: Workload,
  scratch: string,
  sections: string,
  isDone: (port: number) => Promise<boolean>,
): Promise<Measured> {
  const socket = path.join(scratch, 'engine.sock');
  const engine = await startStubEngine(work, socket);
  try {
    const port = await freePort();
    const configFile = path.join(scratch, 'config.yaml');
    writeFileSync(
      configFile,
      `data_dir: ${scratch}/data
server: { port: ${port} }
metrics: { port: 0 }
journal: { max_bytes: 2GiB }
sources: { containers: { type: docker, endpoint: "unix://${socket}", start_at: beginning } }
${sections}
`,
    );
    return await runAgent(configFile, () => isDone(port));
  } finally {
    engine.close();
    engine.closeAllConnections();
  }
}

/** Of an odd number of figures; of an even one the upper of the two. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Lines that `sink` has taken, as the agent's API says; 0 where it does not answer yet. */
export async function delivered(port: number, sink: string): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/sinks`);
    const { sinks } = (await response.json()) as { sinks: { name: string; linesDelivered: number }[] };
    return sinks.find(({ name }) => name === sink)?.linesDelivered ?? 0;
  } catch {
    return 0;
  }
}

function usage(child: ChildProcess): { cpuSeconds: number; peakRssMb: number } {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / CLOCK_TICKS, peakRssMb: peakKb / 1024 };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the agent's exit code was ${code}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
