/**
 * Any sequence of writes, rotations, kills and restarts: every line comes once, in order, but for those that a cut
 * destroyed, and where those are missing a gap is told: one for each cut, and no other. While it is read no log is cut twice between two looks.
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FileKit } from './testing/file-kit.js';

type Step =
  | { readonly do: 'write'; readonly lines: number; readonly isCutInTwo: boolean }
  | { readonly do: 'commit' | 'kill' | 'stop' | 'start' | 'catch up' }
  /** Compressed, where it is by renaming; else so many lines come between the copy and the cut. */
  | { readonly do: 'rotate'; readonly isCompressed: boolean; readonly lost: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      lines: fc.integer({ min: 1, max: 40 }),
      isCutInTwo: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('rotate' as const), isCompressed: fc.boolean(), lost: fc.nat(4) }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'kill' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'start' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'catch up' as const }) },
);

class World {
  readonly kit = new FileKit();
  readonly path = this.kit.path('app.log');
  /** In order: lines, and a cut with those that were written between the copy and it. */
  readonly written: (string | { readonly lost: readonly string[] })[] = [];
  #next = 1;
  #rotations = 0;
  #rest = '';
  #isRunning = false;
  readonly #isCopied: boolean;

  /** A log is rotated in one way: renamed, or copied and cut short. */
  constructor(isCopied: boolean) {
    this.#isCopied = isCopied;
  }

  async run(steps: readonly Step[]): Promise<void> {
    const { kit } = this;
    writeFileSync(this.path, '');
    this.#start();
    // Of what was never committed nobody knows that it was there.
    kit.pipeline.commit();
    for (const one of steps) await this.#do(one);
    this.#finishLine();
    this.#start();
    await this.#caughtUp();
    await kit.stop();
    kit.start();
    this.#write(1);
    await this.#caughtUp();
  }

  async #do(one: Step): Promise<void> {
    const { kit, path } = this;
    switch (one.do) {
      case 'write':
        this.#write(one.lines);
        if (one.isCutInTwo) this.#beginLine();
        break;
      case 'commit':
        return kit.pipeline.commit();
      case 'kill':
        if (this.#isRunning) await kit.kill();
        this.#isRunning = false;
        return;
      case 'stop':
        if (this.#isRunning) await kit.stop();
        this.#isRunning = false;
        return;
      case 'start':
        return this.#start();
      case 'catch up':
        return this.#isRunning ? this.#caughtUp() : undefined;
      case 'rotate': {
        this.#finishLine();
        if (statSync(path).size === 0) return;
        if (this.#isCopied && this.#isRunning) await this.#cutsSeen();
        this.#shift();
        if (!this.#isCopied) {
          renameSync(path, `${path}.1`);
          writeFileSync(path, '');
          if (one.isCompressed) this.#compress();
          return;
        }
        copyFileSync(path, `${path}.1`);
        const lost = Array.from({ length: one.lost }, () => this.#line());
        appendFileSync(path, lost.map((line) => `${line}\n`).join(''));
        truncateSync(path);
        this.written.push({ lost });
      }
    }
  }

  #start(): void {
    if (!this.#isRunning) this.kit.start();
    this.#isRunning = true;
  }

  #line(): string {
    return `line ${this.#next++} ${'x'.repeat((this.#next * 7) % 90)}`;
  }

  #write(lines: number): void {
    this.#finishLine();
    const texts = Array.from({ length: lines }, () => this.#line());
    appendFileSync(this.path, texts.map((text) => `${text}\n`).join(''));
    this.written.push(...texts);
  }

  #beginLine(): void {
    const text = this.#line();
    appendFileSync(this.path, text.slice(0, 3));
    this.#rest = text.slice(3);
    this.written.push(text);
  }

  #finishLine(): void {
    if (this.#rest !== '') appendFileSync(this.path, `${this.#rest}\n`);
    this.#rest = '';
  }

  #shift(): void {
    for (let n = ++this.#rotations; n >= 1; n--)
      for (const suffix of ['', '.gz'])
        if (existsSync(`${this.path}.${n}${suffix}`))
          renameSync(`${this.path}.${n}${suffix}`, `${this.path}.${n + 1}${suffix}`);
  }

  #compress(): void {
    const { path } = this;
    const { mtimeMs } = statSync(`${path}.1`);
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
    utimesSync(`${path}.1.gz`, mtimeMs / 1000, mtimeMs / 1000);
    rmSync(`${path}.1`);
  }

  /** Two cuts between two looks are one gap: that is said in the document, and not what is asked here. */
  async #cutsSeen(): Promise<void> {
    const cuts = this.written.filter((one) => typeof one !== 'string').length;
    await this.kit.until(`${cuts} gaps`, () => this.kit.pipeline.gaps.length >= cuts);
  }

  /** The last line that cannot be destroyed any more has come. */
  async #caughtUp(): Promise<void> {
    const last = this.#rest === '' ? this.written.at(-1) : this.written.at(-2);
    if (typeof last !== 'string') return;
    await this.kit.until(last.slice(0, 10), () => this.kit.pipeline.lines.at(-1)?.text === last);
  }

  /** What came, held against what was written. */
  judge(): void {
    const { seen } = this.kit.pipeline;
    let at = 0;
    for (const expected of this.written) {
      if (typeof expected === 'string') {
        const one = seen[at++];
        expect(one && 'text' in one ? one.text : one).toBe(expected);
        continue;
      }
      // Of what was destroyed some may have been read before; what was not is before the gap.
      const read: string[] = [];
      for (let one = seen[at]; one && 'text' in one && expected.lost.includes(one.text); one = seen[++at])
        read.push(one.text);
      expect(expected.lost.slice(0, read.length)).toEqual(read);
      const gap = seen[at++];
      expect(gap).toMatchObject({ why: 'truncated' });
    }
    expect(seen.slice(at)).toEqual([]);
  }
}

test('whatever happens to a file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(step, { minLength: 3, maxLength: 16 }),
      async (isCopied, steps) => {
        const world = new World(isCopied);
        try {
          await world.run(steps);
          world.judge();
        } finally {
          await world.kit.end();
        }
      },
    ),
    { numRuns: Number(process.env['FILE_MODEL_RUNS'] ?? 15) },
  );
}, 120_000);
