/**
 * A host in small: an engine that only says what it has, two containers whose json-files the test writes, and the built
 * agent between these and a directory of files. What an agent leaves behind can be kept, damaged, and put back.
 */
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { type FakeEngine, fakeEngine, json } from '../../src/sources/docker/testing/fake-engine.js';
import { Agent, type AgentOptions } from './agent.js';

export const CONTAINERS = ['web', 'db'];
const PATIENCE = { timeout: 60_000, interval: 25 };
const OWN = new RegExp(`^\\S+ stdout ((?:${CONTAINERS.join('|')}) \\d+)$`);

const idOf = (container: string): string =>
  (CONTAINERS.indexOf(container) + 1).toString(16).padStart(64, '0');

export interface Ledger {
  readonly journal: { readonly committed: number; readonly uncommitted: number };
  readonly sinks: readonly {
    readonly delivered: number;
    readonly lost: Readonly<Record<string, number>>;
    readonly pending?: number;
  }[];
  readonly unaccounted: Readonly<Record<string, number>>;
}

/** What an agent left: its journal and its output, by the names under which they were kept. */
export interface Left {
  readonly data: string;
  readonly output: string;
}

export class Host {
  readonly folder: string;
  readonly dataDir: string;
  readonly output: string;
  readonly #engine: FakeEngine;
  /** Lines of each container. */
  #written = 0;

  private constructor(folder: string, dataDir: string, engine: FakeEngine) {
    this.folder = folder;
    this.dataDir = dataDir;
    this.output = path.join(folder, 'out');
    this.#engine = engine;
  }

  static async start(folder: string, dataDir = path.join(folder, 'data')): Promise<Host> {
    const engine = await fakeEngine();
    for (const container of CONTAINERS) {
      const id = idOf(container);
      const directory = path.join(engine.dir, 'root/containers', id);
      mkdirSync(directory, { recursive: true });
      const config = {
        ID: id,
        Name: `/${container}`,
        Created: '2020-01-01T00:00:00Z',
        Config: { Image: 'test', Labels: {} },
      };
      writeFileSync(
        path.join(directory, 'hostconfig.json'),
        JSON.stringify({ LogConfig: { Type: 'json-file' } }),
      );
      writeFileSync(path.join(directory, 'config.v2.json'), JSON.stringify(config));
    }
    engine.routes.set(
      '/containers/json',
      json(
        CONTAINERS.map((container) => ({ Id: idOf(container), Names: [`/${container}`], State: 'running' })),
      ),
    );
    return new Host(folder, dataDir, engine);
  }

  async close(): Promise<void> {
    await this.#engine.dispose();
  }

  /** Where the engine listens. */
  get endpoint(): string {
    return `unix://${this.#engine.socket}`;
  }

  /** The engine answers nobody any more. */
  async stopEngine(): Promise<void> {
    await this.#engine.stop();
  }

  /** The log of a container: the file that an engine would write. */
  logOf(container: string): string {
    const id = idOf(container);
    return path.join(this.#engine.dir, 'root/containers', id, `${id}-json.log`);
  }

  /** So many lines more for each container. */
  write(lines: number): void {
    for (const container of CONTAINERS) {
      const records = Array.from({ length: lines }, (_, i) => {
        const log = `${container} ${this.#written + i}\n`;
        return `${JSON.stringify({ log, stream: 'stdout', time: new Date().toISOString() })}\n`;
      });
      appendFileSync(this.logOf(container), records.join(''));
    }
    this.#written += lines;
  }

  /** Each line that was written, by container, in order. */
  get written(): Record<string, string[]> {
    const numbers = Array.from({ length: this.#written }, (_, n) => n);
    return Object.fromEntries(
      CONTAINERS.map((container) => [container, numbers.map((n) => `${container} ${n}`)]),
    );
  }

  /** Each line of a container in the output, in order, whatever else is there. */
  get delivered(): Record<string, string[]> {
    return Object.fromEntries(CONTAINERS.map((container) => [container, this.#linesOf(container)]));
  }

  #linesOf(container: string): string[] {
    // Those that were there before the agent are in an output of their own.
    const outputs = [`${container}.catch-up`, container].map((output) => path.join(this.output, output));
    const files = outputs.flatMap((output) => filesIn(output).sort());
    const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    return lines.flatMap((line) => OWN.exec(line)?.[1] ?? []);
  }

  /** Without an output lines are journaled, and that is all. */
  async agent(hasOutput: boolean, options: Partial<AgentOptions> = {}): Promise<Agent> {
    const sinks = hasOutput ? { sinks: { files: { type: 'file', directory: this.output } } } : {};
    const agent = await Agent.start({
      folder: this.folder,
      dataDir: this.dataDir,
      config: {
        journal: { min_free: '0%', sync_interval: '20ms' },
        sources: { containers: { type: 'docker', endpoint: this.endpoint, start_at: 'beginning' } },
        ...sinks,
      },
      ...options,
    });
    return agent.ready();
  }

  /** Until all that was written is in the journal. */
  async journaled(agent: Agent): Promise<void> {
    await vi.waitFor(async () => {
      const { journal } = await agent.get<Ledger>('/api/v1/ledger');
      expect(journal.committed).toBeGreaterThanOrEqual(this.#written * CONTAINERS.length);
      expect(journal.uncommitted).toBe(0);
    }, PATIENCE);
  }

  /** Until the last line of each container is in the output, and nothing is pending. Answers the ledger. */
  async complete(agent: Agent): Promise<Ledger> {
    return vi.waitFor(async () => {
      for (const [container, lines] of Object.entries(this.delivered))
        expect(lines).toContain(`${container} ${this.#written - 1}`);
      const ledger = await agent.get<Ledger>('/api/v1/ledger');
      expect(ledger.sinks).toEqual([expect.objectContaining({ pending: 0 })]);
      return ledger;
    }, PATIENCE);
  }

  /** Keeps a copy of what the agent left. */
  keep(name: string): Left {
    const left = {
      data: path.join(this.folder, `${name}.data`),
      output: path.join(this.folder, `${name}.out`),
    };
    copy(path.join(this.dataDir, 'journal'), left.data);
    copy(this.output, left.output);
    return left;
  }

  /** Puts copies back in place of what is there. */
  putBack({ data, output }: Left): void {
    copy(data, path.join(this.dataDir, 'journal'));
    copy(output, this.output);
  }

  /** The journal's files, oldest first. */
  get segments(): string[] {
    return filesIn(path.join(this.dataDir, 'journal')).sort();
  }
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  const filter = (file: string): boolean => path.basename(file) !== 'lock';
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter });
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => path.join(directory, name));
  } catch {
    return [];
  }
}
