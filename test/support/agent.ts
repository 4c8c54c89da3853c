/**
 * The built agent as a child process: started with a configuration, waited for, spoken to over HTTP, stopped or killed.
 * Refuses to judge a build that was not made from the sources in front of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type * as Digest from '../../scripts/digest.mjs';
import { freePort } from './ports.js';
import { projectRoot } from './project.js';

export interface AgentOptions {
  /** Gets the configuration file, the log of all agents started in it, and the data directory unless `dataDir` says otherwise. */
  readonly folder: string;
  /** An object gets a free port of loopback, and none for metrics, where it names none; a text is taken as it is. */
  readonly config: object | string;
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Names of modules in test/support that are loaded before the agent. */
  readonly preloads?: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Where the built program is, if not in the project. */
  readonly program?: { readonly node: string; readonly root: string };
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY_DEADLINE_MS = 60_000;
const READY_EVERY_MS = 25;
// A healthy stop takes far less; only a hang misses this.
const STOP_DEADLINE_MS = 30_000;

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** How it is asked. */
interface Way {
  readonly url: string;
  readonly token?: string;
}

export class Agent {
  /** With its base path, and without a slash at the end. */
  readonly url: string;
  readonly exit: Promise<Exit>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];
  readonly #watchers = new Set<() => void>();
  #ended: Exit | undefined;

  private constructor(child: ChildProcess, { url, token }: Way, logFile: string) {
    this.url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#child = child;
    alive.add(child);
    if (!child.stderr) throw new Error('The agent was started without a pipe for its log.');
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#log.push(line);
      appendFileSync(logFile, `${child.pid} ${line}\n`);
      for (const wake of this.#watchers) wake();
    });
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        alive.delete(child);
        this.#ended = { code, signal };
        for (const wake of this.#watchers) wake();
        resolve(this.#ended);
      });
    });
  }

  /** Starts `run`. Does not wait until it is ready. */
  static async start(options: AgentOptions): Promise<Agent> {
    const root = options.program?.root ?? projectRoot();
    const { text, way } = await configText(options.config);
    const file = path.join(options.folder, 'config.yaml');
    mkdirSync(options.folder, { recursive: true });
    writeFileSync(file, text);
    const hooks = ['orphan-hook.mjs', ...(options.preloads ?? [])];
    const args = [
      ...hooks.flatMap((name) => ['--import', `file://${path.join(root, 'test/support', name)}`]),
      path.join(root, 'dist/src/main.js'),
      'run',
      '--config',
      file,
      '--data-dir',
      options.dataDir ?? path.join(options.folder, 'data'),
    ];
    const child = spawn(options.program?.node ?? process.execPath, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      cwd: options.folder,
      // Nothing of the test's own environment: DOCKER_HOST, LOG_CAPTURER_… and NODE_OPTIONS change what an agent does.
      env: { PATH: process.env['PATH'], HOME: options.folder, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    return new Agent(child, way, path.join(options.folder, 'agents.log'));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it has said so far. */
  get log(): string {
    return this.#log.join('\n');
  }

  /** Resolves with the first line of its log that matches, already there or still to come. */
  async said(pattern: RegExp, deadlineMs = READY_DEADLINE_MS): Promise<string> {
    const find = (): string | undefined => this.#log.find((line) => pattern.test(line));
    await this.#until(
      () => find() !== undefined || this.#ended !== undefined,
      deadlineMs,
      `to say ${pattern}`,
    );
    const line = find();
    if (line === undefined) throw new Error(`The agent ended without saying ${pattern}:\n${this.log}`);
    return line;
  }

  /** Resolves when it is ready, and only if it was built from the present sources. */
  async ready(): Promise<this> {
    const deadline = performance.now() + READY_DEADLINE_MS;
    for (;;) {
      if (this.#ended) throw new Error(`The agent ended with ${JSON.stringify(this.#ended)}:\n${this.log}`);
      const status = await fetch(`${this.url}/ready`).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.status;
        },
        () => 0,
      );
      if (status === 200) break;
      if (performance.now() > deadline)
        throw new Error(`The agent is not ready after a minute:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, READY_EVERY_MS));
    }
    const { digest } = await this.get<{ digest: string }>('/api/v1/build');
    const expected = await presentDigest();
    if (digest !== expected) {
      throw new Error(`The running build (${digest}) is not of these sources (${expected}): npm run build.`);
    }
    return this;
  }

  async get<T>(target: string): Promise<T> {
    const answer = await fetch(`${this.url}${target}`, { headers: this.#headers });
    return (await answer.json()) as T;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to stop and resolves when it has: its exit and how many milliseconds it took. Kills it when it hangs. */
  async stop(): Promise<Exit & { ms: number }> {
    const before = performance.now();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_DEADLINE_MS);
    const exit = await this.exit;
    clearTimeout(timer);
    return { ...exit, ms: performance.now() - before };
  }

  async #until(condition: () => boolean, deadlineMs: number, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(wake);
      };
      const wake = (): void => {
        if (!condition()) return;
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`Waited ${deadlineMs} ms for the agent ${what}. It said:\n${this.log}`));
      }, deadlineMs);
      this.#watchers.add(wake);
    });
  }
}

/** Of the sources in front of us. Scripts are no part of the build. */
async function presentDigest(): Promise<string> {
  const script = pathToFileURL(path.join(projectRoot(), 'scripts/digest.mjs')).href;
  const { sourceDigest } = (await import(script)) as typeof Digest;
  return sourceDigest(projectRoot());
}

async function configText(config: object | string): Promise<{ text: string; way: Way }> {
  if (typeof config === 'string') return { text: config, way: { url: '' } };
  const { server } = config as { server?: { port?: number; base_path?: string; token?: string } };
  const port = server?.port ?? (await freePort());
  // JSON is YAML.
  const full = { metrics: { port: 0 }, ...config, server: { ...server, port } };
  const url = `http://127.0.0.1:${port}${server?.base_path ?? ''}`;
  return {
    text: JSON.stringify(full, null, 2),
    way: { url, ...(server?.token === undefined ? {} : { token: server.token }) },
  };
}

/** Kills what is still running; for the end of a test that failed half-way. */
export async function killAgents(): Promise<void> {
  const children = [...alive];
  await Promise.all(
    children.map(
      async (child) =>
        new Promise((resolve) => {
          child.once('close', resolve);
          child.kill('SIGKILL');
        }),
    ),
  );
}
