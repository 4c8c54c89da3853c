import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LineFlag } from '../../../pipeline/batch.js';
import type { Position, SourceKey } from '../../../pipeline/contract.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { type ContainerLog, JsonFileReaders, type Notice, type StartAt } from './index.js';
import { FakePipeline, LogWriter, record } from './test-support.js';
import type { JsonFileOptions } from './types.js';

const ID = 'c1';
const LABELS = { container: 'web' };

let folder: string;
let path: string;
const opened: Agent[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-file-'));
  path = join(folder, 'c1-json.log');
});

afterEach(async () => {
  for (const agent of opened.splice(0)) await agent.stop();
  rmSync(folder, { recursive: true });
});

/** The readers on a fake pipeline, which begins with the given positions. */
class Agent {
  readonly pipeline: FakePipeline;
  readonly notices: Notice[] = [];
  readonly readers: JsonFileReaders;
  readonly scope: Scope;
  readonly failures: unknown[] = [];
  #told: (() => void)[] = [];

  constructor(positions?: ReadonlyMap<SourceKey, Position>, options: Partial<JsonFileOptions> = {}) {
    this.pipeline = new FakePipeline(positions);
    this.readers = new JsonFileReaders({
      pipeline: this.pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      onNotice: (notice) => {
        this.notices.push(notice);
        for (const resolve of this.#told.splice(0)) resolve();
      },
      ...options,
    });
    this.scope = Scope.root('test', (error) => this.failures.push(error));
    void this.scope.run('readers', () => this.readers.run(this.scope));
    this.readers.ready();
    opened.push(this);
  }

  add(log: Partial<ContainerLog> = {}): void {
    this.readers.add({ id: ID, path, labels: LABELS, existedAtFirstStart: false, ...log });
  }

  async lines(count: number): Promise<string[]> {
    await this.pipeline.until(() => this.pipeline.lines.length >= count);
    return this.pipeline.lines.map((line) => line.text);
  }

  async told(kind: Notice['kind']): Promise<Notice> {
    for (;;) {
      const notice = this.notices.find((notice) => notice.kind === kind);
      if (notice) return notice;
      await new Promise<void>((resolve) => this.#told.push(resolve));
    }
  }

  /** Closes everything: nothing may be left. */
  async stop(): Promise<void> {
    await this.scope.close();
    expect(this.failures).toEqual([]);
    expect([...this.scope.census().entries()]).toEqual([]);
    expect(this.pipeline.streams.size).toBe(0);
  }
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
}

function writeLines(log: LogWriter, from: number, to: number): void {
  for (const line of numbered(from, to)) log.line(line);
}

describe('reading', () => {
  test('every line, live, in order, with labels and stream', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 100);
    const agent = new Agent();
    agent.add();
    await agent.lines(100);
    log.line('an error', 'stderr');
    writeLines(log, 100, 200);
    await agent.lines(201);
    expect(agent.pipeline.texts('stream="stdout"')).toEqual(numbered(0, 200));
    expect(agent.pipeline.texts('{container="web", stream="stderr"}')).toEqual(['an error']);
    log.close();
  });

  test('a file that was quiet long enough to be watched wakes by its change', async () => {
    const log = new LogWriter(path);
    log.line('one');
    const agent = new Agent();
    agent.add();
    await agent.lines(1);
    await until(() => agent.scope.census().get('watcher') === 1);
    const begin = performance.now();
    log.line('two');
    expect(await agent.lines(2)).toEqual(['one', 'two']);
    // The safety round alone would come by after seconds.
    expect(performance.now() - begin).toBeLessThan(900);
    expect(agent.scope.census().get('watcher')).toBeUndefined();
    log.close();
  });

  test('a file that appears after it was added', async () => {
    const agent = new Agent();
    agent.add();
    await new Promise((resolve) => setImmediate(resolve));
    const log = new LogWriter(path);
    log.line('late');
    expect(await agent.lines(1)).toEqual(['late']);
    log.close();
  });

  test('without labels the file is held, over removal, and read when they are known', async () => {
    const log = new LogWriter(path, 500);
    writeLines(log, 0, 3);
    const agent = new Agent();
    agent.add({ labels: undefined });
    rmSync(path);
    log.close();
    agent.readers.finish(ID);
    agent.readers.setLabels(ID, LABELS);
    await agent.told('finished');
    expect(agent.pipeline.texts('')).toEqual(numbered(0, 3));
    expect(agent.pipeline.positionsAfter(Infinity).size).toBe(0);
    expect(agent.readers.stats().size).toBe(0);
    expect(agent.scope.census().get('file')).toBeUndefined();
  });

  test('a rejected container: nothing is pushed, nothing is held', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 3);
    const agent = new Agent();
    agent.add({ labels: undefined });
    expect(agent.scope.census().get('file')).toBe(1);
    agent.readers.reject(ID);
    await until(() => agent.scope.census().get('file') === undefined);
    expect(agent.pipeline.pushes).toEqual([]);
    log.close();
  });

  test('lines after a rename carry the new labels', async () => {
    const log = new LogWriter(path);
    log.line('before');
    const agent = new Agent();
    agent.add();
    await agent.lines(1);
    agent.readers.setLabels(ID, { container: 'renamed' });
    log.line('after');
    await agent.lines(2);
    expect(agent.pipeline.lines.map((line) => line.stream)).toEqual([
      '{container="web", stream="stdout"}',
      '{container="renamed", stream="stdout"}',
    ]);
    log.close();
  });

  test('finish reads a removed log to its very end, open lines and torn records included', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 5000);
    log.raw(record('x'.repeat(20_000), 'stderr') + record('y'.repeat(16_384)));
    log.raw('{"log":"torn');
    const agent = new Agent();
    agent.add();
    rmSync(path);
    agent.readers.finish(ID);
    await agent.told('finished');
    expect(agent.pipeline.texts('stdout')).toEqual([
      ...numbered(0, 5000),
      'y'.repeat(16_384),
      '{"log":"torn',
    ]);
    expect(agent.pipeline.texts('stderr')).toEqual(['x'.repeat(20_000)]);
    expect(agent.pipeline.lines.slice(-3).map((line) => line.flags)).toEqual([
      LineFlag.incomplete,
      LineFlag.malformed | LineFlag.incomplete,
      LineFlag.incomplete,
    ]);
    log.close();
  });

  test('an open line of full pieces waits while the container runs, and is whole once it is stopped', async () => {
    const log = new LogWriter(path);
    log.line('first');
    log.raw(record('p'.repeat(16_384)));
    const agent = new Agent();
    agent.add();
    await agent.lines(1);
    agent.readers.stopped(ID);
    expect(await agent.lines(2)).toEqual(['first', 'p'.repeat(16_384)]);
    expect(agent.pipeline.lines[1].flags).toBe(0);
    log.close();
  });

  test('a pipeline that asks to wait is not pushed to, and gets everything later', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const agent = new Agent();
    let release = (): void => {};
    let isHeld = false;
    agent.pipeline.answer = () => {
      if (isHeld) throw new Error('pushed while it asked to wait');
      isHeld = true;
      return new Promise((resolve) => {
        release = () => {
          isHeld = false;
          resolve();
        };
      });
    };
    agent.add();
    await agent.lines(10);
    writeLines(log, 10, 4000);
    agent.readers.wake(ID);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(agent.pipeline.lines.length).toBe(10);
    for (let seen = 10; seen < 4000; seen = agent.pipeline.lines.length) {
      release();
      await agent.pipeline.until(() => agent.pipeline.lines.length > seen);
    }
    expect(agent.pipeline.texts('')).toEqual(numbered(0, 4000));
    release();
    log.close();
  });
});

describe('rotation', () => {
  test.each([
    [1, false],
    [2, false],
    [3, false],
    [3, true],
  ])('max-file=%i, compress=%s: nothing lost while it is read', async (maxFiles, compress) => {
    const log = new LogWriter(path, 2000, maxFiles, compress);
    const agent = new Agent();
    log.line('line 0');
    agent.add({ maxSizeBytes: 2000, maxFiles });
    for (let i = 1; i < 300; i++) {
      log.line(`line ${i}`);
      if (i % 10 === 0) {
        agent.readers.wake(ID);
        await agent.lines(i + 1);
      }
    }
    await agent.lines(300);
    expect(log.rotations).toBeGreaterThan(5);
    expect(agent.pipeline.texts('')).toEqual(numbered(0, 300));
    expect(agent.notices).toEqual([]);
    log.close();
  });

  test('several rotations between two looks are followed through the numbered files', async () => {
    const log = new LogWriter(path, 1500, 5, true);
    const agent = new Agent();
    writeLines(log, 0, 5);
    agent.add();
    await agent.lines(5);
    writeLines(log, 5, 60);
    expect(log.rotations).toBeGreaterThan(1);
    expect(await agent.lines(60)).toEqual(numbered(0, 60));
    expect(agent.notices).toEqual([]);
    log.close();
  });

  test('a line whose pieces are in three files', async () => {
    const log = new LogWriter(path, 20_000, 3);
    const agent = new Agent();
    agent.add();
    const long = 'abcdefgh'.repeat(8000);
    log.line(long);
    log.line('after');
    expect(log.rotations).toBeGreaterThan(1);
    expect(await agent.lines(2)).toEqual([long, 'after']);
    log.close();
  });

  test('while the pipeline asks to wait, rotated files are held', async () => {
    const log = new LogWriter(path, 1500, 1);
    const agent = new Agent();
    log.line('line 0');
    let release = (): void => {};
    agent.pipeline.answer = () => new Promise((resolve) => (release = resolve));
    agent.add();
    await agent.lines(1);
    for (let n = 1; n < 100; n += 10) {
      writeLines(log, n, n + 10);
      const rotations = log.rotations;
      agent.readers.wake(ID);
      await until(() => (agent.readers.stats().get(ID)?.heldFiles ?? 0) > rotations);
    }
    expect(log.rotations).toBeGreaterThan(3);
    agent.pipeline.answer = () => undefined;
    release();
    expect(await agent.lines(101)).toEqual(numbered(0, 101));
    log.close();
  });

  test('a truncated file is said, and read from its beginning', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 50);
    const agent = new Agent();
    agent.add();
    await agent.lines(50);
    truncateSync(path);
    log.line('anew');
    expect((await agent.lines(51)).at(-1)).toBe('anew');
    expect(agent.notices).toEqual([{ kind: 'truncated', id: ID, path }]);
    log.close();
  });
});

describe('restart', () => {
  test('goes on exactly where the last commit was', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const first = new Agent();
    first.add();
    await first.lines(10);
    await first.stop();
    writeLines(log, 10, 20);
    const second = new Agent(first.pipeline.positionsAfter(Infinity));
    second.add();
    expect(await second.lines(10)).toEqual(numbered(10, 20));
    log.close();
  });

  test.each([false, true])(
    'finds the file again after it was rotated twice, compress=%s',
    async (compress) => {
      const log = new LogWriter(path, Infinity, 4, compress);
      writeLines(log, 0, 10);
      const first = new Agent();
      first.add();
      await first.lines(10);
      await first.stop();
      writeLines(log, 10, 20);
      log.rotate();
      writeLines(log, 20, 30);
      log.rotate();
      writeLines(log, 30, 40);
      const second = new Agent(first.pipeline.positionsAfter(Infinity));
      second.add();
      expect(await second.lines(30)).toEqual(numbered(10, 40));
      expect(second.notices).toEqual([]);
      log.close();
    },
  );

  test('what was removed meanwhile is a gap, from the last line read to the first one now', async () => {
    const log = new LogWriter(path, Infinity, 1);
    log.raw(record('old\n', 'stdout', '2026-11-21T21:40:05Z'));
    const first = new Agent();
    first.add();
    await first.lines(1);
    await first.stop();
    log.rotate();
    log.raw(record('new\n', 'stdout', '2026-11-21T21:41:00Z'));
    const second = new Agent(first.pipeline.positionsAfter(Infinity));
    second.add();
    expect(await second.lines(1)).toEqual(['new']);
    const from = Date.parse('2026-11-21T21:40:05Z') / 1000;
    expect(second.notices).toMatchObject([{ kind: 'gap', id: ID, from, to: from + 55 }]);
    log.close();
  });

  test.each([
    ['less', ['one\n', 'two\n']],
    ['more', Array.from({ length: 50 }, (_, i) => `${i}${'x'.repeat(i)}\n`)],
  ])('a file that lost its end in a crash, and has since grown by %s than it lost', async (_, after) => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const first = new Agent();
    first.add();
    await first.lines(10);
    await first.stop();
    truncateSync(path, record('line 0\n').length * 5);
    for (const text of ['torn off\n', ...after]) log.raw(record(text, 'stdout', '2026-11-21T21:50:00Z'));
    const second = new Agent(first.pipeline.positionsAfter(Infinity));
    second.add();
    const expected = after.map((text) => text.trimEnd());
    expect(await second.lines(expected.length)).toEqual(expected);
    log.close();
  });
});

describe('start', () => {
  const startAt = (minutes: number): StartAt => ({ kind: 'age', ageMs: minutes * 60_000 });

  function writeMinutes(log: LogWriter, from: number, to: number): void {
    const now = Date.now();
    for (let minute = from; minute > to; minute--) {
      const time = new Date(now - minute * 60_000 + 30_000).toISOString();
      log.raw(record(`${minute}\n`, 'stdout', time));
    }
  }

  function minutes(from: number, to: number): string[] {
    return Array.from({ length: from - to }, (_, i) => `${from - i}`);
  }

  test('at an age, over rotated files; what is left out is said', async () => {
    const log = new LogWriter(path, Infinity, 4);
    writeMinutes(log, 5000, 3000);
    log.rotate();
    writeMinutes(log, 3000, 1000);
    log.rotate();
    writeMinutes(log, 1000, 0);
    const agent = new Agent(undefined, { startAt: startAt(2000) });
    agent.add({ existedAtFirstStart: true });
    expect(await agent.lines(2000)).toEqual(minutes(2000, 0));
    const [notice] = agent.notices;
    expect(notice).toMatchObject({ kind: 'history-skipped', id: ID });
    expect(agent.readers.stats().get(ID)?.skippedHistoryBytes).toBeGreaterThan(3000 * 60);
    log.close();
  });

  test('at an age, but no more than the limit of bytes', async () => {
    const log = new LogWriter(path, Infinity, 4);
    writeMinutes(log, 3000, 0);
    const agent = new Agent(undefined, { startAt: startAt(2000), maxHistoryBytes: 10_000 });
    agent.add({ existedAtFirstStart: true });
    await agent.pipeline.until(() => agent.pipeline.texts('').includes('1'));
    const texts = agent.pipeline.texts('');
    expect(texts).toEqual(minutes(texts.length, 0));
    const bytes = texts.reduce(
      (sum, text) => sum + record(`${text}\n`, 'stdout', new Date().toISOString()).length,
      0,
    );
    expect(bytes).toBeGreaterThan(9_900);
    expect(bytes).toBeLessThan(10_100);
    log.close();
  });

  test('at the end: old lines never come, new ones do, also after a restart before the first one', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const first = new Agent(undefined, { startAt: { kind: 'end' } });
    first.add({ existedAtFirstStart: true });
    await first.told('history-skipped');
    await first.stop();
    log.line('line 10');
    const second = new Agent(first.pipeline.positionsAfter(Infinity), { startAt: { kind: 'end' } });
    second.add({ existedAtFirstStart: true });
    expect(await second.lines(1)).toEqual(['line 10']);
    log.close();
  });

  test('does not apply to containers that came later', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const agent = new Agent(undefined, { startAt: { kind: 'end' } });
    agent.add();
    expect(await agent.lines(10)).toEqual(numbered(0, 10));
    log.close();
  });
});

describe('live before backlog', () => {
  const ENOUGH = 70 * 1024 * 1024;

  function writeBacklog(log: LogWriter): number {
    const filler = 'f'.repeat(1000);
    let lines = 0;
    for (let bytes = 0; bytes < ENOUGH; ) {
      let chunk = '';
      for (let i = 0; i < 1000; i++, lines++)
        chunk += record(`${lines} ${filler}\n`, lines % 3 === 0 ? 'stderr' : 'stdout');
      log.raw(chunk);
      bytes += chunk.length;
    }
    return lines;
  }

  test('a line written now comes before the backlog, and each stream is complete and in order, over restarts', async () => {
    const log = new LogWriter(path);
    const lines = writeBacklog(log);
    const all: { stream: string; number: number }[] = [];
    let positions: Map<SourceKey, Position> | undefined;
    let written = lines;
    for (let round = 0; round < 3; round++) {
      const agent = new Agent(positions);
      agent.add();
      await agent.pipeline.until(() => agent.pipeline.pushes.length > 20);
      expect(agent.readers.stats().get(ID)?.state).toBe('catching-up');
      for (let i = 0; i < 5; i++, written++) log.raw(record(`${written} live\n`));
      agent.readers.wake(ID);
      await agent.pipeline.until(() =>
        agent.pipeline.texts('').some((text) => text === `${written - 1} live`),
      );
      expect(agent.readers.stats().get(ID)?.state).toBe('catching-up');
      if (round === 2) await until(() => agent.readers.stats().get(ID)?.state === 'live');
      const kept = round === 2 ? Infinity : agent.pipeline.pushes.length;
      await agent.stop();
      positions = agent.pipeline.positionsAfter(kept);
      const pushes = agent.pipeline.pushes.slice(0, kept);
      all.push(
        ...pushes
          .flatMap((push) => push.lines)
          .map(({ stream, text }) => ({ stream, number: Number.parseInt(text, 10) })),
      );
    }
    expect(all.map((line) => line.number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: written }, (_, i) => i),
    );
    for (const stream of new Set(all.map((line) => line.stream))) {
      const numbers = all.filter((line) => line.stream === stream).map((line) => line.number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    const names = [
      'catch_up="true", container="web", stream="stderr"',
      'catch_up="true", container="web", stream="stdout"',
      'container="web", stream="stdout"',
    ];
    expect([...new Set(all.map((line) => line.stream))].sort()).toEqual(names.map((name) => `{${name}}`));
    log.close();
  });
});

describe('bad input', () => {
  test('broken records, NUL blocks, long lines and records: the rest arrives', async () => {
    const log = new LogWriter(path);
    log.raw(`${record('a\n')}{"log":"broken\n${'\0'.repeat(300_000)}${record('b\n')}`);
    log.line('m'.repeat(5_000_000));
    log.raw(record(`${'r'.repeat(5_000_000)}\n`));
    log.raw(`${'g'.repeat(9_000_000)}\n`);
    log.raw(record(`${'<'.repeat(16_000)}\n`));
    log.raw(
      Buffer.from('{"log":"bad \xff utf-8\\n","stream":"stderr","time":"2026-11-21T21:40:00Z"}\n', 'latin1'),
    );
    log.raw(
      record('\n') + record('with attrs\n', 'stdout', '2026-11-21T21:40:00Z', { tag: 'x' }) + record('z\n'),
    );
    const agent = new Agent();
    agent.add();
    await agent.lines(10);
    const limit = 512 * 1024;
    const cut = (char: string, bytes: number) =>
      `${char.repeat(limit - 48)} [cut: ${bytes - (limit - 48)} bytes more]`;
    expect(agent.pipeline.lines.map((line) => [line.text, line.flags])).toEqual([
      ['a', 0],
      ['{"log":"broken', LineFlag.malformed],
      ['b', 0],
      [cut('m', 5_000_000), LineFlag.cut],
      [cut('r', 5_000_000), LineFlag.cut],
      [cut('g', 9_000_000), LineFlag.cut | LineFlag.malformed],
      ['<'.repeat(16_000), 0],
      ['bad \xff utf-8', 0],
      ['', 0],
      ['with attrs', 0],
      ['z', 0],
    ]);
    expect(agent.readers.stats().get(ID)).toMatchObject({ linesCut: 3, malformed: 2, linesRead: 11 });
    log.close();
  });

  test('a file that may not be read is said once', async () => {
    // Root may read everything: a path through a file fails for all, but is no such case.
    if (process.getuid?.() === 0) return;
    writeFileSync(path, record('secret\n'), { mode: 0 });
    const agent = new Agent();
    agent.add();
    await agent.told('unreadable');
    agent.readers.wake(ID);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(agent.notices).toEqual([{ kind: 'unreadable', id: ID, path }]);
  });

  test('one log that fails does not stop another', async () => {
    const agent = new Agent();
    mkdirSync(path);
    agent.add();
    const other = join(folder, 'other.log');
    const log = new LogWriter(other);
    log.line('fine');
    agent.add({ id: 'c2', path: other });
    expect(await agent.lines(1)).toEqual(['fine']);
    renameSync(path, `${path}.directory`);
    log.close();
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 3000) throw new Error(`never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
