/**
 * What the process held and used over time: every ten seconds for an hour, and of the day before one row for two minutes.
 * It takes 250 KB, whatever happens.
 *
 * - How late the event loop comes is seen by the timers that there are anyway; kept is the largest of ten seconds. The
 *   runtime's own monitor costs 0.7 % of a core, and a timer for it alone would wake an idle agent.
 * - A census walks all descriptors. Where that takes long, it is taken so seldom that it costs a thousandth of the time.
 */
import { readdirSync } from 'node:fs';
import { type ResourceKind, USUAL_HOLDINGS } from '../../runtime/resources.js';
import type { Scope } from '../../runtime/scope.js';
import type { Counts } from '../census/census.js';
import { REAL_KINDS } from '../census/process-view.js';
import { type Trend, type TrendRule, trendOf } from '../trend/verdict.js';
import { Table } from './table.js';

const STEP_MS = 10_000;
const KEPT_STEPS = 360;
/** Steps that become one row. */
const THINNING = 12;
const KEPT_THINNED = 720;
const CENSUS_SHARE = 1_000;

const OWNED_KINDS = Object.keys(USUAL_HOLDINGS) as ResourceKind[];
const PLAIN = ['time', 'rssBytes', 'heapUsedBytes', 'fds', 'eventLoopDelayP99Ms', 'cpuPercent'] as const;
const COLUMNS: readonly string[] = [
  ...PLAIN,
  ...OWNED_KINDS.map((kind) => `owned.${kind}`),
  ...REAL_KINDS.map((kind) => `unowned.${kind}`),
];
/** Of these the largest says more than the mean. */
const PEAKS = new Set([COLUMNS.indexOf('eventLoopDelayP99Ms')]);

/** V8 compiles what runs seldom only after many minutes, so that memory settles late (docs/decisions/0017). */
const MEMORY: TrendRule = { mark: 10e6, settlesMinutes: 20, enoughMinutes: 20 };
const NUMBER: TrendRule = { mark: 6, settlesMinutes: 2, enoughMinutes: 15 };

type Series = readonly number[];

/** One array a series, all of one length, the oldest first; a null in JSON is what could not be seen. */
export interface ResourceSamples extends Readonly<Record<(typeof PLAIN)[number], Series>> {
  /** What scopes own, by kind. */
  readonly owned: Readonly<Record<string, Series>>;
  /** What the process holds and no scope owns. */
  readonly unowned: Readonly<Record<string, Series>>;
}

export interface SeriesTrend extends Trend {
  /** `rssBytes`, `owned.timer`… */
  readonly series: string;
  readonly unit: 'bytes' | 'count';
}

export interface HistoryReport {
  /** Of the newer samples; older ones are thinned. */
  readonly everyMs: number;
  readonly samples: ResourceSamples;
  readonly verdicts: readonly SeriesTrend[];
}

export interface HistoryParts {
  /** What scopes own, by kind. */
  owned(): ReadonlyMap<ResourceKind, number>;
  /** By how much a timer came too late at most, since the last call. */
  lateMs(): number;
  /** Undefined where it cannot be seen. */
  unowned(): Promise<Counts | undefined>;
}

export class ResourceHistory {
  readonly #parts: HistoryParts;
  readonly #beganMs = Date.now();
  readonly #fine = new Table(KEPT_STEPS, COLUMNS.length);
  readonly #thinned = new Table(KEPT_THINNED, COLUMNS.length);
  #waiting: (readonly number[])[] = [];
  #cpu = process.cpuUsage();
  #cpuMs = performance.now();
  #unowned: Counts | undefined;
  #censusDueMs = 0;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** Samples until `scope` closes. */
  run(scope: Scope): void {
    let isSampling = false;
    scope.interval('resource history', STEP_MS, () => {
      if (isSampling) return;
      isSampling = true;
      void scope.run('resource sample', async () => {
        try {
          await this.sample();
        } finally {
          isSampling = false;
        }
      });
    });
  }

  async sample(): Promise<void> {
    const begin = performance.now();
    if (begin >= this.#censusDueMs) {
      this.#unowned = await this.#parts.unowned();
      const took = performance.now() - begin;
      this.#censusDueMs = begin + took * CENSUS_SHARE - STEP_MS / 2;
    }
    this.#keep(this.#row());
  }

  report(): HistoryReport {
    // What is in both is shown as it was.
    const fine = [...this.#fine.rows()];
    const from = fine[0]?.[0] ?? Number.POSITIVE_INFINITY;
    const rows = [...this.#thinned.rows()].filter(([time]) => time < from).concat(fine);
    const series = new Map(COLUMNS.map((name, column) => [name, rows.map((row) => row[column])] as const));
    const of = (name: string): Series => series.get(name) ?? [];
    const family = (prefix: string, kinds: readonly string[]): Record<string, Series> =>
      Object.fromEntries(kinds.map((kind) => [kind, of(`${prefix}.${kind}`)]));
    return {
      everyMs: STEP_MS,
      samples: {
        ...(Object.fromEntries(PLAIN.map((name) => [name, of(name)])) as Record<
          (typeof PLAIN)[number],
          Series
        >),
        owned: family('owned', OWNED_KINDS),
        unowned: family('unowned', REAL_KINDS),
      },
      verdicts: COLUMNS.flatMap((name) => this.#trendOf(name, of('time'), of(name))),
    };
  }

  #trendOf(name: string, time: Series, values: Series): SeriesTrend[] {
    if (name === 'time' || name === 'eventLoopDelayP99Ms' || name === 'cpuPercent') return [];
    const points = values.flatMap((y, i) => (Number.isNaN(y) ? [] : [{ x: time[i], y }]));
    const unit = name.endsWith('Bytes') ? 'bytes' : 'count';
    return [{ series: name, unit, ...trendOf(points, this.#beganMs, unit === 'bytes' ? MEMORY : NUMBER) }];
  }

  #row(): number[] {
    const now = performance.now();
    const cpu = process.cpuUsage(this.#cpu);
    const cpuPercent = (cpu.user + cpu.system) / 10 / (now - this.#cpuMs);
    this.#cpu = process.cpuUsage();
    this.#cpuMs = now;
    const lateMs = Math.max(0, this.#parts.lateMs());
    const { rss, heapUsed } = process.memoryUsage();
    const owned = this.#parts.owned();
    return [
      Date.now(),
      rss,
      heapUsed,
      openDescriptors(),
      rounded(lateMs),
      rounded(cpuPercent),
      ...OWNED_KINDS.map((kind) => owned.get(kind) ?? 0),
      ...REAL_KINDS.map((kind) => this.#unowned?.[kind] ?? Number.NaN),
    ];
  }

  #keep(row: readonly number[]): void {
    this.#fine.add(row);
    this.#waiting.push(row);
    if (this.#waiting.length < THINNING) return;
    const rows = this.#waiting;
    this.#waiting = [];
    this.#thinned.add(
      COLUMNS.map((_, column) => {
        const values = rows.map((each) => each[column]);
        return PEAKS.has(column) ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / values.length;
      }),
    );
  }
}

/** NaN where the system does not tell. */
function openDescriptors(): number {
  try {
    // Without the one that reading the folder takes.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return Number.NaN;
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
