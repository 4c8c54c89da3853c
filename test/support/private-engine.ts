/** A dockerd of the tests' own, beside whatever else is there; a shell (src/torture/keeper.ts) owns it and outlives us to clean up. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { KEEPER_SCRIPT } from '../../src/torture/keeper.js';
import { installPackages } from './debian-packages.js';
import { EngineApi } from './engine-api.js';

const PACKAGES = ['docker.io', 'containerd', 'runc', 'iptables'];
const START_DEADLINE_MS = 60_000;
const PING_EVERY_MS = 50;

/** Why this process cannot start an engine of its own; undefined where it can. Installs nothing. */
export function whyNoPrivateEngine(): string | undefined {
  if (process.platform !== 'linux') return `a private dockerd needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'starting a private dockerd needs root';
  if (!found('dockerd') && !found('apt-get'))
    return 'dockerd is not installed, and without apt-get (Debian, Ubuntu) the tests do not install it';
  return undefined;
}

function found(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

export class PrivateEngine {
  readonly folder: string;
  readonly endpoint: string;
  readonly #keeper: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string, keeper: ChildProcessWithoutNullStreams) {
    this.folder = folder;
    this.endpoint = `unix://${folder}/docker.sock`;
    this.#keeper = keeper;
    this.#ended = new Promise((resolve) => keeper.once('exit', () => resolve()));
    this.#answers = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]();
  }

  /** Installs dockerd where it is missing, starts one and waits until it answers. */
  static async start(): Promise<PrivateEngine> {
    if (!found('dockerd')) installPackages(PACKAGES);
    const folder = mkdtempSync(path.join(tmpdir(), 'lct-engine-'));
    // Agents of other users must get as far as the socket.
    chmodSync(folder, 0o755);
    const keeper = spawn('sh', ['-c', KEEPER_SCRIPT, 'keeper', folder], { detached: true });
    keeper.stderr.pipe(process.stderr);
    const engine = new PrivateEngine(folder, keeper);
    try {
      await engine.startDaemon();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  async startDaemon(): Promise<void> {
    await this.#command('start');
    const api = new EngineApi(this.endpoint, '');
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await api.answers())) {
      const tail = (): string => readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-1).join();
      const starting =
        existsSync(`${this.folder}/dockerd.pid`) || performance.now() < deadline - START_DEADLINE_MS + 20_000;
      if (!starting || performance.now() > deadline) throw new Error(`dockerd did not start:\n${tail()}`);
      await new Promise((resolve) => setTimeout(resolve, PING_EVERY_MS));
    }
  }

  /** Ends the daemon and with it its containers; its data stays for the next `startDaemon`. */
  async stopDaemon(): Promise<void> {
    await this.#command('stop');
  }

  /** Of the daemon that runs. */
  get pid(): number {
    return Number(readFileSync(`${this.folder}/dockerd.pid`, 'utf8'));
  }

  get logFile(): string {
    return `${this.folder}/dockerd.log`;
  }

  /** Ends the daemon and removes everything of it. Idempotent. */
  async close(): Promise<void> {
    this.#keeper.stdin.end();
    await this.#ended;
  }

  async #command(word: 'start' | 'stop'): Promise<void> {
    this.#keeper.stdin.write(`${word}\n`);
    const answer = await this.#answers.next();
    if (answer.value !== word)
      throw new Error(`The keeper of the private engine ended instead of "${word}".`);
  }
}
