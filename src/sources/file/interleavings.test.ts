/**
 * Every moment at which a rotation can meet a look: the steps of whoever writes and rotates a log are done between the calls of
 * `node:fs` that the agent makes, at places that are enumerated. There is no clock in it: a look is one turn of the source's
 * tick, and all files may bear the same time.
 *
 * Each line comes once and in order. One may be missing where a cut destroyed it, and a gap stands there; there are no more gaps
 * than cuts.
 */
import type * as Fs from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { decodersOf } from './decoders.js';
import { FileLog } from './file-log.js';
import { CommittingPipeline } from './testing/file-kit.js';
import type { LogContext } from './types.js';

const moments = vi.hoisted(() => ({ before: undefined as (() => void) | undefined }));

vi.mock('node:fs', async (importActual) => {
  const actual = await importActual<Record<string, unknown>>();
  const hooked = { ...actual };
  for (const name of [
    'statSync',
    'fstatSync',
    'openSync',
    'readSync',
    'read',
    'readdirSync',
    'realpathSync',
    'existsSync',
  ]) {
    const call = actual[name] as (...args: unknown[]) => unknown;
    const before = (...args: unknown[]): unknown => {
      moments.before?.();
      return call(...args);
    };
    // How it is promisified stands there too.
    hooked[name] = Object.defineProperties(before, Object.getOwnPropertyDescriptors(call));
  }
  return { ...hooked, default: hooked };
});

const fs = await vi.importActual<typeof Fs>('node:fs');

type Style = 'rename' | 'compress' | 'copytruncate';
type Format = 'plain' | 'cri';
interface Setup {
  readonly style: Style;
  readonly format: Format;
  /** Compressed files bear the time of their text. */
  readonly keepsTimes: boolean;
}
/** So many lines are written, then it is rotated unless the script ends there. */
type Script = readonly number[];
type Step = () => void;

/** Longer than the times of files are coarse. */
const CLOCK_MS = 11;
const buf = Buffer.allocUnsafe(64 * 1024);

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'interleavings-'));
  readonly path = join(this.folder, 'a.log');
  readonly pipeline = new CommittingPipeline();
  readonly steps: Step[] = [];
  /** Lines between a copy and its cut. */
  readonly destroyed = new Set<number>();
  cuts = 0;
  /** The number of the next line, and how many calls the agent made. */
  next = 0;
  calls = 0;
  done = 0;
  readonly #setup: Setup;
  readonly #scope = Scope.root('test', (error) => {
    throw error;
  });
  readonly #context: LogContext;
  #log: FileLog;
  #planned = 0;
  /** Names that were given or taken away, and of how many of those the source heard. */
  #named = 0;
  #heard = 0;

  constructor(setup: Setup, script: Script) {
    this.#setup = setup;
    this.#context = {
      pipeline: this.pipeline,
      log: pino({ level: 'silent' }),
      format: setup.format,
      ...decodersOf({ format: setup.format, encoding: 'utf-8', maxLineBytes: 512 * 1024 }),
      onHeld: () => {},
      onDone: () => {},
    };
    this.#log = this.#make();
    fs.writeFileSync(this.path, '');
    script.forEach((lines, i) => {
      if (lines > 0) this.steps.push(() => this.write(lines));
      if (i < script.length - 1) this.#planRotation();
    });
  }

  write(lines: number): void {
    const prefix = this.#setup.format === 'cri' ? '2026-11-22T10:00:00.000000000Z stdout F ' : '';
    const texts = Array.from({ length: lines }, () => `${prefix}line ${this.next++}\n`);
    fs.appendFileSync(this.path, texts.join(''));
  }

  /** What is due is done before the agent's next call of the file system. */
  async doing(isDue: (step: number, call: number) => boolean, work: () => Promise<void>): Promise<void> {
    moments.before = () => {
      this.calls++;
      while (this.done < this.steps.length && isDue(this.done, this.calls)) this.steps[this.done++]();
    };
    try {
      await work();
    } finally {
      moments.before = undefined;
    }
  }

  /** One turn of the source: all that there is, as its tick and its task for large files read it. */
  async look(): Promise<void> {
    const log = this.#log;
    if (!log.wake(this.#scope, { older: () => [], offset: () => 0 })) return log.leave();
    for (;;) {
      // What the folder tells is heard between two looks.
      log.mayHaveCopies ||= this.#named > this.#heard;
      this.#heard = this.#named;
      let progress = log.look(this.#scope, buf);
      if (progress === 'long') {
        const hadNewer = log.hasNewer;
        const bytes = await log.fetch(this.#scope, buf);
        progress = log.digest(buf, bytes, buf.length, hadNewer);
        log.follow(this.#scope);
      }
      if (progress === 'quiet') return;
    }
  }

  /** Killed: it goes on from the last commit. */
  async restart(): Promise<void> {
    await this.#log.close();
    this.pipeline.kill();
    this.#log = this.#make();
  }

  async end(): Promise<void> {
    await this.#log.close();
    await this.#scope.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** What is wrong; empty: nothing. */
  faults(): string[] {
    const story = this.pipeline.story.map((one) => Number(one.replace('line ', '')));
    const gaps = story.filter(Number.isNaN).length;
    const faults = gaps > this.cuts ? [`${gaps} gaps of ${this.cuts} cuts`] : [];
    let expected = 0;
    let isGap = false;
    for (const one of [...story, this.next]) {
      if (Number.isNaN(one)) {
        isGap = true;
        continue;
      }
      if (one < expected) faults.push(`${one} came behind ${expected - 1}`);
      for (; expected < one; expected++)
        if (!this.destroyed.has(expected)) faults.push(`${expected} is missing`);
        else if (!isGap) faults.push(`that ${expected} was destroyed is not told`);
      expected = Math.max(expected, one + 1);
      isGap = false;
    }
    return faults.length === 0 ? [] : [...faults, this.pipeline.story.join(' ')];
  }

  #make(): FileLog {
    return new FileLog(this.#context, this.path, 'file/files/a', () => ({ filename: 'a' }));
  }

  #planRotation(): void {
    const { path, steps } = this;
    const first = `${path}.1`;
    for (let n = ++this.#planned; n >= 1; n--)
      for (const suffix of ['', '.gz'])
        steps.push(() => {
          this.#named++;
          if (fs.existsSync(`${path}.${n}${suffix}`))
            fs.renameSync(`${path}.${n}${suffix}`, `${path}.${n + 1}${suffix}`);
        });
    if (this.#setup.style === 'copytruncate') return this.#planCut(first);
    steps.push(() => {
      this.#named++;
      fs.renameSync(path, first);
    });
    steps.push(() => fs.writeFileSync(path, ''));
    if (this.#setup.style === 'rename') return;
    const gz = `${first}.gz`;
    steps.push(() => {
      this.#named++;
      fs.writeFileSync(gz, '');
    });
    steps.push(() => fs.appendFileSync(gz, gzipSync(fs.readFileSync(first)).subarray(0, 12)));
    steps.push(() => fs.appendFileSync(gz, gzipSync(fs.readFileSync(first)).subarray(12)));
    if (this.#setup.keepsTimes)
      steps.push(() => fs.utimesSync(gz, fs.statSync(first).atime, fs.statSync(first).mtime));
    steps.push(() => fs.rmSync(first));
  }

  #planCut(copy: string): void {
    const { path, steps } = this;
    let text: Buffer;
    // Of an empty copy nothing but times tells.
    const tick = (): void => {
      if (fs.statSync(path).size > 0) return;
      const begun = performance.now();
      while (performance.now() - begun < CLOCK_MS);
    };
    steps.push(() => {
      tick();
      this.#named++;
      fs.writeFileSync(copy, '');
      tick();
    });
    steps.push(() => {
      text = fs.readFileSync(path);
      fs.appendFileSync(copy, text.subarray(0, text.length / 2));
    });
    steps.push(() => fs.appendFileSync(copy, text.subarray(text.length / 2)));
    steps.push(() => {
      for (let n = 0; n < 2; n++) this.destroyed.add(this.next + n);
      this.write(2);
    });
    steps.push(() => {
      this.cuts++;
      // A copy of nothing may be told of before its cut.
      if (text.length === 0) this.cuts++;
      fs.truncateSync(path);
    });
  }
}

const SETUPS: Setup[] = (['rename', 'compress', 'copytruncate'] as const).flatMap((style) =>
  (['plain', 'cri'] as const).flatMap((format) =>
    (style === 'compress' ? [true, false] : [false]).map((keepsTimes) => ({ style, format, keepsTimes })),
  ),
);

/**
 * The steps up to `from` are done before a look, those up to `to` at one call in it, and the others after it. At that look the
 * log is read already, or wakes after a kill; `killed`: it saw the first steps, and its position says nothing of them.
 */
interface Meeting {
  readonly from: number;
  readonly to: number;
  readonly state: State;
}
const STATES = ['read', 'wakes', 'killed'] as const;
type State = (typeof STATES)[number];

/** Two lines were read before. Answers what is wrong, how many calls the look made, and of how many steps the script is. */
async function meet(
  setup: Setup,
  script: Script,
  { from, to, at, state }: Meeting & { readonly at: number },
): Promise<{ readonly faults: string[]; readonly calls: number; readonly steps: number }> {
  const world = new World(setup, script);
  try {
    await world.look();
    world.write(2);
    await world.look();
    world.pipeline.commit();
    const isBefore = (step: number): boolean => step < from;
    if (state === 'killed') await world.doing(isBefore, () => world.look());
    if (state !== 'read') await world.restart();
    world.calls = 0;
    await world.doing(
      (step, call) => isBefore(step) || (step < to && call >= at),
      () => world.look(),
    );
    const { calls } = world;
    await world.doing(
      () => true,
      () => world.look(),
    );
    await world.look();
    world.write(1);
    await world.look();
    return { faults: world.faults(), calls, steps: world.steps.length };
  } finally {
    await world.end();
  }
}

/** Every `stride`-th call of the look, from the `first` one on. */
async function meetAtCalls(
  setup: Setup,
  script: Script,
  { stride, first, ...meeting }: Meeting & { readonly stride: number; readonly first: number },
): Promise<string[]> {
  const wrong: string[] = [];
  for (let at = first, calls = first; at <= calls; at += stride) {
    const met = await meet(setup, script, { ...meeting, at });
    ({ calls } = met);
    if (met.faults.length > 0)
      wrong.push(
        `${script.join()}: ${JSON.stringify({ ...setup, ...meeting, at })}: ${met.faults.join('; ')}`,
      );
  }
  return wrong;
}

const SCRIPTS: Script[] = [
  [0, 0],
  [0, 3, 0],
  [3, 0, 0],
  [0, 0, 3],
  [3, 3, 3],
];
/** 1: all of them, in minutes. */
const STRIDE = Number(process.env['FILE_INTERLEAVINGS_STRIDE'] ?? 79);

test.each(SETUPS)('$style, $format, times kept: $keepsTimes', { timeout: 3_600_000 }, async (setup) => {
  const wrong: string[] = [];
  let turn = 0;
  for (const script of SCRIPTS) {
    const { steps } = await meet(setup, script, { from: 0, to: 0, at: 0, state: 'read' });
    for (const state of STATES)
      for (let from = 0; from < steps; from++)
        for (let to = from + 1 + (turn++ % STRIDE); to <= steps; to += STRIDE)
          wrong.push(
            ...(await meetAtCalls(setup, script, {
              from,
              to,
              state,
              stride: STRIDE,
              first: 1 + ((from * 5 + to * 3) % STRIDE),
            })),
          );
  }
  expect(wrong).toEqual([]);
});

const compress: Setup = { style: 'compress', format: 'plain', keepsTimes: false };
const cut: Setup = { style: 'copytruncate', format: 'plain', keepsTimes: false };

/** Each was wrong once. */
test.each<[string, Setup, Script, Meeting]>([
  [
    'a file that was opened is rotated before others are',
    compress,
    [0, 3, 0],
    { from: 13, to: 19, state: 'read' },
  ],
  ['the same when it wakes', compress, [0, 3, 0], { from: 7, to: 19, state: 'wakes' }],
  ['a generation of nothing is no copy', compress, [3, 0, 0], { from: 0, to: 18, state: 'read' }],
  [
    'a time in whole milliseconds',
    { ...compress, keepsTimes: true },
    [3, 3, 3],
    { from: 0, to: 18, state: 'wakes' },
  ],
  ['read on after it was copied', cut, [0, 0], { from: 0, to: 6, state: 'read' }],
  ['cut between its opening and its first position', cut, [0, 3, 0], { from: 3, to: 15, state: 'wakes' }],
  ['a copy that is not whole yet', cut, [3, 3, 3], { from: 9, to: 15, state: 'wakes' }],
  ['cut between its reading and its position', cut, [3, 3, 3], { from: 5, to: 17, state: 'read' }],
  [
    'cut between the look for copies and the first reading',
    cut,
    [3, 3, 3],
    { from: 13, to: 19, state: 'read' },
  ],
])('%s', async (_what, setup, script, meeting) => {
  expect(await meetAtCalls(setup, script, { ...meeting, stride: 1, first: 1 })).toEqual([]);
});
