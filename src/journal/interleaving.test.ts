/**
 * The journal against everything at once: appending, barriers, reading, waiting, closing, aborting and a disk that refuses
 * for a while, in every order of operations and of the disk's answers that fast-check's scheduler can think of.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, type Opened, openOn, readAll, SMALL } from './testing/test-kit.js';
import type { JournalCursor } from './types.js';

const FAR_MS = 1e9;
/** A few lines are more than may wait for the disk. */
const LIMITS = { ...SMALL, heldBytes: 500 };
const STREAMS = [{ container: 'a' }, { container: 'b' }, { container: 'c', catch_up: '1' }];
const KEYS = ['docker/a', 'docker/b', 'docker/c'];
/** Of what comes after closing, and of what a disk that refuses leaves. */
const CODES = ['INTERNAL', 'JOURNAL_WRITE'];

type Op = readonly [
  'append' | 'barrier' | 'read' | 'recent' | 'wait' | 'refuse' | 'time' | 'close' | 'close scope' | 'abort',
  number,
];

const op: fc.Arbitrary<Op> = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('append' as const) },
    { weight: 3, arbitrary: fc.constantFrom('barrier' as const, 'read' as const, 'time' as const) },
    { weight: 3, arbitrary: fc.constantFrom('recent' as const, 'wait' as const, 'refuse' as const) },
    { weight: 1, arbitrary: fc.constantFrom('close' as const, 'close scope' as const, 'abort' as const) },
  ),
  fc.nat({ max: 5 }),
);

class Run {
  readonly disk: MemoryDisk;
  /** Stream and text of each line, one an append. */
  readonly pushed: (readonly [stream: number, text: string])[] = [];
  acknowledged = 0;
  refusals = 0;
  hasRefused = false;
  unsettled = 0;
  readonly #opened: Opened;
  readonly #cursor: JournalCursor;
  #next: readonly number[];

  static async open(): Promise<Run> {
    const disk = new MemoryDisk();
    return new Run(disk, await openOn(disk, {}, LIMITS));
  }

  private constructor(disk: MemoryDisk, opened: Opened) {
    this.disk = disk;
    this.#opened = opened;
    this.#cursor = opened.journal.openCursor('sink');
    this.#next = this.#cursor.value;
  }

  apply([kind, pick]: Op): void {
    const { journal, scope } = this.#opened;
    if (kind === 'append') this.#append(pick % STREAMS.length);
    else if (kind === 'barrier') this.#barrier();
    else if (kind === 'read') this.#read();
    else if (kind === 'recent') this.#await(journal.recent([0, 1, 2, 3], 1_000));
    else if (kind === 'refuse') this.refusals = pick;
    else if (kind === 'time') vi.advanceTimersByTime(1_000);
    else if (kind === 'close') this.#await(journal.close());
    else if (kind === 'close scope') this.#await(scope.close(FAR_MS));
    else if (kind === 'abort') this.#await(scope.abort(FAR_MS));
    else {
      const waiting = new AbortController();
      this.#await(journal.waitCommitted(journal.stats.committedLsn, waiting.signal));
      if (pick === 0) waiting.abort();
    }
  }

  #append(stream: number): void {
    const { journal, streams } = this.#opened;
    const text = `line ${this.pushed.length} ${'x'.repeat(200)}`;
    const batch = batchOf(streams, [{ labels: STREAMS[stream], text }]);
    const key = KEYS[stream];
    try {
      const wait = journal.append(batch, key, this.pushed.length, { key, from: 0, to: 1 });
      this.pushed.push([stream, text]);
      if (wait) this.#await(wait);
    } catch (error) {
      expect(CODES).toContain((error as AgentError).code);
    }
  }

  #barrier(): void {
    const covered = this.pushed.length;
    const { journal } = this.#opened;
    const done = journal.barrier().then(() => {
      expect(journal.stats.linesCommitted).toBeGreaterThanOrEqual(covered);
      this.acknowledged = Math.max(this.acknowledged, covered);
    });
    this.#await(done);
  }

  #read(): void {
    this.#await(this.#readOn());
  }

  async #readOn(): Promise<void> {
    const { next, losses } = await readAll(this.#cursor, this.#next);
    expect(losses).toEqual([]);
    this.#next = next;
    this.#cursor.advance(next);
  }

  #await(work: Promise<unknown>): void {
    this.unsettled++;
    const settled = (): void => void this.unsettled--;
    work.then(settled, (error: unknown) => {
      settled();
      if (!(error instanceof AgentError && CODES.includes(error.code))) this.#opened.failures.push(error);
    });
  }

  async check(random: () => number): Promise<void> {
    const { scope, failures } = this.#opened;
    expect({ failures, unsettled: this.unsettled, open: this.disk.openFiles }).toEqual({
      failures: [],
      unsettled: 0,
      open: 0,
    });
    expect(Object.fromEntries(scope.census())).toEqual({});
    expect(vi.getTimerCount()).toBe(0);
    const again = await openOn(this.disk.afterPowerLoss(random));
    const { lines } = await readAll(again.journal.openCursor('another'));
    const kept = lines.flat();
    const least = this.hasRefused ? this.acknowledged : this.pushed.length;
    expect(kept.length).toBeGreaterThanOrEqual(least);
    const wanted = this.pushed.slice(0, kept.length);
    const texts = (of: number): string[] =>
      wanted.filter(([stream]) => stream === of).map(([, text]) => text);
    for (const [stream, { container }] of STREAMS.entries()) {
      const got = kept.filter((line) => line.includes(`container="${container}"`));
      expect(got.map((line) => line.slice(line.indexOf('line ')))).toEqual(texts(stream));
      const position = wanted.findLastIndex(([of]) => of === stream);
      expect(again.journal.position(KEYS[stream]) ?? -1).toBe(position);
    }
    await again.scope.close();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('whatever comes in whatever order: what was acknowledged is there, nobody waits for ever, nothing stays open', async () => {
  const scheduled = fc.asyncProperty(
    fc.scheduler(),
    fc.array(op, { maxLength: 30 }),
    fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
    async (scheduler, ops, numbers) => {
      const run = await Run.open();
      run.disk.fault = async (operation) => {
        await scheduler.schedule(Promise.resolve(), operation);
        if (run.refusals === 0) return;
        run.refusals--;
        run.hasRefused = true;
        throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
      };
      for (const each of ops)
        void scheduler.schedule(Promise.resolve(), String(each)).then(() => run.apply(each));
      void scheduler.schedule(Promise.resolve(), 'the end').then(() => run.apply(['close scope', 0]));
      const isOver = (): boolean => scheduler.count() === 0 && run.unsettled === 0;
      for (let round = 0; round < 50; round++) {
        await scheduler.waitIdle();
        for (let i = 0; i < 50; i++) await Promise.resolve();
        if (isOver()) break;
        if (scheduler.count() === 0) vi.advanceTimersByTime(6_000);
      }
      await run.check(() => Number(numbers.next().value));
    },
  );
  await fc.assert(scheduled, { numRuns: 200 });
});
