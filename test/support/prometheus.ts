/** Debian's Prometheus, for the tests: as installed, else its package unpacked into a folder of theirs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unpackPackages, whyNoPackages } from './debian-packages.js';
import { freePort } from './ports.js';

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

export interface PrometheusSetup {
  /** `host:port` by the label `instance`. */
  readonly targets: Readonly<Record<string, string>>;
  /** Of scrapes and of rules; default: 200 ms. */
  readonly everyMs?: number;
  /** A file of rules. */
  readonly rules?: string;
}

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

/** A Prometheus that scrapes agents as the job log-capturer, until it is stopped. */
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
  static async start(programs: string, folder: string, setup: PrometheusSetup): Promise<Prometheus> {
    const { targets, everyMs = 200, rules } = setup;
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'prometheus.yml');
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        global: {
          scrape_interval: `${everyMs}ms`,
          scrape_timeout: `${everyMs}ms`,
          evaluation_interval: `${everyMs}ms`,
        },
        rule_files: rules === undefined ? [] : [rules],
        scrape_configs: [
          {
            job_name: 'log-capturer',
            static_configs: Object.entries(targets).map(([instance, target]) => ({
              targets: [target],
              labels: { instance },
            })),
          },
        ],
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

  /** What an instant query answers. */
  async query(query: string): Promise<Sample[]> {
    type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
    const { result } = await this.#ask<Vector>('/api/v1/query', { query });
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The value of an instant query that answers one series or none. */
  async value(query: string): Promise<number | undefined> {
    const samples = await this.query(query);
    if (samples.length > 1) throw new Error(`${query} answers ${samples.length} series.`);
    return samples[0]?.value;
  }

  /** The values that a label has in the series of a selector. */
  labelValues(label: string, selector: string): Promise<string[]> {
    return this.#ask(`/api/v1/label/${label}/values`, { 'match[]': selector });
  }

  async #ask<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const answer = await fetch(`${this.#url}${path}?${new URLSearchParams(parameters).toString()}`);
    const { status, error, data } = (await answer.json()) as Answer<T>;
    if (status !== 'success') throw new Error(`${Object.values(parameters).join(' ')}: ${error}`);
    return data;
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
