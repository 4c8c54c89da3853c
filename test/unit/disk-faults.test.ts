/**
 * Every call that the journal makes of the disk fails once, and fails from then on until somebody mends the disk: sources,
 * journal and a sink that keeps its own cursor, over a stop and a start. Each time what failed is said, and each line
 * arrives once, in order.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.js';
import { MemoryDisk } from '../../src/journal/testing/memory-disk.js';
import { KEYS, readOn, textOf, type Written } from '../../src/journal/testing/rereadable.js';
import { linesOf, type Opened, openOn } from '../../src/journal/testing/test-kit.js';
import type { JournalOptions } from '../../src/journal/types.js';
import type { Block, Cursor, Delivered, Sink } from '../../src/pipeline/contract.js';
import { AgentError } from '../../src/runtime/errors.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Health } from '../../src/telemetry/health.js';

const LIMITS = { segmentBytes: 1_800, groupBytes: 1e6, heldBytes: 1e6 };
/** Segments go as soon as the sink has passed them. */
const OPTIONS = { syncIntervalMs: 200, maxAgeMs: -1_000 };
const DAY_MS = 86_400_000;
const ROUNDS = 5;
const STEP_MS = 50;
/** Longer than any of it waits before it tries again, and than a disk is asked again. */
const PATIENCE_MS = 120_000;
/** Some turns of retention. */
const SETTLING_MS = 120_000;
/** A disk that refuses is mended after so many refusals. */
const MENDED_AFTER = 5;

/** What outlives the process: lines and cursor, durable together. */
class Output implements Sink {
  readonly name = 'file';
  readonly concurrency = 1;
  readonly maxRawBytes = 4_000;
  readonly batchWaitMs = 0;
  readonly lines: string[] = [];
  retained: Cursor | undefined;

  async open(): Promise<Cursor | undefined> {
    return this.retained;
  }

  async deliver(blocks: readonly Block[], cursor: Cursor): Promise<Delivered> {
    this.lines.push(...blocks.flatMap(linesOf).map((line) => line.slice(line.indexOf('} ') + 2)));
    this.retained = cursor;
    return { delivered: blocks.reduce((sum, { lines }) => sum + lines, 0), rejected: new Map() };
  }

  async close(): Promise<void> {}
}

interface Fault {
  readonly code: 'ENOSPC' | 'EIO';
  /** Number of the call that fails. */
  readonly at: number;
  readonly isLasting: boolean;
}

/** The life of a journal from its beginning, over two processes. */
class Life {
  readonly output = new Output();
  readonly written = new Map<string, number>();
  /** What people were told, and what kept a process from starting. */
  readonly told: string[] = [];
  readonly calls: string[] = [];
  /** Of the journal at the end of each process, and their files. */
  readonly segments: number[] = [];
  readonly files: number[] = [];
  readonly failed: string[] = [];
  readonly #disk = new MemoryDisk();
  readonly #options: Partial<JournalOptions>;
  /** Called before each round of lines. */
  beforeRound: () => void = () => {};

  constructor(fault?: Fault, options: Partial<JournalOptions> = OPTIONS) {
    this.#options = options;
    this.#disk.fault = (operation) => {
      this.calls.push(operation);
      if (!fault || this.calls.length < fault.at) return;
      if (this.failed.length >= (fault.isLasting ? MENDED_AFTER : 1)) return;
      this.failed.push(operation);
      throw Object.assign(new Error(`${fault.code}: ${operation}`), { code: fault.code });
    };
  }

  async run(): Promise<void> {
    await this.#process();
    await this.#process();
    expect(this.#disk.openFiles).toBe(0);
  }

  async #process(): Promise<void> {
    const opened = await this.#start();
    const { journal, scope, failures } = opened;
    for (const { sentence } of journal.recovery) this.told.push(sentence);
    const health = new Health();
    const delivery = new Delivery({ journal, sink: this.output, log: this.#log, health });
    void scope.run('delivery', () => delivery.run(scope));
    for (let round = 0; round < ROUNDS; round++) {
      this.beforeRound();
      for (const key of KEYS.slice(round % 2)) {
        this.written.set(key, (this.written.get(key) ?? 0) + 1 + (round % 3));
        readOn(opened, key, this.written.get(key) as number);
      }
      await this.#until(() => this.#hasAll());
      expect(delivery.stats.lagSeconds).toBe(0);
    }
    // By then it has looked a few times more for what has to go.
    await vi.advanceTimersByTimeAsync(SETTLING_MS);
    expect(delivery.stats).toMatchObject({ linesPending: 0, linesLost: {} });
    let isClosed = false;
    const closed = scope.close().finally(() => {
      isClosed = true;
    });
    await this.#until(() => isClosed);
    await closed;
    expect(failures).toEqual([]);
    // Its last commit may have begun another one.
    this.segments.push(journal.stats.segments);
    this.files.push(this.#disk.paths().length);
  }

  /** A process that cannot start says why, and is started again. */
  async #start(): Promise<Opened> {
    for (;;) {
      try {
        let isSettled = false;
        const opening = openOn(this.#disk, this.#options, LIMITS, this.#log).finally(() => {
          isSettled = true;
        });
        await Promise.all([opening, this.#until(() => isSettled)]);
        return await opening;
      } catch (error) {
        expect(error).toBeInstanceOf(AgentError);
        expect((error as AgentError).code).toBe('DATA_DIR_UNUSABLE');
        this.told.push((error as AgentError).message);
      }
    }
  }

  async #until(isSo: () => boolean): Promise<void> {
    for (let waited = 0; !isSo(); waited += STEP_MS) {
      if (waited > PATIENCE_MS) throw new Error(`It never came: ${this.told.join('\n')}`);
      await vi.advanceTimersByTimeAsync(STEP_MS);
    }
  }

  #hasAll(): boolean {
    let lines = 0;
    for (const count of this.written.values()) lines += count;
    return this.output.lines.length >= lines;
  }

  readonly #log = {
    ...silentLogger,
    warn: (_: object, sentence: string): void => void this.told.push(sentence),
    error: (_: object, sentence: string): void => void this.told.push(sentence),
  };
}

describe('the clock', () => {
  test.each([-DAY_MS, DAY_MS])(
    'jumps by %i ms before each round: nobody waits, nothing is lost',
    async (ms) => {
      const life = new Life(undefined, { ...OPTIONS, maxAgeMs: 60 * DAY_MS });
      life.beforeRound = () => void vi.setSystemTime(Date.now() + ms);
      const begun = performance.now();
      await life.run();
      expect(performance.now() - begun).toBeLessThan(2 * SETTLING_MS + 30_000);
      expect(inOrder(life.output.lines)).toEqual(expected(life.written));
      expect(life.told).toEqual([]);
      expect(life.calls).not.toContain('unlink');
      expect(life.segments[1]).toBeGreaterThan(life.segments[0]);
    },
  );

  test('jumps to and fro across the age at which lines go: they go when they were read, and not before', async () => {
    const life = new Life(undefined, { ...OPTIONS, maxAgeMs: DAY_MS / 2 });
    let direction = 1;
    life.beforeRound = () => {
      vi.setSystemTime(Date.now() + direction * DAY_MS);
      direction = -direction;
    };
    await life.run();
    expect(inOrder(life.output.lines)).toEqual(expected(life.written));
    expect(life.told).toEqual([]);
    expect(life.calls).toContain('unlink');
  });
});

function inOrder(lines: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(KEYS.map((key) => [key, lines.filter((line) => line.startsWith(`${key} `))]));
}

function expected(written: Written): Record<string, string[]> {
  return Object.fromEntries(
    KEYS.map((key) => [key, Array.from({ length: written.get(key) ?? 0 }, (_, i) => textOf(key, i + 1))]),
  );
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(['ENOSPC', 'EIO'] as const)('%s', (code) => {
  test.each([
    ['once', false],
    ['until the disk is mended', true],
  ])(
    'at every call of the disk, %s',
    async (_name, isLasting) => {
      const whole = new Life();
      await whole.run();
      expect(inOrder(whole.output.lines)).toEqual(expected(whole.written));
      expect(whole.told).toEqual([]);
      expect(new Set(whole.calls)).toEqual(
        new Set([
          'mkdir',
          'syncDirectory',
          'list',
          'create',
          'open',
          'write',
          'sync',
          'read',
          'space',
          'unlink',
        ]),
      );
      for (let at = 1; at <= whole.calls.length; at++) {
        const life = new Life({ code, at, isLasting });
        await life.run();
        const where = `call ${at}, ${whole.calls[at - 1]}`;
        expect(life.failed.length, where).toBeGreaterThan(0);
        expect(inOrder(life.output.lines), where).toEqual(expected(life.written));
        // What the disk refused to remove has gone later.
        expect(life.files, where).toEqual(life.segments);
        // A read that succeeds at the second attempt is nobody's business.
        if (isLasting || !['open', 'read'].includes(whole.calls[at - 1]))
          expect(life.told.join('\n'), where).toContain(code);
      }
    },
    240_000,
  );
});
