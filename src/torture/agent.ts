/**
 * The agent of a torture: the built program as a process that is started, killed and started again with the same
 * configuration and data directory. Its own log goes to a file, and what the torture looks for in it is noted.
 */
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Scope } from '../runtime/scope.js';
import { within } from '../runtime/within.js';
import type { AgentClient } from '../selftest/agent-client.js';
import { startProgram, untilReady } from '../selftest/agent-program.js';
import { processState } from '../selftest/process-figures.js';
import { AgentLog } from './agent-log.js';
import type { KillReport } from './kill-hook.js';
import type { Moment } from './plan.js';

const STOP_DEADLINE_MS = 30_000;
const STATE_EVERY_MS = 10;
const STATE_DEADLINE_MS = 5_000;

export type KillRecord = Extract<KillReport, { event: 'kill' }>;

export interface AgentOptions {
  readonly program: string;
  /** Its log, its configuration and HOME. */
  readonly folder: string;
  /** All of it but the server's port. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** How a process of the agent ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process of it. */
export class AgentRun {
  readonly client: AgentClient;
  readonly exit: Promise<Exit>;
  /** Resolves at the first line that it reads. */
  readonly firstLines: Promise<void>;
  readonly startedMs = performance.now();
  readonly #child: ChildProcess;
  #kill: KillRecord | undefined;
  #hasEnded = false;

  constructor(child: ChildProcess, client: AgentClient, onLog: (line: string) => void) {
    this.#child = child;
    this.client = client;
    const [, , stderr, reports] = child.stdio as unknown as Readable[];
    createInterface({ input: stderr }).on('line', onLog);
    let flow!: () => void;
    this.firstLines = new Promise((resolve) => {
      flow = resolve;
    });
    createInterface({ input: reports }).on('line', (line) => {
      const entry = JSON.parse(line) as KillReport;
      if (entry.event === 'first-lines') flow();
      else this.#kill = entry;
    });
    child.stdin?.on('error', () => {});
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
    this.exit.catch(() => {});
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it told before it killed itself. */
  get kill(): KillRecord | undefined {
    return this.#kill;
  }

  /** It kills itself at this moment, or after `patienceMs` at any. */
  orderKill(moment: Moment, patienceMs: number): void {
    this.#child.stdin?.write(`kill ${moment} ${patienceMs}\n`);
  }

  killNow(): void {
    this.#child.kill('SIGKILL');
  }

  /** Stops it for so long; false where it was not seen to stand still. */
  async pause(scope: Scope, ms: number): Promise<boolean> {
    this.#child.kill('SIGSTOP');
    try {
      const deadline = performance.now() + STATE_DEADLINE_MS;
      while (processState(this.pid) !== 'T') {
        if (this.#hasEnded || scope.isClosing || performance.now() > deadline) return false;
        await scope.sleep(STATE_EVERY_MS);
      }
      await scope.sleep(ms);
      return processState(this.pid) === 'T';
    } finally {
      this.#child.kill('SIGCONT');
    }
  }

  /** Throws AGENT_UNREACHABLE. */
  async ready(scope: Scope): Promise<void> {
    await untilReady(scope, this.client, () => (this.#hasEnded ? 'it has ended' : undefined));
  }

  /** Asks it to stop, and kills it where it does not. */
  async stop(): Promise<Exit> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    if (!(await within(STOP_DEADLINE_MS, this.exit))) this.killNow();
    return this.exit;
  }
}

export class TorturedAgent {
  readonly #options: AgentOptions;
  readonly #file: WriteStream;
  #run: AgentRun | undefined;
  /** Over all of its processes. */
  readonly log = new AgentLog();

  /** Its last process ends with `scope`. */
  constructor(scope: Scope, options: AgentOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.#file = createWriteStream(path.join(options.folder, 'agent.log'));
    const onExit = (): void => this.#run?.killNow();
    process.once('exit', onExit);
    scope.own('task', 'agent', async () => {
      if (this.#run && !this.#run.hasEnded) await this.#run.stop();
      process.off('exit', onExit);
      await new Promise<void>((resolve) => this.#file.end(resolve));
    });
  }

  async start(): Promise<AgentRun> {
    const { program, folder, config } = this.#options;
    const { child, client } = await startProgram({
      program,
      preload: 'torture/kill-hook.js',
      folder,
      config,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    });
    this.#run = new AgentRun(child, client, (line) => this.#heed(line));
    return this.#run;
  }

  #heed(line: string): void {
    this.#file.write(`${line}\n`);
    this.log.take(line);
  }
}
