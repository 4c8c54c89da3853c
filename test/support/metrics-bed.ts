/**
 * All that metrics are made of: real journal, delivery, health and scope; figures of sources and the sink by a script. Nothing is
 * committed unless it is asked for.
 */
import { afterEach, beforeEach } from 'vitest';
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
import { Health } from '../../src/telemetry/health.js';
import { RunningLedger } from '../../src/telemetry/ledger/running.js';
import { type CountingLogger, countMessages } from '../../src/telemetry/message-counts.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics/metrics.js';
import type { ProcessorView } from '../../src/telemetry/metrics/processors.js';
import type { AlertFigures, ReloadFigures } from '../../src/telemetry/metrics/view.js';
import { Exposition } from './exposition.js';

export const BUILD = { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false };
export const JOURNAL_BYTES = 20_000;

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
export const takeAll = (blocks: readonly Block[]): Promise<Delivered> =>
  Promise.resolve({ delivered: linesIn(blocks), rejected: new Map() });
export const fail = (): Promise<Delivered> =>
  Promise.reject(new AgentError('SINK_UNREACHABLE', 'Away.', { retryable: true }));

/** For the tests of a file: made anew before each. */
export function metricsBed(): MetricsBed {
  const bed = new MetricsBed();
  beforeEach(() => bed.begin());
  afterEach(() => bed.end());
  return bed;
}

class MetricsBed {
  root!: Scope;
  disk!: MemoryDisk;
  opened!: Opened;
  health!: Health;
  sink!: ScriptedSink;
  delivery!: Delivery;
  metrics!: Metrics;
  active!: Map<string, ReadTotals>;
  retired!: ReadTotals;
  streams!: OpenStream[];
  containers!: Record<string, number>;
  pool!: Pick<SourceFigures, 'streamCapacity' | 'waiting'>;
  unowned!: Record<string, number> | undefined;
  messages!: CountingLogger;
  gaps!: Map<string, number>;
  stalled!: number;
  letters!: DeadLetters;
  /** The clock of the dead letters, milliseconds. */
  lettersNow!: number;
  alerts!: AlertFigures;
  processors!: ProcessorView[];
  reloads!: ReloadFigures;
  isBuildStale!: boolean;
  streamMaxAgeMs!: number;

  async begin(): Promise<void> {
    this.processors = [];
    this.alerts = { fired: new Map(), delivered: new Map(), failed: new Map() };
    this.reloads = { results: { applied: 0, unchanged: 0, refused: 0, failed: 0 }, isLastGood: true };
    this.isBuildStale = false;
    this.streamMaxAgeMs = 0;
    this.root = Scope.root('test', (error) => {
      throw error;
    });
    // One commit at a time, and only when asked for, so that nothing moves by itself.
    this.disk = new MemoryDisk();
    const options = { maxBytes: JOURNAL_BYTES, minFree: 0.01, syncIntervalMs: 2 ** 30 };
    this.opened = await openOn(this.disk, options, SMALL);
    this.health = new Health();
    this.sink = new ScriptedSink();
    const match = (labels: Labels): boolean => labels['container'] !== 'others';
    this.lettersNow = 1_000;
    this.letters = await openDeadLetters({
      directory: '/letters',
      options: { maxBytes: 1e6, maxAgeMs: 1_000 },
      scope: this.root,
      log: silentLogger,
      health: this.health,
      disk: new MemoryDisk(),
      now: () => this.lettersNow,
    });
    this.delivery = new Delivery({
      journal: this.opened.journal,
      sink: this.sink,
      match,
      log: silentLogger,
      health: this.health,
      deadLetters: this.letters,
    });
    this.active = new Map();
    this.retired = noReads();
    this.streams = [];
    this.containers = {};
    this.pool = { streamCapacity: 0, waiting: 0 };
    this.gaps = new Map([['rotated', 0]]);
    this.unowned = { timer: 0 };
    this.messages = countMessages(silentLogger);
    this.stalled = 0;
    const running = new RunningLedger({
      journal: this.opened.journal,
      sinks: () => [{ name: this.sink.name, ...this.delivery.balance }],
    });
    this.metrics = createMetrics(this.root, {
      build: BUILD,
      isBuildStale: () => this.isBuildStale,
      health: this.health,
      journal: this.opened.journal,
      sources: () => {
        const { active, retired, streams, containers, pool, stalled } = this;
        return [{ active, retired, streams, containers, ...pool, stalled }];
      },
      streamMaxAgeMs: () => this.streamMaxAgeMs,
      sinks: () => [{ ...this.delivery.stats, name: this.sink.name }],
      unaccounted: () => running.unaccounted(),
      gaps: () => this.gaps,
      processors: () => this.processors,
      filtered: () => running.filtered(),
      deadLetters: () => new DeadLetterDesk(this.letters, this.root, new Map()).figures,
      alerts: () => this.alerts,
      reloads: () => this.reloads,
      owned: () => this.root.census(),
      unowned: () => Promise.resolve(this.unowned),
      messages: this.messages.counts,
    });
    const sinks = this.root.child('sinks');
    void sinks.run('delivery', () => this.delivery.run(sinks));
  }

  async end(): Promise<void> {
    this.sink.answer = takeAll;
    this.sink.release();
    await this.root.close();
    await this.opened.scope.close();
  }

  async scrape(): Promise<Exposition> {
    return new Exposition(await this.metrics.exposition());
  }

  /** As a source does it: counted and pushed in one step. */
  read(container: string, lines: number, seconds = Math.floor(Date.now() / 1000)): void {
    const totals = this.active.get(container) ?? noReads();
    this.active.set(container, totals);
    const rows = Array.from({ length: lines }, (_, i) => ({
      labels: { container, stream: 'stdout' },
      text: `line ${i} ${'x'.repeat(40)}`,
      seconds,
    }));
    totals.linesRead += lines;
    totals.bytesRead += 100 * lines;
    const batch = batchOf(this.opened.streams, rows);
    const origin = { key: `test/${container}`, from: 0, to: lines, lines };
    const ledger = new SourceLedger(this.opened.journal, this.opened.streams);
    ledger.pushed(batch, origin);
    ledger.appended(batch, origin.key);
    void this.opened.journal.append(batch, origin.key, lines, origin);
  }

  commit(): Promise<number> {
    return this.opened.journal.barrier();
  }
}
