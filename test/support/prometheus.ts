/** Debian's Prometheus, for the tests: as installed, else its package unpacked into a folder of theirs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './agent.js';
import { unpackPackages, whyNoPackages } from './debian-packages.js';

const PROGRAMS = '/usr/bin';
const START_DEADLINE_MS = 60_000;

/** Why there is none to be had here, as half a sentence; undefined where there is. */
export function whyNoPrometheus(): string | undefined {
  return isIn(PROGRAMS) ? undefined : whyNoPackages();
}

/** The folder with `prometheus` and `promtool`; fetched below `folder` where they are not installed. */
export function prometheusPrograms(folder: string): string {
  if (isIn(PROGRAMS)) return PROGRAMS;
  mkdirSync(folder, { recursive: true });
  return path.join(unpackPackages(['prometheus'], folder).root, PROGRAMS);
}

function isIn(folder: string): boolean {
  return existsSync(path.join(folder, 'prometheus')) && existsSync(path.join(folder, 'promtool'));
}

/** What `promtool check metrics` has to say about an exposition; empty where it is clean. */
export function promtoolSays(programs: string, exposition: string): string {
  const { status, stdout, stderr, error } = spawnSync(path.join(programs, 'promtool'), ['check', 'metrics'], {
    input: exposition,
    encoding: 'utf8',
  });
  return status === 0 ? stderr : `${error?.message ?? status}: ${stdout}${stderr}`;
}

/** A Prometheus that scrapes `targets` every 200 ms, until it is stopped. */
export class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(url: string, child: ChildProcess) {
    this.#url = url;
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** `folder` gets its data. */
  static async start(programs: string, folder: string, targets: readonly string[]): Promise<Prometheus> {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'prometheus.yml');
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
        scrape_configs: [{ job_name: 'agent', static_configs: [{ targets }] }],
      }),
    );
    const port = await freePort();
    const child = spawn(
      path.join(programs, 'prometheus'),
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child);
    process.once('exit', () => child.kill('SIGKILL'));
    await prometheus.#ready();
    return prometheus;
  }

  /** The value of an instant query that answers one series or none. */
  async value(query: string): Promise<number | undefined> {
    const answer = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const body = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { result: { value: [number, string] }[] };
    };
    if (body.status !== 'success') throw new Error(`${query}: ${body.error}`);
    const results = body.data?.result ?? [];
    if (results.length > 1) throw new Error(`${query} answers ${results.length} series.`);
    return results[0] && Number(results[0].value[1]);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      const isReady = await fetch(`${this.#url}/-/ready`).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.ok;
        },
        () => false,
      );
      if (isReady) return;
      if (performance.now() > deadline) throw new Error('Prometheus does not get ready.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
