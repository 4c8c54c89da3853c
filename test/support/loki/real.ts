/**
 * A real Loki, where LOKI names its program (docs/loki-checked.md): one process on loopback with its files below a folder,
 * several tenants with limits of their own, and what a query says that it has.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports.js';
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from './limits.js';

const PROGRAM = process.env['LOKI'];
const START_DEADLINE_MS = 60_000;
const DAY_MS = 86_400_000;
const NO_LIMIT = 1e12;

/** One line as a query answers it, or as the stand-in would. */
export interface HeldEntry {
  /** Nanoseconds since 1970. */
  readonly time: string;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface HeldStream {
  readonly labels: Readonly<Record<string, string>>;
  /** By time; equal ones in Loki's order. */
  readonly entries: readonly HeldEntry[];
}

export class RealLoki {
  readonly url: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Limits by tenant; who is not named has those of NO_LIMITS, but for the size of a message, which no tenant has. */
  static async start(
    folder: string,
    tenants: Readonly<Record<string, Partial<Limits>>> = {},
  ): Promise<RealLoki> {
    const [port, grpcPort] = [await freePort(), await freePort()];
    mkdirSync(folder, { recursive: true });
    const overrides = Object.entries(tenants).map(([tenant, limits]) => [
      tenant,
      overridesOf({ ...DEFAULT_LIMITS, ...limits }),
    ]);
    // JSON is YAML.
    const write = (name: string, content: object): void =>
      writeFileSync(path.join(folder, name), JSON.stringify(content, null, 2));
    write('overrides.yaml', { overrides: Object.fromEntries(overrides) });
    write('loki.yaml', configOf(folder, port, grpcPort));
    const loki = new RealLoki(folder, port);
    await loki.revive();
    return loki;
  }

  /** Starts its process, at first or again over the same files, and waits until it takes pushes. */
  async revive(): Promise<void> {
    if (PROGRAM === undefined) throw new Error('LOKI names no program: see docs/loki-checked.md.');
    const child = spawn(PROGRAM, [`-config.file=${path.join(this.#folder, 'loki.yaml')}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#folder,
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const log = createWriteStream(path.join(this.#folder, 'loki.log'), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log);
    this.#child = child;
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      const isReady = await fetch(`${this.url}/ready`).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.ok;
        },
        () => false,
      );
      if (isReady) return;
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`Loki does not get ready: see ${this.#folder}/loki.log`);
      await sleep(50);
    }
  }

  async version(): Promise<string> {
    const { version } = (await this.#get('/loki/api/v1/status/buildinfo', {}, 'any')) as { version: string };
    return version;
  }

  /** Everything of nine days that a query finds. */
  async held(tenant: string, selector = '{service_name=~".+"}'): Promise<HeldStream[]> {
    const { data } = (await this.#get(
      '/loki/api/v1/query_range',
      {
        query: selector,
        start: `${Date.now() - 8 * DAY_MS}000000`,
        end: `${Date.now() + DAY_MS}000000`,
        limit: '100000',
        direction: 'forward',
      },
      tenant,
    )) as { data: { result: AnsweredStream[] } };
    const byLabels = new Map<string, { labels: Readonly<Record<string, string>>; entries: HeldEntry[] }>();
    for (const { stream: labels, values } of data.result) {
      const key = JSON.stringify(Object.entries(labels).sort());
      const own = byLabels.get(key) ?? { labels, entries: [] };
      byLabels.set(key, own);
      for (const [time, line, { structuredMetadata = {} } = {}] of values)
        own.entries.push({ time, line, metadata: structuredMetadata });
    }
    return [...byLabels.values()];
  }

  /** Kills its process as a power failure would, but for what the kernel still writes. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  async #get(route: string, parameters: Readonly<Record<string, string>>, tenant: string): Promise<unknown> {
    const answer = await fetch(`${this.url}${route}?${new URLSearchParams(parameters).toString()}`, {
      headers: {
        'x-scope-orgid': tenant,
        // Else structured metadata is mixed among the labels.
        'x-loki-response-encoding-flags': 'categorize-labels',
      },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}

interface AnsweredStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [
    time: string,
    line: string,
    categories?: { readonly structuredMetadata?: Readonly<Record<string, string>> },
  ])[];
}

function configOf(folder: string, port: number, grpcPort: number): object {
  return {
    auth_enabled: true,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: port,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpcPort,
      log_level: 'warn',
    },
    common: {
      instance_addr: '127.0.0.1',
      path_prefix: path.join(folder, 'data'),
      replication_factor: 1,
      ring: { kvstore: { store: 'inmemory' } },
      storage: {
        filesystem: {
          chunks_directory: path.join(folder, 'data/chunks'),
          rules_directory: path.join(folder, 'data/rules'),
        },
      },
    },
    schema_config: {
      configs: [
        {
          from: '2020-10-24',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    ingester: { lifecycler: { min_ready_duration: '0s', final_sleep: '0s' } },
    // Old lines lie in the ingester, too.
    querier: { query_ingesters_within: '0s' },
    limits_config: {
      ...overridesOf(NO_LIMITS),
      max_entries_limit_per_query: 100_000,
      split_queries_by_interval: '0s',
    },
    runtime_config: { file: path.join(folder, 'overrides.yaml') },
  };
}

/** In the names of Loki's configuration. Its size of a message and how far behind a line may be are not the tenant's. */
function overridesOf(limits: Limits): object {
  const finite = (value: number): number => Math.min(value, NO_LIMIT);
  const bytes = (value: number): string => `${finite(value)}B`;
  const duration = (ms: number): string => `${Math.min(ms, 1e11) / 1000}s`;
  const mib = (value: number): number => finite(value) / 1024 / 1024;
  return {
    ingestion_rate_mb: mib(limits.ingestionRate),
    ingestion_burst_size_mb: mib(limits.ingestionBurst),
    per_stream_rate_limit: bytes(limits.streamRate),
    per_stream_rate_limit_burst: bytes(limits.streamBurst),
    shard_streams: { enabled: limits.shardStreams, desired_rate: bytes(limits.shardRate) },
    max_line_size: bytes(limits.maxLineBytes),
    max_label_names_per_series: finite(limits.maxLabelNames),
    max_label_name_length: finite(limits.maxLabelNameBytes),
    max_label_value_length: finite(limits.maxLabelValueBytes),
    max_structured_metadata_size: bytes(limits.maxMetadataBytes),
    max_structured_metadata_entries_count: finite(limits.maxMetadataPairs),
    allow_structured_metadata: limits.allowsMetadata,
    reject_old_samples: limits.rejectOlderMs !== Infinity,
    reject_old_samples_max_age: duration(limits.rejectOlderMs),
    creation_grace_period: duration(limits.rejectNewerMs),
    max_global_streams_per_user: limits.maxStreams === Infinity ? 0 : limits.maxStreams,
  };
}
