/**
 * The ledger against a model: whatever is pushed, committed, delivered, refused, lost at the cap, and wherever the process
 * or the machine ends, it adds up at every moment, and agrees with what sources and sinks have.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, type Opened, openOn } from '../journal/testing/test-kit.js';
import type { Position } from '../pipeline/contract.js';
import { GapRegister } from '../pipeline/gap-register.js';
import { createIntake, type Intake } from '../pipeline/intake.js';
import type { Labels } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { Health } from '../telemetry/health.js';
import { type LedgerReport, ledgerReport } from '../telemetry/ledger/report.js';
import { Delivery } from './delivery.js';
import { ModelSink, SinkStore } from './testing/model-sink.js';

const KEYS = ['docker/a', 'docker/b', 'docker/c'];
const RUNS = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 30 : 2_000;
const CAPS = [6_000, 2 ** 40];
const LIMITS = { segmentBytes: 1_500, groupBytes: 2 ** 30, heldBytes: 2 ** 30 };
/** The journal's cursor is enough, its own cursor, and one that is away most of the time. */
const SINKS = ['plain', 'own', 'away'] as const;
const isForOwn = ({ container }: Labels): boolean => container !== 'b';
const isRefused = (line: string): boolean => line.includes('bad');

type Command =
  | { do: 'push'; key: number; rows: number; padding: number }
  | { do: 'commit' | 'settle' | 'checkpoint' | 'turns' }
  | { do: 'away'; away: boolean }
  | { do: 'forget'; key: number }
  /** `damage`: a bit is flipped on the disk. */
  | { do: 'end'; how: 'stop' | 'kill' | 'power'; after: number; configured: boolean[]; damage: boolean };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      key: fc.nat(KEYS.length - 1),
      rows: fc.nat(9),
      padding: fc.nat(200),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom('commit', 'commit', 'settle', 'checkpoint', 'turns') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away' as const), away: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forget' as const), key: fc.nat(KEYS.length - 1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      how: fc.constantFrom('stop' as const, 'kill' as const, 'power' as const),
      after: fc.nat(12),
      configured: fc.array(fc.boolean(), { minLength: SINKS.length, maxLength: SINKS.length }),
      damage: fc.nat(5).map((n) => n === 0),
    }),
  },
);

class Run {
  readonly #maxBytes: number;
  readonly #random: () => number;
  readonly #stores = new Map(SINKS.map((name) => [name, new SinkStore()]));
  #disk = new MemoryDisk();
  #opened!: Opened;
  #intake!: Intake;
  #sinks: ModelSink[] = [];
  #deliveries: Delivery[] = [];
  #isAway = true;
  ends = 0;
  mostLost = 0;
  isDamaged = false;
  settled = 0;

  constructor(maxBytes: number, random: () => number) {
    this.#maxBytes = maxBytes;
    this.#random = random;
    this.#disk.free = { free: 2 ** 40, total: 2 ** 40 };
  }

  async open(configured: readonly boolean[]): Promise<void> {
    this.#opened = await openOn(this.#disk, { maxBytes: this.#maxBytes, syncIntervalMs: 2 ** 30 }, LIMITS);
    const { journal, streams, scope } = this.#opened;
    const gaps = new GapRegister(journal, silentLogger);
    this.#intake = createIntake({ journal, streams, scope, taps: [], gaps });
    this.#sinks = SINKS.filter((_, i) => configured[i]).map(
      (name) =>
        new ModelSink(name, this.#stores.get(name) as SinkStore, {
          keepsCursor: name === 'own',
          rejects: name === 'plain' ? isRefused : () => false,
        }),
    );
    this.#deliveries = this.#sinks.map((sink) => {
      sink.isAway = sink.name === 'away' && this.#isAway;
      const match = sink.name === 'own' ? isForOwn : undefined;
      return new Delivery({ journal, sink, match, log: silentLogger, health: new Health() });
    });
    for (const [i, delivery] of this.#deliveries.entries())
      void scope.run(this.#sinks[i].name, () => delivery.run(scope));
    await this.#turnsUntil(() => this.#deliveries.every(({ stats }) => stats.state !== 'opening'));
    this.#check();
  }

  async execute(command: Command): Promise<void> {
    switch (command.do) {
      case 'push':
        this.#push(command);
        break;
      case 'commit':
        await this.#commit();
        break;
      case 'settle':
        await this.#commit();
        await this.#turnsUntil(() =>
          this.#deliveries.every(
            ({ stats }, i) => stats.linesPending === 0 || this.#sinks[i].name === 'away',
          ),
        );
        this.#checkSettled();
        break;
      case 'checkpoint':
        this.#stores.get('own')?.checkpoint();
        break;
      case 'turns':
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
        break;
      case 'away':
        this.#isAway = command.away;
        for (const sink of this.#sinks) if (sink.name === 'away') sink.isAway = command.away;
        break;
      case 'forget':
        this.#intake.setPosition(KEYS[command.key], undefined);
        break;
      case 'end':
        await this.end(command.how, command.after);
        if (command.damage) this.#damage();
        await this.open(command.configured);
        break;
    }
    this.#check();
  }

  async end(how: 'stop' | 'kill' | 'power', after: number): Promise<void> {
    this.ends++;
    const { scope } = this.#opened;
    if (how === 'stop') {
      await scope.close();
    } else {
      this.#disk.endAt = this.#disk.operations + after;
      if (after > 0) void this.#opened.journal.barrier().catch(() => {});
      for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
      for (const sink of this.#sinks) sink.isAway = true;
      this.#disk.endNow();
      await scope.abort();
    }
    if (how === 'power') this.#stores.get('own')?.powerLoss();
    this.#disk = how === 'power' ? this.#disk.afterPowerLoss(this.#random) : this.#disk.afterKill();
    this.#disk.free = { free: 2 ** 40, total: 2 ** 40 };
  }

  #damage(): void {
    const paths = this.#disk.paths();
    const path = paths[Math.floor(this.#random() * paths.length)];
    if (path === undefined) return;
    const bytes = Buffer.from(this.#disk.content(path));
    bytes[Math.floor(this.#random() * bytes.length)] ^= 1 << Math.floor(this.#random() * 8);
    this.#disk.replace(path, bytes);
    this.isDamaged = true;
  }

  /** Lines of a key are numbered by what is read of it, which a position says. */
  #push({ key, rows, padding }: Extract<Command, { do: 'push' }>): void {
    const name = KEYS[key];
    const from = numberOf(this.#intake.position(name));
    const container = name.slice(-1);
    const lines = Array.from({ length: rows }, (_, row) => ({
      labels: { container, stream: row % 3 ? 'stdout' : 'stderr' },
      text: `${from + row}${(from + row) % 5 ? '' : ' bad'} ${this.#noise(padding)}`,
    }));
    const origin = { key: name, from, to: from + rows, lines: rows };
    void this.#intake.push(batchOf(this.#opened.streams, lines), name, from + rows, origin);
  }

  /** What compression cannot make small. */
  #noise(bytes: number): string {
    return String.fromCharCode(...Array.from({ length: bytes }, () => 33 + Math.floor(this.#random() * 90)));
  }

  async #commit(): Promise<void> {
    await this.#opened.journal.barrier();
  }

  async #turnsUntil(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(this.#report)}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.#check();
    }
  }

  get #report(): LedgerReport {
    return ledgerReport({
      journal: this.#opened.journal,
      sinks: () => this.#deliveries.map(({ balance }, i) => ({ name: this.#sinks[i].name, ...balance })),
      containerOf: () => undefined,
    });
  }

  #check(): void {
    const report = this.#report;
    expect(Object.values(report.unaccounted).filter(Boolean), JSON.stringify(report)).toEqual([]);
    for (const { lost } of report.sinks) this.mostLost = Math.max(this.mostLost, lost['cap'] ?? 0);
    if (this.isDamaged) return;
    for (const key of KEYS) {
      const line = report.sources.find((line) => line.key === key);
      expect(line?.read ?? 0).toBe(numberOf(this.#intake.position(key)));
    }
  }

  /** Each sink has what the ledger says; the one whose cursor the journal keeps may have it twice. */
  #checkSettled(): void {
    // What a sink took just before the end of the process, or lost by it, may have gone before it is opened again.
    if (this.#opened.journal.stats.oldestLsn > 0 || this.isDamaged) return;
    for (const { sink, pending, delivered, before } of this.#report.sinks) {
      // What a sink took in its first process, and no commit told, lay before its first cursor for the next one.
      if (pending !== 0 || before > 0) continue;
      const { lines } = this.#stores.get(sink as (typeof SINKS)[number]) as SinkStore;
      expect(delivered).toBe(sink === 'own' ? lines.length : new Set(lines).size);
      this.settled++;
    }
  }
}

function numberOf(position: Position | undefined): number {
  return typeof position === 'number' ? position : 0;
}

it.each(CAPS)(
  'adds up at every moment, and agrees with sources and sinks: a cap of %i bytes',
  async (cap) => {
    let [ends, lossy, settled] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 60, size: 'max' }),
        fc.nat(),
        async (commands, seed) => {
          const run = new Run(cap, random(seed));
          await run.open([true, true, true]);
          for (const command of commands) await run.execute(command);
          await run.end('stop', 0);
          ends += run.ends;
          settled += run.settled;
          lossy += run.mostLost > 0 ? 1 : 0;
        },
      ),
      { numRuns: RUNS },
    );
    expect(ends).toBeGreaterThan(50);
    if (cap === CAPS[0]) expect(lossy).toBeGreaterThan(2);
    else expect(settled).toBeGreaterThan(10);
  },
  RUNS * 10_000,
);

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
