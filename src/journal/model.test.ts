/**
 * The journal against a model: random appends over several sources, lanes and streams, commits, cursor moves, retention,
 * restarts, and a crash at any disk operation, with any part of what was not synced lost.
 *
 * The model is the list of what was pushed. After each crash the journal must hold exactly a beginning of that list, no
 * shorter than what was acknowledged: the positions as that beginning leaves them, and of its lines each once, in order.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Cursor, Position } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, linesOf, type Opened, openOn, readAll } from './testing/test-kit.js';
import type { JournalCursor } from './types.js';

const STREAMS = Array.from({ length: 10 }, (_, i) => ({
  container: `c${i >> 1}`,
  stream: i % 2 ? 'stdout' : 'stderr',
  ...(i > 6 ? { catch_up: '1' } : {}),
}));

type Command =
  | { do: 'append'; key: number; rows: number[]; padding: number }
  | { do: 'set'; key: number; forget: boolean }
  | { do: 'commit'; wait: boolean }
  /** LANES means all of them, to the end. */
  | { do: 'read'; lane: number; bytes: number }
  | { do: 'reopen' }
  | { do: 'crash'; after: number; powerLoss: boolean };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      key: fc.nat(4),
      rows: fc.array(fc.nat(STREAMS.length - 1), { maxLength: 12 }),
      padding: fc.nat(120),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('set' as const), key: fc.nat(4), forget: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), wait: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('read' as const), lane: fc.nat(LANES), bytes: fc.nat(2_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('crash' as const), after: fc.nat(25), powerLoss: fc.boolean() }),
  },
);

interface Pushed {
  readonly key: string;
  readonly position: Position | undefined;
  readonly lines: readonly { readonly stream: number; readonly text: string }[];
}

class Run {
  readonly #random: () => number;
  readonly #maxAgeMs: number;
  readonly #pushed: Pushed[] = [];
  #acknowledged = 0;
  #powerLoss = false;
  #disk = new MemoryDisk();
  #opened: Opened | undefined;
  /** A sink that keeps its own cursor must get each line exactly once, one that does not at least once. */
  #own: Cursor = Array<number>(LANES).fill(0);
  readonly #ownLines: string[] = [];
  readonly #keptLines = new Set<string>();
  #ownCursor: JournalCursor | undefined;
  #keptCursor: JournalCursor | undefined;
  crashes = 0;
  removed = 0;

  constructor(random: () => number, maxAgeMs: number) {
    this.#random = random;
    this.#maxAgeMs = maxAgeMs;
  }

  async open(): Promise<void> {
    for (;;) {
      try {
        this.#opened = await openOn(this.#disk, { syncIntervalMs: 2 ** 30, maxAgeMs: this.#maxAgeMs });
        this.#ownCursor = this.#journal.openCursor('own', this.#own);
        this.#keptCursor = this.#journal.openCursor('kept');
        expect(this.#ownCursor.value).toEqual(this.#own);
        await this.#ownCursor.locate();
        await this.#verify();
        return;
      } catch (error) {
        if (!this.#disk.hasEnded) throw error;
        await this.#opened?.scope.close();
        this.#nextDisk();
      }
    }
  }

  async execute(command: Command): Promise<void> {
    try {
      await this.#execute(command);
    } catch (error) {
      if (!this.#disk.hasEnded) throw error;
    }
    if (this.#disk.hasEnded) await this.#restart();
  }

  async finish(): Promise<void> {
    this.#disk.endNow();
    await this.#restart();
    await this.#opened?.scope.close();
    expect(this.#disk.openFiles).toBe(0);
  }

  get #journal() {
    if (!this.#opened) throw new Error('not open');
    return this.#opened.journal;
  }

  async #execute(command: Command): Promise<void> {
    switch (command.do) {
      case 'append': {
        const { streams } = this.#opened as Opened;
        const number = this.#pushed.length + 1;
        const lines = command.rows.map((stream, row) => ({
          stream,
          text: `${number}.${row}${'-'.repeat(command.padding)}`,
        }));
        const batch = batchOf(
          streams,
          lines.map(({ stream, text }) => ({ labels: STREAMS[stream], text })),
        );
        const key = `k/${command.key}`;
        this.#pushed.push({ key, position: number, lines });
        void this.#journal.append(batch, key, number, { key, from: number, to: number + 1 });
        break;
      }
      case 'set': {
        const position = command.forget ? undefined : { set: this.#pushed.length + 1 };
        this.#pushed.push({ key: `k/${command.key}`, position, lines: [] });
        this.#journal.setPosition(`k/${command.key}`, position);
        break;
      }
      case 'commit': {
        const pushed = this.#pushed.length;
        const done = this.#journal.barrier().then(() => {
          this.#acknowledged = Math.max(this.#acknowledged, pushed);
        });
        // Given up when the disk has ended.
        done.catch(() => {});
        if (command.wait) await Promise.race([done, this.#disk.end]);
        break;
      }
      case 'read':
        if (command.lane < LANES) await this.#read(command.lane, command.bytes);
        else for (let lane = 0; lane < LANES; lane++) await this.#read(lane, 2 ** 30);
        break;
      case 'reopen':
        await this.#opened?.scope.close();
        if (!this.#disk.hasEnded) {
          this.#acknowledged = this.#pushed.length;
          expect(this.#disk.openFiles).toBe(0);
          await this.open();
        }
        break;
      case 'crash':
        this.#disk.endAt = this.#disk.operations + command.after;
        this.#powerLoss = command.powerLoss;
        break;
    }
  }

  async #read(lane: number, bytes: number): Promise<void> {
    for (const cursor of [this.#ownCursor, this.#keptCursor]) {
      if (!cursor) continue;
      const read = await cursor.read(lane, cursor.value[lane], bytes);
      expect(read.losses).toEqual([]);
      const lines = read.blocks.flatMap(linesOf);
      cursor.advance(cursor.value.with(lane, read.next));
      if (cursor === this.#ownCursor) {
        this.#ownLines.push(...lines);
        this.#own = cursor.value;
        expect(cursor.pendingLines()).toBe(this.#journal.stats.linesJournaled - this.#ownLines.length);
      } else for (const line of lines) this.#keptLines.add(line);
    }
  }

  async #restart(): Promise<void> {
    this.crashes++;
    await this.#opened?.scope.close();
    this.#nextDisk();
    await this.open();
  }

  #nextDisk(): void {
    expect(this.#disk.openFiles).toBe(0);
    this.#disk = this.#powerLoss ? this.#disk.afterPowerLoss(this.#random) : this.#disk.afterKill();
  }

  /** Finds how much of what was pushed is there, and forgets the rest. */
  async #verify(): Promise<void> {
    const journal = this.#journal;
    if (journal.stats.oldestLsn > 0) this.removed++;
    const positions = new Map(journal.positionKeys('').map((key) => [key, journal.position(key)]));
    const rest = await readAll(this.#ownCursor as JournalCursor);
    expect(rest.losses).toEqual([]);
    expect(this.#ownCursor?.pendingLines()).toBe(rest.lines.flat().length);
    const lines = byStream([...this.#ownLines, ...rest.lines.flat()]);
    for (let count = this.#pushed.length; count >= this.#acknowledged; count--) {
      const pushed = this.#pushed.slice(0, count);
      const model = new Map<string, Position>();
      for (const { key, position } of pushed)
        if (position === undefined) model.delete(key);
        else model.set(key, position);
      if (!isEqual([...model].sort(), [...positions].sort())) continue;
      const { streams } = this.#opened as Opened;
      const expected = pushed.flatMap(({ lines }) =>
        lines.map(({ stream, text }) => `${streams.acquire(STREAMS[stream]).text} ${text}`),
      );
      if (!isEqual(byStream(expected), lines)) continue;
      expect(journal.stats.linesJournaled).toBe(expected.length);
      const kept = new Set([
        ...this.#keptLines,
        ...(await readAll(this.#keptCursor as JournalCursor)).lines.flat(),
      ]);
      expect(kept).toEqual(new Set(expected));
      if (this.#maxAgeMs > 0) {
        const all = journal.openCursor('all');
        expect(byStream((await readAll(all)).lines.flat())).toEqual(lines);
        all.close();
      }
      this.#pushed.length = count;
      this.#acknowledged = count;
      return;
    }
    throw new Error(
      `what is there is no beginning of what was pushed: ${JSON.stringify({
        positions: [...positions],
        lines,
        acknowledged: this.#acknowledged,
        pushed: this.#pushed,
        recovery: journal.recovery,
      })}`,
    );
  }
}

function byStream(lines: readonly string[]): Record<string, string[]> {
  const streams: Record<string, string[]> = {};
  for (const line of lines) {
    const end = line.lastIndexOf('} ') + 1;
    streams[line.slice(0, end)] ??= [];
    streams[line.slice(0, end)].push(line.slice(end));
  }
  return Object.fromEntries(Object.entries(streams).sort());
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

it.each([
  ['everything is kept', 2 ** 40],
  ['segments go as soon as both readers have passed', -1_000],
])('holds exactly a beginning of what was pushed after every crash: %s', async (_name, maxAgeMs) => {
  let crashes = 0;
  let removed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 80, size: 'max' }), fc.nat(), async (commands, seed) => {
      const run = new Run(random(seed), maxAgeMs);
      await run.open();
      for (const command of commands) await run.execute(command);
      await run.finish();
      crashes += run.crashes;
      removed += run.removed;
    }),
    { numRuns: 150 },
  );
  expect(crashes).toBeGreaterThan(150);
  expect(removed > 50).toBe(maxAgeMs < 0);
});

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
