/** Runs the built agent pinned to one core over a workload until everything is delivered, and measures its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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
