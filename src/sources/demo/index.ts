/**
 * Made-up containers inside the process: something to look at on a machine without Docker. Lines are numbered per
 * container; the position is the last number, so that a restart goes on counting.
 */

import type { DemoSourceConfig } from '../../config/types.js';
import { Batch } from '../../pipeline/batch.js';
import type { Pipeline, ReadTotals, Source } from '../../pipeline/contract.js';
import { NO_CONTAINERS, noReads } from '../../pipeline/read-totals.js';
import type { Labels, Stream } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';

interface DemoContainer {
  readonly key: string;
  readonly stdout: Stream;
  readonly stderr: Stream;
  count: number;
  readonly totals: ReadTotals;
  /** Makes its lines differ from the others'. */
  readonly seed: number;
}

const TICK_MS = 100;
const NAMES = ['web', 'api', 'worker', 'postgres', 'redis', 'cron', 'mailer', 'search'];
const PATHS = ['/', '/login', '/api/orders', '/api/orders/4711', '/static/app.js', '/health'];

export function createDemoSource(
  name: string,
  config: DemoSourceConfig,
  { labels }: { labels: Labels },
): Source {
  const active = new Map<string, ReadTotals>();
  const figures = { ...NO_CONTAINERS, active, retired: noReads() };
  return {
    name,
    run: (scope, pipeline) => runDemo(scope, pipeline, config, labels, active),
    figures: () => figures,
  };
}

async function runDemo(
  scope: Scope,
  pipeline: Pipeline,
  config: DemoSourceConfig,
  labels: Labels,
  active: Map<string, ReadTotals>,
): Promise<void> {
  const containers = Array.from({ length: config.containers }, (_, i) => openContainer(pipeline, i, labels));
  for (const { stdout, totals } of containers) active.set(stdout.labels['container'] ?? '', totals);
  const batch = new Batch(Buffer.allocUnsafe(256 * 1024), 1024);
  let due = 0;
  let turn = 0;
  while (!scope.isClosing) {
    due = Math.min(due + (config.linesPerSecond * TICK_MS) / 1000, batch.capacity);
    for (; due >= 1; due--) {
      const container = containers[turn++ % containers.length];
      if (container) await pushLine(pipeline, batch, container);
    }
    await scope.sleep(TICK_MS);
  }
  for (const container of containers) {
    pipeline.streams.release(container.stdout);
    pipeline.streams.release(container.stderr);
  }
}

function openContainer(pipeline: Pipeline, index: number, common: Labels): DemoContainer {
  const base = NAMES[index % NAMES.length];
  const container =
    index < NAMES.length ? `demo-${base}` : `demo-${base}-${Math.floor(index / NAMES.length)}`;
  const key = `demo/${container}`;
  const labels = { ...common, container, service_name: container };
  const before = pipeline.position(key);
  return {
    key,
    stdout: pipeline.streams.acquire({ ...labels, stream: 'stdout' }),
    stderr: pipeline.streams.acquire({ ...labels, stream: 'stderr' }),
    count: typeof before === 'number' ? before : 0,
    totals: noReads(),
    seed: index,
  };
}

async function pushLine(pipeline: Pipeline, batch: Batch, container: DemoContainer): Promise<void> {
  const n = ++container.count;
  const isError = n % 17 === 0;
  const end = batch.arena.write(isError ? errorLine(n) : accessLine(n, container.seed));
  const now = Date.now();
  const stream = isError ? container.stderr : container.stdout;
  batch.reset();
  // A count in the nanoseconds keeps the timestamps of one millisecond strictly increasing.
  batch.add(0, end, stream.id, Math.floor(now / 1000), (now % 1000) * 1_000_000 + (n % 1_000_000), 0);
  container.totals.linesRead++;
  container.totals.bytesRead += end;
  await pipeline.push(batch, container.key, n, { key: container.key, from: n - 1, to: n, lines: 1 });
}

function accessLine(count: number, seed: number): string {
  const n = count + seed * 131;
  const path = PATHS[(n * 7) % PATHS.length];
  const ms = ((n * 37) % 400) + 3;
  return `10.0.0.${n % 250} - - "GET ${path} HTTP/1.1" ${n % 29 === 0 ? 404 : 200} ${(n * 97) % 9000} ${ms}ms request=${count}`;
}

function errorLine(n: number): string {
  return JSON.stringify({
    level: 'error',
    msg: 'upstream timed out, retrying',
    attempt: (n % 3) + 1,
    request: n,
  });
}
