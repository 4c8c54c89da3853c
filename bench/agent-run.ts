/** Runs a built agent pinned to one core, and measures its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workload } from './generate.js';
import { type Usage, usageOf } from './process-usage.js';
import { startStubEngine } from './stub-engine.js';
import { OWN, type Subject } from './subject.js';

/** How an agent is run. */
export interface Way {
  readonly subject: Subject;
  /** A folder for a CPU profile of each of its threads, which costs some percent. */
  readonly profile?: string | undefined;
  /** A program before the agent's own command line. */
  readonly wrapper?: readonly string[];
  /** Gets each line that a sink writes to standard output. */
  readonly onLine?: (line: string) => void;
}

export interface Measured extends Usage {
  readonly seconds: number;
  /** Of the main thread, as the agent's own metrics say. */
  readonly gcSeconds: number;
}

const PATIENCE_MS = 600_000;
const LAST_WORDS = 20_000;

export class Agent {
  readonly begunMs = performance.now();
  readonly port: number;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    child.stderr?.on('data', (data: Buffer) => {
      this.#said = (this.#said + data.toString()).slice(-LAST_WORDS);
    });
  }

  /** With `sections` of a configuration beside ports and `data_dir`, which lie in `scratch`. */
  static async start(way: Way, scratch: string, sections: string): Promise<Agent> {
    const port = await freePort();
    const configFile = path.join(scratch, 'config.yaml');
    const base = `data_dir: ${scratch}/data\nserver: { port: ${port} }\nmetrics: { port: 0 }\n`;
    writeFileSync(configFile, `${base}${sections}\n`);
    const { subject, profile, wrapper = [], onLine } = way;
    const profiling: string[] = [];
    if (profile !== undefined) {
      mkdirSync(profile, { recursive: true });
      profiling.push('--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`);
    }
    const program = [...wrapper, subject.node, ...profiling, subject.main, 'run', '--config', configFile];
    const stdout = onLine ? 'pipe' : 'ignore';
    const child = spawn('taskset', ['-c', '0', ...program], { stdio: ['ignore', stdout, 'pipe'] });
    if (onLine && child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
    return new Agent(child, port);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  usage(): Usage {
    return usageOf(this.pid);
  }

  /** Asks every 50 ms. Throws where the agent ends before it, or it takes ten minutes. */
  async until(isDone: () => Promise<boolean>): Promise<void> {
    const since = performance.now();
    while (!(await isDone())) {
      const code = this.#child.exitCode ?? this.#child.signalCode;
      if (code !== null) throw new Error(`the agent ended with ${code}:\n${this.#said}`);
      if (performance.now() - since > PATIENCE_MS)
        throw new Error(`not done after 10 minutes:\n${this.#said}`);
      await sleep(50);
    }
  }

  async get<T>(route: string): Promise<T> {
    return (await (await fetch(`http://127.0.0.1:${this.port}/api/v1/${route}`)).json()) as T;
  }

  /** The sum over all labels; 0 where there is none. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const values = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
    return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Since its process was started; without what the question for the garbage collector costs. */
  async measured(): Promise<Measured> {
    const seconds = (performance.now() - this.begunMs) / 1000;
    const usage = this.usage();
    return { seconds, ...usage, gcSeconds: await this.metric('nodejs_gc_duration_seconds_sum') };
  }

  /** Resolves when all that it said has come. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.killed();
  }

  /** Waits for somebody else's SIGKILL. */
  async killed(): Promise<void> {
    const [code, signal] = await once(this.#child, 'close');
    if (signal !== 'SIGKILL') throw new Error(`the agent ended with ${code ?? signal}:\n${this.#said}`);
  }

  /** A SIGTERM, which must end with 0. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const [code] = await once(this.#child, 'exit');
    if (code !== 0) throw new Error(`the agent's exit code was ${code}:\n${this.#said}`);
  }
}

/**
 * The agent over the json-files of `work`, with `sections` of a configuration beside source, ports and journal; everything
 * of it lies in `scratch`. It is stopped when `body` is done.
 */
export async function withAgentOver<T>(
  work: Workload,
  way: Way,
  scratch: string,
  sections: string,
  body: (agent: Agent) => Promise<T>,
): Promise<T> {
  const socket = path.join(scratch, 'engine.sock');
  const engine = await startStubEngine(work, socket);
  try {
    const source = `containers: { type: docker, endpoint: "unix://${socket}", start_at: beginning }`;
    const base = `journal: { max_bytes: 2GiB }\nsources: { ${source} }`;
    const agent = await Agent.start(way, scratch, `${base}\n${sections}`);
    try {
      return await body(agent);
    } finally {
      await agent.stop();
    }
  } finally {
    engine.close();
    engine.closeAllConnections();
  }
}

/** Until `isDone`, which is asked with the port of its API. */
export function runOver(
  work: Workload,
  scratch: string,
  sections: string,
  isDone: (port: number) => Promise<boolean>,
  way: Way = { subject: OWN },
): Promise<Measured> {
  return withAgentOver(work, way, scratch, sections, async (agent) => {
    await agent.until(() => isDone(agent.port));
    return agent.measured();
  });
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

/** A folder that is gone when `body` is done. */
export async function withScratch<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-bench-run-'));
  try {
    return await body(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
