/** Each metric moves by the event that it counts: real journal, delivery, health and scope; scripted source and sink. */
import { closeSync, openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { noReads } from '../../src/pipeline/read-totals.js';
import { SourceLedger } from '../../src/pipeline/source-ledger.js';
import { AgentError } from '../../src/runtime/errors.js';
import { deliverOnce } from '../../src/sinks/http/testing/sink-kit.js';
import { withLoki } from '../../src/sinks/loki/testing/test-sink.js';
import { blockOf } from '../support/blocks.js';
import { Exposition, seriesName } from '../support/exposition.js';
import { BUILD, fail, JOURNAL_BYTES, metricsBed, takeAll } from '../support/metrics-bed.js';

const WAIT = { timeout: 30_000, interval: 5 };
const bed = metricsBed();

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
    () => bed.read('web', 3),
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
      bed.read('web', 3);
      await bed.commit();
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
    () => bed.opened.journal.count('test/web read', 1),
    [
      ['log_capturer_unaccounted_lines', { stage: 'reader' }, 0, 1],
      ['log_capturer_unaccounted_lines', { stage: 'journal' }, 0, 0],
      ['log_capturer_unaccounted_lines', SINK_STAGE, 0, 0],
    ],
  ],
  [
    'the sink will not have some lines',
    async () => {
      bed.sink.answer = () => Promise.resolve({ delivered: 1, rejected: new Map([['too_old', 2]]) });
      bed.read('web', 3);
      await bed.commit();
    },
    [
      ['log_capturer_lines_rejected_total', { ...SINK, reason: 'too_old' }, undefined, 2],
      ['log_capturer_lines_delivered_total', SINK, 0, 1],
    ],
  ],
  [
    'lines that the sink will not have are kept, until they are too old',
    async () => {
      bed.sink.answer = async (blocks) => {
        const refused = blocks.map((block) => ({
          block,
          rows: [0, 2],
          reason: 'too_old',
          said: '',
          tenant: undefined,
        }));
        return { delivered: 1, rejected: new Map([['too_old', 2]]), refused };
      };
      bed.read('web', 3);
      await bed.commit();
      await vi.waitFor(() => expect(bed.delivery.stats.linesDelivered).toBe(1), WAIT);
      bed.lettersNow = 3_000;
      bed.read('web', 3);
      await bed.commit();
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
      bed.alerts = { fired: new Map([['slow', 2]]), delivered: once, failed: once };
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
      bed.reloads = { results: { applied: 1, unchanged: 0, refused: 1, failed: 0 }, isLastGood: false };
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
      bed.read('others', 3);
      await bed.commit();
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
      bed.sink.answer = (blocks) => bed.sink.hang(blocks);
      bed.read('web', 3, Math.floor(Date.now() / 1000) - 100);
      await bed.commit();
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
      bed.sink.answer = fail;
      bed.read('web', 3);
      await bed.commit();
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
      bed.sink.answer = (blocks) => (++failures > 5 ? bed.sink.hang(blocks) : fail());
      bed.read('web', 3);
      await bed.commit();
    },
    [['log_capturer_sink_circuit_state', SINK, 0, 1]],
  ],
  [
    'a block turns out to be damaged',
    async () => {
      bed.sink.answer = () => Promise.reject(new AgentError('JOURNAL_DAMAGED', 'Not to be read.'));
      bed.read('web', 3);
      await bed.commit();
    },
    [['log_capturer_lines_dropped_total', { ...SINK, reason: 'damaged' }, 0, 3]],
  ],
  [
    'the journal is full before the sink has read it',
    async () => {
      bed.sink.answer = (blocks) => bed.sink.hang(blocks);
      for (let i = 0; i < 60; i++) {
        bed.read('web', 40);
        await bed.commit();
      }
      bed.sink.answer = takeAll;
      bed.sink.release();
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
      bed.streams = [
        { container: 'web', transport: 'file', openedMs: Date.now() - 60_000 },
        { container: 'web', transport: 'file', openedMs: Date.now() - 5_000 },
        { container: 'db', transport: 'api', openedMs: Date.now() },
      ];
      bed.containers = { file: 1, api: 1, none: 2 };
      bed.stalled = 2;
      bed.active.set('db', noReads());
      bed.active.set('web', { ...noReads(), linesLate: 5, rotations: 2, heartbeats: 3, requests: 4 });
      bed.pool = { streamCapacity: 50, waiting: 6 };
      bed.streamMaxAgeMs = 300_000;
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
      bed.gaps = new Map([['rotated', 2]]);
    },
    [['log_capturer_stream_gaps_total', { reason: 'rotated' }, 0, 2]],
  ],
  [
    'processors look at lines, take some out, and cannot handle others',
    () => {
      const done = new Map([['email', 4]]);
      bed.processors = [
        { name: 'redact', figures: { lines: 7, failed: new Map(), done } },
        { name: 'parse', figures: { lines: 9, failed: new Map([['json', 2]]), done: new Map() } },
        // Of a container that tunes its own.
        { name: 'redact', figures: { lines: 3, failed: new Map(), done } },
      ];
      const ledger = new SourceLedger(bed.opened.journal, bed.opened.streams);
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
      bed.processors = [{ name: 'metrics', figures, metrics: [count, times] }];
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
      bed.isBuildStale = true;
    },
    [['log_capturer_build_stale', {}, 0, 1]],
  ],
  [
    'the disk is short of space',
    async () => {
      bed.disk.free = { free: 0, total: 1e6 };
      for (let i = 0; i < 3; i++) {
        bed.read('web', 40);
        await bed.commit();
      }
    },
    [['log_capturer_journal_capacity_bytes', {}, JOURNAL_BYTES, lessThan(JOURNAL_BYTES)]],
  ],
  [
    'a component is in trouble',
    () => {
      bed.health.set('docker', 'degraded', 'No engine.');
      bed.health.set('journal', 'unhealthy', 'Broken.');
    },
    [
      ['log_capturer_component_health', { component: 'docker' }, undefined, 0.5],
      ['log_capturer_component_health', { component: 'journal' }, undefined, 0],
    ],
  ],
  [
    'something is opened through a scope',
    () => bed.root.own('watcher', 'test', () => {}),
    [['log_capturer_resources', { kind: 'watcher' }, undefined, 1]],
  ],
  [
    'something is opened and owned by nobody',
    () => {
      bed.unowned = { timer: 2, file: -1 };
    },
    [
      ['log_capturer_unowned_resources', { kind: 'timer' }, 0, 2],
      ['log_capturer_unowned_resources', { kind: 'file' }, undefined, -1],
    ],
  ],
  [
    'the census does not see anything',
    () => {
      bed.unowned = undefined;
    },
    [['log_capturer_unowned_resources', { kind: 'timer' }, 0, undefined]],
  ],
  [
    'the agent tells of trouble',
    () => {
      bed.messages.warn({}, 'Something is odd.');
      bed.messages.error({}, 'Something is wrong.');
      bed.messages.error({}, 'Something is wrong.');
      bed.messages.info({}, 'All is well.');
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
      const before = await bed.scrape();
      expect(moves.map(([name, labels]) => [seriesName(name, labels), before.get(name, labels)])).toEqual(
        moves.map(([name, labels, value]) => [seriesName(name, labels), value]),
      );
    }, WAIT);
    await act();
    await vi.waitFor(async () => {
      const after = await bed.scrape();
      expect(moves.map(([name, labels]) => [seriesName(name, labels), after.get(name, labels)])).toEqual(
        moves.map(([name, labels, , value]) => [seriesName(name, labels), value]),
      );
    }, WAIT);
  });

  test('what tells of the process, and which build it is', async () => {
    const before = await bed.scrape();
    expect(before.byName.get('log_capturer_build_info')).toEqual([[{ ...BUILD, dirty: 'false' }, 1]]);
    expect(before.get('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), -1);
    expect(before.labelValues('nodejs_version_info', 'version')).toEqual([process.version]);
    const files = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    const ballast = Buffer.alloc(50_000_000, 1);
    const timers = Array.from({ length: 10 }, () => setInterval(() => {}, 1_000));
    const until = performance.now() + 50;
    while (performance.now() < until);
    const after = await bed.scrape();
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
    const families = [...(await bed.scrape()).families.keys()].filter(isOurs);
    const moved = EVENTS.flatMap(([, , moves]) => moves.map(([name]) => name.replace(/_count$/, ''))).filter(
      isOurs,
    );
    expect([...new Set([...moved, 'log_capturer_build_info'])].toSorted()).toEqual(families.toSorted());
  });
});

test('what ended leaves its series, and no sum drops', async () => {
  bed.read('web', 5);
  bed.read('db', 7);
  bed.streams = [{ container: 'web', transport: 'file', openedMs: 0 }];
  const before = await bed.scrape();
  expect(before.labelValues('log_capturer_lines_read_total', 'container').toSorted()).toEqual([
    '_retired',
    'db',
    'web',
  ]);
  bed.retired = { ...noReads(), linesRead: 5, bytesRead: 500 };
  bed.active.delete('web');
  bed.streams = [];
  const after = await bed.scrape();
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
  bed.active.set(name, { ...noReads(), linesRead: 4 });
  bed.sink.answer = () => Promise.resolve({ delivered: 0, rejected: new Map([['"\\\n', 1]]) });
  const series = await bed.scrape();
  expect(series.get('log_capturer_lines_read_total', { container: name })).toBe(4);
});

test('nothing is observed any more when the scope has closed', async () => {
  const listening = (): number => bed.root.tree().resources.filter(({ kind }) => kind === 'listener').length;
  expect(listening()).toBe(4);
  await bed.root.close();
  expect(listening()).toBe(0);
  const before = await bed.metrics.exposition();
  bed.read('web', 3);
  await bed.commit();
  const count = 'log_capturer_journal_commit_duration_seconds_count';
  expect((await bed.scrape()).get(count)).toBe(new Exposition(before).get(count));
});
