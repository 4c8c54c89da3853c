/**
 * A log rotates faster than it is read, is cut from outside, and its readers are killed at any commit: every line arrives
 * once, or its time lies in a gap that was told.
 */
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Position, SourceKey } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import type { LineTime } from '../../../pipeline/line-time.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { JsonFileReaders } from './index.js';
import { FakePipeline, LogWriter, record } from './testing/test-support.js';

const ID = 'c';
const BEGIN = Date.parse('2026-11-21T21:40:00Z') / 1000;

type Action =
  | { readonly kind: 'write'; readonly lines: number; readonly length: number }
  /** Lets the readers do something, or all that they can. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'crash'; readonly kept: number; readonly meanwhile: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      lines: fc.integer({ min: 1, max: 30 }),
      length: fc.nat(200),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), kept: fc.nat(100), meanwhile: fc.nat(40) }),
  },
);

const scenario = fc.record({
  maxFiles: fc.integer({ min: 1, max: 3 }),
  maxSize: fc.constantFrom(600, 3_000, 20_000),
  actions: fc.array(action, { minLength: 3, maxLength: 25 }),
});

test('a line is read once, or lies in a gap', { timeout: 300_000 }, async () => {
  let missing = 0;
  let gaps = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ maxFiles, maxSize, actions }) => {
      const world = new World(maxSize, maxFiles);
      try {
        await world.begin();
        for (const action of actions) await world.act(action);
        await world.drain();
        missing += world.expectWhole();
        gaps += world.told.length;
      } finally {
        await world.close();
      }
    }),
    { numRuns: 60 },
  );
  // Else nothing was tried.
  expect(missing).toBeGreaterThan(100);
  expect(gaps).toBeGreaterThan(30);
});

class World {
  readonly #folder = mkdtempSync(join(tmpdir(), 'json-gaps-'));
  readonly #log: LogWriter;
  readonly #maxSize: number;
  /** Pushes that no crash takes away. */
  #leastKept = 0;
  readonly #written: { readonly text: string; readonly time: LineTime }[] = [];
  /** Of the readers before: what was committed. */
  readonly #lines: string[] = [];
  readonly #gaps: SourceGap[] = [];
  #pipeline = new FakePipeline();
  #scope: Scope | undefined;
  #readers: JsonFileReaders | undefined;

  constructor(maxSize: number, maxFiles: number) {
    this.#log = new LogWriter(join(this.#folder, 'log'), maxSize, maxFiles);
    this.#maxSize = maxSize;
  }

  /** What goes before anything was read is seen by nobody: so there is a line, and its position is committed. */
  async begin(): Promise<void> {
    this.#write(1, 0);
    this.#start(new Map());
    await this.#settle();
    this.#leastKept = this.#pipeline.pushes.length;
  }

  get told(): readonly SourceGap[] {
    return [...this.#gaps, ...this.#pipeline.gaps];
  }

  async act(action: Action): Promise<void> {
    if (action.kind === 'write') this.#write(action.lines, action.length);
    else if (action.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, 2));
    else if (action.kind === 'drain') await this.drain();
    else if (action.kind === 'truncate') await this.#truncate();
    else await this.#crash(action.kept, action.meanwhile);
  }

  /** Until the last line is there: nothing comes behind it. */
  async drain(): Promise<void> {
    this.#write(1, 0);
    const last = this.#written.at(-1)?.text;
    await this.#pipeline.until(() => this.#pipeline.lines.some(({ text }) => text === last));
  }

  /** Answers how many lines are missing. */
  expectWhole(): number {
    const read = [...this.#lines, ...this.#pipeline.lines.map(({ text }) => text)];
    const known = new Set(read);
    expect(read, 'once, and in order').toEqual(
      this.#written.map(({ text }) => text).filter((text) => known.has(text)),
    );
    const missing = this.#written.filter(({ text }) => !known.has(text));
    const untold = missing.filter(({ time }) => !this.told.some((gap) => covers(gap, time)));
    expect(untold, JSON.stringify(this.told)).toEqual([]);
    // Where a generation is known to be missing, and not behind which of several others, each place is told.
    const rotated = this.told.filter(({ why }) => why === 'rotated');
    const isReal = rotated.some((gap) => missing.some(({ time }) => covers(gap, time)));
    expect(isReal || rotated.length === 0, JSON.stringify(rotated)).toBe(true);
    return missing.length;
  }

  async close(): Promise<void> {
    await this.#scope?.close();
    this.#log.close();
    rmSync(this.#folder, { recursive: true });
  }

  #write(lines: number, length: number): void {
    for (let i = 0; i < lines; i++) {
      const n = this.#written.length + 1;
      const time = { seconds: BEGIN + (n >> 3), nanos: (n & 7) * 1_000 };
      const text = `${n} ${'x'.repeat(length)}`;
      const at = new Date(time.seconds * 1000).toISOString().slice(0, 19);
      this.#log.raw(record(`${text}\n`, 'stdout', `${at}.${String(time.nanos).padStart(9, '0')}Z`));
      this.#written.push({ text, time });
    }
    this.#readers?.wake(ID);
  }

  /** What goes of a file before anything of that was read is seen by nobody: so something was, and is committed. */
  async #truncate(): Promise<void> {
    await this.drain();
    this.#leastKept = this.#pipeline.pushes.length;
    const { ino } = statSync(this.#log.path);
    this.#write(3, 20);
    if (statSync(this.#log.path).ino !== ino) return;
    truncateSync(this.#log.path, 0);
  }

  async #crash(kept: number, meanwhile: number): Promise<void> {
    await this.#scope?.close();
    this.#readers = undefined;
    const pipeline = this.#pipeline;
    const count = this.#leastKept + (kept % (pipeline.pushes.length + 1 - this.#leastKept));
    this.#leastKept = 0;
    this.#lines.push(
      ...pipeline.pushes.slice(0, count).flatMap(({ lines }) => lines.map(({ text }) => text)),
    );
    this.#gaps.push(...pipeline.gaps.filter(({ push }) => push < count));
    this.#write(meanwhile, 50);
    this.#start(pipeline.positionsAfter(count));
    await this.#settle();
  }

  /** Rotations are counted from the first look on that finds the newest file held. */
  async #settle(): Promise<void> {
    let isHeld = false;
    while (!isHeld) {
      const { ino } = statSync(this.#log.path);
      await this.drain();
      isHeld = statSync(this.#log.path).ino === ino;
    }
  }

  #start(positions: ReadonlyMap<SourceKey, Position>): void {
    this.#pipeline = new FakePipeline(positions);
    const scope = Scope.root('model', (error) => {
      throw error;
    });
    const readers = new JsonFileReaders({
      pipeline: this.#pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      onNotice: () => {},
    });
    void scope.run('readers', () => readers.run(scope));
    readers.ready();
    readers.add({
      id: ID,
      path: this.#log.path,
      labels: { container: 'c' },
      existedAtFirstStart: false,
      maxSizeBytes: this.#maxSize,
    });
    this.#scope = scope;
    this.#readers = readers;
  }
}

function covers({ from, to }: SourceGap, { seconds, nanos }: LineTime): boolean {
  const isBehind = !from || seconds > from.seconds || (seconds === from.seconds && nanos >= from.nanos);
  const isBefore = !!to && (seconds < to.seconds || (seconds === to.seconds && nanos <= to.nanos));
  return isBehind && isBefore;
}
