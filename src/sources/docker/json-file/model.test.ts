/**
 * A container writes, its log rotates, the readers are killed at any commit and started again, the pipeline stalls: per
 * stream every line arrives exactly once, whole, in order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Position, SourceKey } from '../../../pipeline/contract.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { JsonFileReaders, type Notice } from './index.js';
import { FakePipeline, type Line, LogWriter } from './testing/test-support.js';

const ID = 'c';
const PATIENCE_MS = 30_000;

interface Write {
  readonly kind: 'write';
  readonly stderr: boolean;
  readonly length: number;
  /** Only the first piece, the rest with the next write to this stream. */
  readonly half: boolean;
}
/** Waits until everything complete has arrived. */
interface Drain {
  readonly kind: 'drain';
}
/** Lets the readers do something, but not wait for it. */
interface Pause {
  readonly kind: 'pause';
}
/** Kills the readers; what was pushed after a commit between the last drain and now is gone. */
interface Crash {
  readonly kind: 'crash';
  readonly kept: number;
  /** Written while they are down. */
  readonly meanwhile: readonly Write[];
}
type Action = Write | Drain | Pause | Crash;

const write: fc.Arbitrary<Write> = fc.record({
  kind: fc.constant('write' as const),
  stderr: fc.boolean(),
  length: fc.oneof(
    { weight: 10, arbitrary: fc.nat(300) },
    { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 50_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 16_383, 16_384, 32_768) },
  ),
  half: fc.boolean(),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: write },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      kept: fc.nat(1000),
      meanwhile: fc.array(write, { maxLength: 5 }),
    }),
  },
);

const scenario = fc.record({
  maxFiles: fc.constantFrom(6, 8, 12),
  maxSize: fc.constantFrom(600, 3000, 40_000, 400_000),
  compress: fc.boolean(),
  stalls: fc.boolean(),
  actions: fc.array(action, { minLength: 5, maxLength: 80 }),
});

test('every line exactly once, whole, in order', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const world = new World(given.maxSize, given.maxFiles, given.compress, given.stalls);
      try {
        for (const action of given.actions) await world.act(action);
        await world.end();
      } finally {
        await world.close();
      }
      expect(world.notices).toEqual([]);
      expect(world.gaps).toEqual([]);
      expect(world.texts('stdout')).toEqual(world.log.lines.stdout);
      expect(world.texts('stderr')).toEqual(world.log.lines.stderr);
    }),
    { numRuns: 100 },
  );
});

class World {
  readonly log: LogWriter;
  readonly notices: Notice[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'json-model-'));
  readonly #maxFiles: number;
  readonly #stalls: boolean;
  readonly #lines: Line[] = [];
  readonly #gaps: unknown[] = [];
  #written = 0;
  #pipeline = new FakePipeline();
  #scope: Scope | undefined;
  #readers: JsonFileReaders | undefined;
  /** Of the current pipeline: the pushes that the last drain saw, and the rotations until then. */
  #drainedPushes = 0;
  #drainedRotations = 0;
  /** The second half of a line that was begun. */
  readonly #rest: { stdout: string | undefined; stderr: string | undefined } = {
    stdout: undefined,
    stderr: undefined,
  };

  constructor(maxSize: number, maxFiles: number, compress: boolean, stalls: boolean) {
    this.log = new LogWriter(join(this.#folder, 'log'), maxSize, maxFiles, compress);
    this.#maxFiles = maxFiles;
    this.#stalls = stalls;
    this.#start(new Map());
  }

  /** Told, committed or not: nothing was ever missing. */
  get gaps(): unknown[] {
    return [...this.#gaps, ...this.#pipeline.gaps];
  }

  texts(stream: 'stdout' | 'stderr'): string[] {
    return [...this.#lines, ...this.#pipeline.lines]
      .filter((line) => line.stream.includes(stream))
      .map((line) => line.text);
  }

  async act(action: Action): Promise<void> {
    if (action.kind === 'write') await this.#write(action, true);
    else if (action.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, 2));
    else if (action.kind === 'drain') await this.#drain();
    else await this.#crash(action);
  }

  /** Completes what was begun, and waits for all of it. */
  async end(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#rest[stream];
      if (rest !== undefined) this.log.line(rest, stream);
      this.#rest[stream] = undefined;
    }
    await this.#drain();
  }

  async close(): Promise<void> {
    await this.#scope?.close();
    this.log.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #write({ stderr, length, half }: Write, isRunning: boolean): Promise<void> {
    // What is unread must still be there, as it is where rotation is not faster than reading.
    if (isRunning && this.#isTooFar(mostRotations(length))) await this.end();
    const stream = stderr ? 'stderr' : 'stdout';
    const rest = this.#rest[stream];
    this.#rest[stream] = undefined;
    if (rest !== undefined) {
      this.log.line(rest, stream);
    } else {
      const line = `${this.#written++} ${'abcdefghij'.repeat(length / 10 + 1).slice(0, length)}`;
      if (half && line.length > 16_384) {
        this.log.write(line.slice(0, 16_384), stream);
        this.#rest[stream] = line.slice(16_384);
      } else {
        this.log.line(line, stream);
      }
    }
    this.#readers?.wake(ID);
  }

  /** Whether so many more rotations, and those that the rests of begun lines bring, could remove what is still needed. */
  #isTooFar(more: number): boolean {
    const rests = [this.#rest.stdout, this.#rest.stderr].filter((rest) => rest !== undefined);
    const rotations = rests.reduce((sum, rest) => sum + mostRotations(rest.length), more);
    return this.log.rotations + rotations - this.#drainedRotations >= this.#maxFiles - 1;
  }

  async #drain(): Promise<void> {
    const expected = this.log.lines;
    const begun = [this.#rest.stdout, this.#rest.stderr].some((rest) => rest !== undefined);
    const isAllHere = (): boolean =>
      this.texts('stdout').length >= expected.stdout.length &&
      this.texts('stderr').length >= expected.stderr.length;
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.#missing())), PATIENCE_MS);
    });
    await Promise.race([this.#pipeline.until(isAllHere), never]).finally(() => clearTimeout(timer));
    this.#drainedPushes = this.#pipeline.pushes.length;
    // With a line begun the position may be as far back as that.
    if (!begun) this.#drainedRotations = this.log.rotations;
  }

  #missing(): string {
    const lost = (['stdout', 'stderr'] as const).map((stream) => {
      const here = this.texts(stream);
      return `${stream}: ${this.log.lines[stream].length} written, ${here.length} arrived, the last one ${here.at(-1)?.slice(0, 20)}`;
    });
    return `Lines never arrived. ${lost.join('; ')}; ${JSON.stringify(this.#readers?.stats().get(ID))}`;
  }

  async #crash({ kept, meanwhile }: Crash): Promise<void> {
    const rotations = meanwhile.reduce((sum, { length }) => sum + mostRotations(length), 0);
    if (this.#isTooFar(rotations)) await this.end();
    const undrained = this.#pipeline.pushes.length - this.#drainedPushes;
    await this.#scope?.close();
    this.#readers = undefined;
    const count = this.#drainedPushes + (kept % (undrained + 1));
    const positions = this.#pipeline.positionsAfter(count);
    this.#lines.push(...this.#pipeline.pushes.slice(0, count).flatMap((push) => push.lines));
    if (!this.#isTooFar(rotations)) for (const write of meanwhile) await this.#write(write, false);
    this.#start(positions);
  }

  #start(positions: ReadonlyMap<SourceKey, Position>): void {
    this.#gaps.push(...this.#pipeline.gaps);
    this.#pipeline = new FakePipeline(positions);
    this.#drainedPushes = 0;
    if (this.#stalls) this.#pipeline.answer = () => new Promise((resolve) => setImmediate(resolve));
    const scope = Scope.root('model', (error) => {
      throw error;
    });
    const readers = new JsonFileReaders({
      pipeline: this.#pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      onNotice: (notice) => this.notices.push(notice),
    });
    void scope.run('readers', () => readers.run(scope));
    readers.ready();
    readers.add({ id: ID, path: this.log.path, labels: { container: 'c' }, existedAtFirstStart: false });
    this.#scope = scope;
    this.#readers = readers;
  }
}

function mostRotations(length: number): number {
  return Math.floor(length / 16_384) + 1;
}
