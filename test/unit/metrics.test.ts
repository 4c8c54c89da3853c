/** Each metric moves by the event that it counts: real journal, delivery, health and scope; scripted source and sink. */
import { closeSync, openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadLetterDesk } from '../../src/delivery/dead-letters/desk.js';
import { type DeadLetters, openDeadLetters } from '../../src/delivery/dead-letters/store.js';
import { Delivery } from '../../src/delivery/delivery.js';
import { MemoryDisk } from '../../src/journal/testing/memory-disk.js';
import { batchOf, type Opened, openOn, SMALL } from '../../src/journal/testing/test-kit.js';
import type {
  Block,
  Delivered,
  OpenStream,
  ReadTotals,
  Sink,
  SourceFigures,
} from '../../src/pipeline/contract.js';
import { noReads } from '../../src/pipeline/read-totals.js';
import { SourceLedger } from '../../src/pipeline/source-ledger.js';
import type { Labels } from '../../src/pipeline/streams.js';
import { AgentError } from '../../src/runtime/errors.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { deliverOnce, withLoki } from '../../src/sinks/loki/testing/test-sink.js';
import { Health } from '../../src/telemetry/health.js';
import { RunningLedger } from '../../src/telemetry/ledger/running.js';
import { type CountingLogger, countMessages } from '../../src/telemetry/message-counts.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics/metrics.js';
import type { ProcessorView } from '../../src/telemetry/metrics/processors.js';
import type { AlertFigures, ReloadFigures } from '../../src/telemetry/metrics/view.js';
import { blockOf } from '../support/blocks.js';
import { Exposition, seriesName } from '../support/exposition.js';

const BUILD = { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false };
const JOURNAL_BYTES = 20_000;
const WAIT = { timeout: 8_000, interval: 5 };

/** A sink that does what a test tells it, and takes everything else. */
class ScriptedSink implements Sink {
  readonly name = 'files';
  readonly concurrency = 1;
  readonly maxRawBytes = 1_000_000;
  readonly batchWaitMs = 0;
  readonly retained = undefined;
  answer: (blocks: readonly Block[]) => Promise<Delivered> = takeAll;
  release: () => void = () => {};

  /** An answer that comes when the test lets go. */
  async hang(blocks: readonly Block[]): Promise<Delivered> {
    await new Promise<void>((resolve) => {
      this.release = resolve;
    });
    return takeAll(blocks);
  }

  open(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  deliver(blocks: readonly Block[]): Promise<Delivered> {
    return this.answer(blocks);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const linesIn = (blocks: readonly Block[]): number => blocks.reduce((sum, { lines }) => sum + lines, 0);
const takeAll = (blocks: readonly Block[]): Promise<Delivered> =>
  Promise.resolve({ delivered: linesIn(blocks), rejected: new Map() });
const fail = (): Promise<Delivered> =>
  Promise.reject(new AgentError('SINK_UNREACHABLE', 'Away.', { retryable: true }));

let root: Scope;
let disk: MemoryDisk;
let opened: Opened;
let health: Health;
let sink: ScriptedSink;
let delivery: Delivery;
let metrics: Metrics;
let active: Map<string, ReadTotals>;
let retired: ReadTotals;
let streams: OpenStream[];
let containers: Record<string, number>;
let pool: Pick<SourceFigures, 'streamCapacity' | 'waiting'>;
let unowned: Record<string, number> | undefined;
let messages: CountingLogger;
let gaps: Map<string, number>;
let stalled: number;
let letters: DeadLetters;
let lettersNow: number;
let alerts: AlertFigures;
let processors: ProcessorView[];
let reloads: ReloadFigures;
let isBuildStale: boolean;
let streamMaxAgeMs: number;

beforeEach(async () => {
  processors = [];
  alerts = { fired: new Map(), delivered: new Map(), failed: new Map() };
  reloads = { results: { applied: 0, unchanged: 0, refused: 0, failed: 0 }, isLastGood: true };
  isBuildStale = false;
  streamMaxAgeMs = 0;
  root = Scope.root('test', (error) => {
    throw error;
  });
  // One commit at a time, and only when asked for, so that nothing moves by itself.
  disk = new MemoryDisk();
  const options = { maxBytes: JOURNAL_BYTES, minFree: 0.01, syncIntervalMs: 2 ** 30 };
  opened = await openOn(disk, options, SMALL);
  health = new Health();
  sink = new ScriptedSink();
  const match = (labels: Labels): boolean => labels['container'] !== 'others';
  lettersNow = 1_000;
  letters = await openDeadLetters({
    directory: '/letters',
    options: { maxBytes: 1e6, maxAgeMs: 1_000 },
    scope: root,
    log: silentLogger,
    health,
    disk: new MemoryDisk(),
    now: () => lettersNow,
  });
  delivery = new Delivery({
    journal: opened.journal,
    sink,
    match,
    log: silentLogger,
    health,
    deadLetters: letters,
  });
  active = new Map();
  retired = noReads();
  streams = [];
  containers = {};
  pool = { streamCapacity: 0, waiting: 0 };
  gaps = new Map([['rotated', 0]]);
  unowned = { timer: 0 };
  messages = countMessages(silentLogger);
  stalled = 0;
  const running = new RunningLedger({
    journal: opened.journal,
    sinks: () => [{ name: sink.name, ...delivery.balance }],
  });
  metrics = createMetrics(root, {
    build: BUILD,
    isBuildStale: () => isBuildStale,
    health,
    journal: opened.journal,
    sources: () => [{ active, retired, streams, containers, ...pool, stalled }],
    streamMaxAgeMs: () => streamMaxAgeMs,
    sinks: () => [{ ...delivery.stats, name: sink.name }],
    unaccounted: () => running.unaccounted(),
    gaps: () => gaps,
    processors: () => processors,
    filtered: () => running.filtered(),
    deadLetters: () => new DeadLetterDesk(letters, root, new Map()).figures,
    alerts: () => alerts,
    reloads: () => reloads,
    owned: () => root.census(),
    unowned: () => Promise.resolve(unowned),
    messages: messages.counts,
  });
  const sinks = root.child('sinks');
  void sinks.run('delivery', () => delivery.run(sinks));
});

afterEach(async () => {
  sink.answer = takeAll;
  sink.release();
  await root.close();
  await opened.scope.close();
});

async function scrape(): Promise<Exposition> {
  return new Exposition(await metrics.exposition());
}

/** As a source does it: counted and pushed in one step. */
function read(container: string, lines: number, seconds = Math.floor(Date.now() / 1000)): void {
  const totals = active.get(container) ?? noReads();
  active.set(container, totals);
  const rows = Array.from({ length: lines }, (_, i) => ({
    labels: { container, stream: 'stdout' },
    text: `line ${i} ${'x'.repeat(40)}`,
    seconds,
  }));
  totals.linesRead += lines;
  totals.bytesRead += 100 * lines;
  const batch = batchOf(opened.streams, rows);
  const origin = { key: `test/${container}`, from: 0, to: lines, lines };
  const ledger = new SourceLedger(opened.journal, opened.streams);
  ledger.pushed(batch, origin);
  ledger.appended(batch, origin.key);
  void opened.journal.append(batch, origin.key, lines, origin);
}

const commit = (): Promise<number> => opened.journal.barrier();

/** A metric by name or series, what it is before (undefined: not there) and after. */
type Move = [metric: string, labels: Record<string, string>, before: number | undefined, after: unknown];

const SINK = { sink: 'files' };
const SINK_STAGE = { stage: 'sink/files' };
const moreThan = (least: number): unknown =>
  expect.toSatisfy((value: number) => value > least, `more than ${least}`);

const lessThan = (most: number): unknown =>
  expect.toSatisfy((value: number) => value < most, `less than ${most}`);

const EVENTS: [event: string, act: () => unknown, moves: Move[]][] = [
  [
    'lines are read',
    () => read('web', 3),
    [
      ['log_capturer_lines_read_total', { container: 'web' }, undefined, 3],
      ['log_capturer_bytes_read_total', { container: 'web' }, undefined, 300],
      ['log_capturer_lines_journaled_total', {}, 0, 0],
      ['log_capturer_unaccounted_lines', { stage: 'journal' }, 0, 0],
    ],
  ],
  [
    'lines are committed, and the sink takes them',
    async () => {
      read('web', 3);
      await commit();
    },
    [
      ['log_capturer_lines_journaled_total', {}, 0, 3],
      ['log_capturer_journal_bytes', {}, 0, moreThan(100)],
      ['log_capturer_journal_commit_duration_seconds_count', {}, 0, 1],
      ['log_capturer_unaccounted_lines', { stage: 'journal' }, 0, 0],
      ['log_capturer_lines_delivered_total', SINK, 0, 3],
      ['log_capturer_sink_delivery_duration_seconds_count', SINK, undefined, 1],
      ['log_capturer_lines_pending', SINK, 0, 0],
      ['log_capturer_sink_circuit_state', SINK, 0, 0],
    ],
  ],
  [
    'a line is lost between the source and the journal',
    () => opened.journal.count('test/web read', 1),
    [
      ['log_capturer_unaccounted_lines', { stage: 'reader' }, 0, 1],
      ['log_capturer_unaccounted_lines', { stage: 'journal' }, 0, 0],
      ['log_capturer_unaccounted_lines', SINK_STAGE, 0, 0],
    ],
  ],
  [
    'the sink will not have some lines',
    async () => {
      sink.answer = () => Promise.resolve({ delivered: 1, rejected: new Map([['too_old', 2]]) });
      read('web', 3);
      await commit();
    },
    [
      ['log_capturer_lines_rejected_total', { ...SINK, reason: 'too_old' }, undefined, 2],
      ['log_capturer_lines_delivered_total', SINK, 0, 1],
    ],
  ],
  [
    'lines that the sink will not have are kept, until they are too old',
    async () => {
      sink.answer = async (blocks) => {
        const refused = blocks.map((block) => ({
          block,
          rows: [0, 2],
          reason: 'too_old',
          said: '',
          tenant: undefined,
        }));
        return { delivered: 1, rejected: new Map([['too_old', 2]]), refused };
      };
      read('web', 3);
      await commit();
      await vi.waitFor(() => expect(delivery.stats.linesDelivered).toBe(1));
      lettersNow = 3_000;
      read('web', 3);
      await commit();
    },
    [
      ['log_capturer_dead_letters', { ...SINK, reason: 'too_old' }, undefined, 2],
      ['log_capturer_dead_letters_bytes', {}, 0, moreThan(100)],
      ['log_capturer_dead_letters_dropped_total', { ...SINK, reason: 'too_old' }, undefined, 2],
    ],
  ],
  [
    'an alert fires twice, and one message does not arrive',
    () => {
      const once = new Map([['slow', 1]]);
      alerts = { fired: new Map([['slow', 2]]), delivered: once, failed: once };
    },
    [
      ['log_capturer_alerts_fired_total', { alert: 'slow' }, undefined, 2],
      ['log_capturer_alert_deliveries_total', { alert: 'slow', outcome: 'ok' }, undefined, 1],
      ['log_capturer_alert_deliveries_total', { alert: 'slow', outcome: 'failed' }, undefined, 1],
    ],
  ],
  [
    'a configuration is applied, and the next one is refused',
    () => {
      reloads = { results: { applied: 1, unchanged: 0, refused: 1, failed: 0 }, isLastGood: false };
    },
    [
      ['log_capturer_config_reloads_total', { result: 'applied' }, 0, 1],
      ['log_capturer_config_reloads_total', { result: 'refused' }, 0, 1],
      ['log_capturer_config_last_reload_successful', {}, 1, 0],
    ],
  ],
  [
    'lines are not for the sink',
    async () => {
      read('others', 3);
      await commit();
    },
    [
      ['log_capturer_lines_passed_over_total', SINK, 0, 3],
      ['log_capturer_lines_journaled_total', {}, 0, 3],
      ['log_capturer_lines_delivered_total', SINK, 0, 0],
      ['log_capturer_lines_pending', SINK, 0, 0],
    ],
  ],
  [
    'the sink hangs',
    async () => {
      sink.answer = (blocks) => sink.hang(blocks);
      read('web', 3, Math.floor(Date.now() / 1000) - 100);
      await commit();
    },
    [
      ['log_capturer_lines_pending', SINK, 0, 3],
      ['log_capturer_sink_lag_seconds', SINK, 0, moreThan(99)],
      ['log_capturer_sink_pending_bytes', SINK, 0, moreThan(100)],
    ],
  ],
  [
    'the sink fails five times',
    async () => {
      sink.answer = fail;
      read('web', 3);
      await commit();
    },
    [
      ['log_capturer_sink_circuit_state', SINK, 0, 2],
      ['log_capturer_sink_delivery_duration_seconds_count', SINK, undefined, 5],
      ['log_capturer_component_health', { component: 'sink/files' }, 1, 0.5],
      ['log_capturer_lines_pending', SINK, 0, 3],
    ],
  ],
  [
    'a sink that failed is tried once more',
    async () => {
      let failures = 0;
      sink.answer = (blocks) => (++failures > 5 ? sink.hang(blocks) : fail());
      read('web', 3);
      await commit();
    },
    [['log_capturer_sink_circuit_state', SINK, 0, 1]],
  ],
  [
    'a block turns out to be damaged',
    async () => {
      sink.answer = () => Promise.reject(new AgentError('JOURNAL_DAMAGED', 'Not to be read.'));
      read('web', 3);
      await commit();
    },
    [['log_capturer_lines_dropped_total', { ...SINK, reason: 'damaged' }, 0, 3]],
  ],
  [
    'the journal is full before the sink has read it',
    async () => {
      sink.answer = (blocks) => sink.hang(blocks);
      for (let i = 0; i < 60; i++) {
        read('web', 40);
        await commit();
      }
      sink.answer = takeAll;
      sink.release();
    },
    [['log_capturer_lines_dropped_total', { ...SINK, reason: 'cap' }, 0, moreThan(0)]],
  ],
  [
    'Loki takes a request, and refuses one',
    () =>
      withLoki({ limits: 'none' }, {}, async ({ sink: loki, loki: receiver }) => {
        const block = blockOf([{ labels: { container: 'web' }, text: 'x', seconds: Date.now() / 1000 }]);
        await deliverOnce(loki, [block]);
        receiver.fail(1, 503);
        await expect(deliverOnce(loki, [block])).rejects.toThrow();
      }),
    [
      ['log_capturer_sink_request_duration_seconds_count', { sink: 'loki', status: '204' }, undefined, 1],
      ['log_capturer_sink_request_duration_seconds_count', { sink: 'loki', status: '503' }, undefined, 1],
    ],
  ],
  [
    'logs are opened, and live',
    () => {
      streams = [
        { container: 'web', transport: 'file', openedMs: Date.now() - 60_000 },
        { container: 'web', transport: 'file', openedMs: Date.now() - 5_000 },
        { container: 'db', transport: 'api', openedMs: Date.now() },
      ];
      containers = { file: 1, api: 1, none: 2 };
      stalled = 2;
      active.set('db', noReads());
      active.set('web', { ...noReads(), linesLate: 5, rotations: 2, heartbeats: 3, requests: 4 });
      pool = { streamCapacity: 50, waiting: 6 };
      streamMaxAgeMs = 300_000;
    },
    [
      ['log_capturer_late_lines_total', {}, 0, 5],
      ['log_capturer_log_requests_total', {}, 0, 4],
      ['log_capturer_stream_capacity', {}, 0, 50],
      ['log_capturer_streams_waiting', {}, 0, 6],
      ['log_capturer_active_streams', { transport: 'file' }, 0, 2],
      ['log_capturer_active_streams', { transport: 'api' }, 0, 1],
      ['log_capturer_stream_age_seconds', { container: 'web', transport: 'file' }, undefined, moreThan(59)],
      ['log_capturer_stream_age_seconds', { container: 'db', transport: 'api' }, undefined, moreThan(-1)],
      ['log_capturer_stream_max_age_seconds', {}, 0, 300],
      ['log_capturer_containers', { transport: 'file' }, 0, 1],
      ['log_capturer_containers', { transport: 'api' }, 0, 1],
      ['log_capturer_containers', { transport: 'none' }, 0, 2],
      ['log_capturer_stream_rotations_total', {}, 0, 2],
      ['log_capturer_heartbeats_total', {}, 0, 3],
      ['log_capturer_stalled_containers', {}, 0, 2],
    ],
  ],
  [
    'a gap is told',
    () => {
      gaps = new Map([['rotated', 2]]);
    },
    [['log_capturer_stream_gaps_total', { reason: 'rotated' }, 0, 2]],
  ],
  [
    'processors look at lines, take some out, and cannot handle others',
    () => {
      const done = new Map([['email', 4]]);
      processors = [
        { name: 'redact', figures: { lines: 7, failed: new Map(), done } },
        { name: 'parse', figures: { lines: 9, failed: new Map([['json', 2]]), done: new Map() } },
        // Of a container that tunes its own.
        { name: 'redact', figures: { lines: 3, failed: new Map(), done } },
      ];
      const ledger = new SourceLedger(opened.journal, opened.streams);
      ledger.of('test/web').filtered('sample', 5);
      ledger.of('test/db').filtered('sample', 6);
      ledger.of('test/db').filtered('filter-2', 1);
    },
    [
      ['log_capturer_processor_lines_total', { processor: 'redact' }, undefined, 10],
      ['log_capturer_processor_lines_total', { processor: 'parse' }, undefined, 9],
      ['log_capturer_processor_failed_total', { processor: 'parse', reason: 'json' }, undefined, 2],
      ['log_capturer_processor_done_total', { processor: 'redact', what: 'email' }, undefined, 8],
      ['log_capturer_lines_filtered_total', { reason: 'sample' }, undefined, 11],
      ['log_capturer_lines_filtered_total', { reason: 'filter-2' }, undefined, 1],
    ],
  ],
  [
    'metrics are made of lines',
    () => {
      const count = {
        name: 'log_capturer_custom_requests_total',
        help: 'How "many"\\ \n requests.',
        labelNames: ['path', 'q'],
        buckets: undefined,
        series: [
          { labels: ['/a', ''], value: 3, count: 3, buckets: [] },
          { labels: ['a "b"\n\\', 'ü'], value: 0.5, count: 1, buckets: [] },
        ],
      };
      const times = {
        name: 'log_capturer_custom_seconds',
        help: 'Times.',
        labelNames: [],
        buckets: [0.5, 2],
        series: [{ labels: [], value: 4.75, count: 3, buckets: [1, 2] }],
      };
      const figures = { lines: 4, failed: new Map(), done: new Map() };
      processors = [{ name: 'metrics', figures, metrics: [count, times] }];
    },
    [
      ['log_capturer_custom_requests_total', { path: '/a', q: '' }, undefined, 3],
      ['log_capturer_custom_requests_total', { path: 'a "b"\n\\', q: 'ü' }, undefined, 0.5],
      ['log_capturer_custom_seconds_bucket', { le: '0.5' }, undefined, 1],
      ['log_capturer_custom_seconds_bucket', { le: '2' }, undefined, 2],
      ['log_capturer_custom_seconds_bucket', { le: '+Inf' }, undefined, 3],
      ['log_capturer_custom_seconds_sum', {}, undefined, 4.75],
      ['log_capturer_custom_seconds_count', {}, undefined, 3],
    ],
  ],
  [
    'another build is put in the place of the one that runs',
    () => {
      isBuildStale = true;
    },
    [['log_capturer_build_stale', {}, 0, 1]],
  ],
  [
    'the disk is short of space',
    async () => {
      disk.free = { free: 0, total: 1e6 };
      for (let i = 0; i < 3; i++) {
        read('web', 40);
        await commit();
      }
    },
    [['log_capturer_journal_capacity_bytes', {}, JOURNAL_BYTES, lessThan(JOURNAL_BYTES)]],
  ],
  [
    'a component is in trouble',
    () => {
      health.set('docker', 'degraded', 'No engine.');
      health.set('journal', 'unhealthy', 'Broken.');
    },
    [
      ['log_capturer_component_health', { component: 'docker' }, undefined, 0.5],
      ['log_capturer_component_health', { component: 'journal' }, undefined, 0],
    ],
  ],
  [
    'something is opened through a scope',
    () => root.own('watcher', 'test', () => {}),
    [['log_capturer_resources', { kind: 'watcher' }, undefined, 1]],
  ],
  [
    'something is opened and owned by nobody',
    () => {
      unowned = { timer: 2, file: -1 };
    },
    [
      ['log_capturer_unowned_resources', { kind: 'timer' }, 0, 2],
      ['log_capturer_unowned_resources', { kind: 'file' }, undefined, -1],
    ],
  ],
  [
    'the census does not see anything',
    () => {
      unowned = undefined;
    },
    [['log_capturer_unowned_resources', { kind: 'timer' }, 0, undefined]],
  ],
  [
    'the agent tells of trouble',
    () => {
      messages.warn({}, 'Something is odd.');
      messages.error({}, 'Something is wrong.');
      messages.error({}, 'Something is wrong.');
      messages.info({}, 'All is well.');
    },
    [
      ['log_capturer_errors_logged_total', { level: 'warn' }, 0, 1],
      ['log_capturer_errors_logged_total', { level: 'error' }, 0, 2],
    ],
  ],
  [
    'memory is collected',
    () => {
      setFlagsFromString('--expose-gc');
      runInNewContext('gc')();
    },
    [['nodejs_gc_duration_seconds_count', { kind: 'major' }, undefined, moreThan(0)]],
  ],
];

describe('each metric moves by the event that it counts', () => {
  test.each(EVENTS)('%s', async (_, act, moves) => {
    await vi.waitFor(async () => {
      const before = await scrape();
      expect(moves.map(([name, labels]) => [seriesName(name, labels), before.get(name, labels)])).toEqual(
        moves.map(([name, labels, value]) => [seriesName(name, labels), value]),
      );
    }, WAIT);
    await act();
    await vi.waitFor(async () => {
      const after = await scrape();
      expect(moves.map(([name, labels]) => [seriesName(name, labels), after.get(name, labels)])).toEqual(
        moves.map(([name, labels, , value]) => [seriesName(name, labels), value]),
      );
    }, WAIT);
  });

  test('what tells of the process, and which build it is', async () => {
    const before = await scrape();
    expect(before.byName.get('log_capturer_build_info')).toEqual([[{ ...BUILD, dirty: 'false' }, 1]]);
    expect(before.get('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), -1);
    expect(before.labelValues('nodejs_version_info', 'version')).toEqual([process.version]);
    const files = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    const ballast = Buffer.alloc(50_000_000, 1);
    const timers = Array.from({ length: 10 }, () => setInterval(() => {}, 1_000));
    const until = performance.now() + 50;
    while (performance.now() < until);
    const after = await scrape();
    const growth = (name: string): number => after.sum(name) - before.sum(name);
    expect(growth('process_open_fds')).toBeGreaterThanOrEqual(9);
    expect(after.sum('process_max_fds')).toBeGreaterThan(after.sum('process_open_fds'));
    expect(growth('nodejs_external_memory_bytes')).toBeGreaterThanOrEqual(ballast.length * 0.9);
    expect(growth('nodejs_active_resources')).toBeGreaterThanOrEqual(9);
    expect(growth('process_cpu_seconds_total')).toBeGreaterThan(0.02);
    expect(growth('process_cpu_user_seconds_total')).toBeGreaterThan(0);
    for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_total_bytes'])
      expect(after.sum(name)).toBeGreaterThan(after.sum('nodejs_heap_size_used_bytes') / 2);
    for (const timer of timers) clearInterval(timer);
    for (const file of files) closeSync(file);
  });

  test('no metric is left out here', async () => {
    // What is made of lines is as the configuration has it.
    const isOurs = (name: string): boolean => /^log_capturer_(?!custom_)/.test(name);
    const families = [...(await scrape()).families.keys()].filter(isOurs);
    const moved = EVENTS.flatMap(([, , moves]) => moves.map(([name]) => name.replace(/_count$/, ''))).filter(
      isOurs,
    );
    expect([...new Set([...moved, 'log_capturer_build_info'])].toSorted()).toEqual(families.toSorted());
  });
});

test('what ended leaves its series, and no sum drops', async () => {
  read('web', 5);
  read('db', 7);
  streams = [{ container: 'web', transport: 'file', openedMs: 0 }];
  const before = await scrape();
  expect(before.labelValues('log_capturer_lines_read_total', 'container').toSorted()).toEqual([
    '_retired',
    'db',
    'web',
  ]);
  retired = { ...noReads(), linesRead: 5, bytesRead: 500 };
  active.delete('web');
  streams = [];
  const after = await scrape();
  expect(after.labelValues('log_capturer_lines_read_total', 'container').toSorted()).toEqual([
    '_retired',
    'db',
  ]);
  expect(after.byName.has('log_capturer_stream_age_seconds')).toBe(false);
  for (const name of ['log_capturer_lines_read_total', 'log_capturer_bytes_read_total'])
    expect(after.sum(name)).toBe(before.sum(name));
});

test('names of containers and reasons may be anything', async () => {
  const name = 'a"b\\c\nd{e="f"} 1é';
  active.set(name, { ...noReads(), linesRead: 4 });
  sink.answer = () => Promise.resolve({ delivered: 0, rejected: new Map([['"\\\n', 1]]) });
  const series = await scrape();
  expect(series.get('log_capturer_lines_read_total', { container: name })).toBe(4);
});

test('nothing is observed any more when the scope has closed', async () => {
  const listening = (): number => root.tree().resources.filter(({ kind }) => kind === 'listener').length;
  expect(listening()).toBe(4);
  await root.close();
  expect(listening()).toBe(0);
  const before = await metrics.exposition();
  read('web', 3);
  await commit();
  const count = 'log_capturer_journal_commit_duration_seconds_count';
  expect((await scrape()).get(count)).toBe(new Exposition(before).get(count));
});
