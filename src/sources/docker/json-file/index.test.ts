import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { LineFlag } from '../../../pipeline/batch.js';
import type { Position, SourceKey } from '../../../pipeline/contract.js';
import { Scope } from '../../../runtime/scope.js';
import { PlainFile } from './log-file.js';
import { ID, LABELS, numbered, TestReaders, until, writeLines } from './testing/test-readers.js';
import { LogWriter, record } from './testing/test-support.js';
import type { JsonFileOptions } from './types.js';

let folder: string;
let path: string;
const opened: TestReaders[] = [];

function open(...args: [ReadonlyMap<SourceKey, Position>?, Partial<JsonFileOptions>?]): TestReaders {
  const readers = new TestReaders(path, ...args);
  opened.push(readers);
  return readers;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-file-'));
  path = join(folder, 'c1-json.log');
});

afterEach(async () => {
  for (const readers of opened.splice(0)) await readers.stop();
  rmSync(folder, { recursive: true });
});

describe('reading', () => {
  test('every line, live, in order, with labels and stream', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 100);
    const agent = open();
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
    const agent = open();
    agent.add();
    await agent.lines(1);
    // With so many the safety round comes by every 20 s only.
    for (let i = 0; i < 40; i++) agent.add({ id: `other-${i}`, path: join(folder, `other-${i}.log`) });
    await until(() => agent.scope.census().get('watcher') === 1, 'watched');
    const begin = performance.now();
    log.line('two');
    expect(await agent.lines(2)).toEqual(['one', 'two']);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(agent.scope.census().get('watcher')).toBeUndefined();
    log.close();
  });

  test('a log shows a sign of life each time that it is looked at, and none while it is not there', async () => {
    const agent = open();
    agent.add();
    expect(agent.readers.signOfLife(ID)).toBeUndefined();
    const log = new LogWriter(path);
    log.line('one');
    await agent.lines(1);
    await until(() => agent.scope.census().get('watcher') === 1, 'watched');
    const watched = agent.readers.signOfLife(ID) ?? Number.NaN;
    expect(watched).toBeLessThanOrEqual(performance.now());
    // The safety round looks at quiet logs too.
    await until(() => (agent.readers.signOfLife(ID) ?? 0) > watched, 'another look');
    log.close();
  });

  test('a file that appears after it was added', async () => {
    const agent = open();
    agent.add();
    await new Promise((resolve) => setImmediate(resolve));
    const log = new LogWriter(path);
    log.line('late');
    expect(await agent.lines(1)).toEqual(['late']);
    log.close();
  });

  test('a file that appears long after it was added', async () => {
    const agent = open();
    agent.add();
    const now = performance.now.bind(performance);
    const looks = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    onTestFinished(() => looks.mockRestore());
    // It is not looked for so often any more.
    await until(() => looks.mock.calls.length > 0, 'a look');
    const log = new LogWriter(path);
    writeLines(log, 0, 3);
    expect(await agent.lines(3)).toEqual(numbered(0, 3));
    log.close();
  });

  test('without labels the file is held, over removal, and read when they are known', async () => {
    const log = new LogWriter(path, 500);
    writeLines(log, 0, 3);
    const agent = open();
    agent.add({ labels: undefined });
    rmSync(path);
    log.close();
    agent.readers.finish(ID);
    agent.readers.setLabels(ID, LABELS);
    await agent.told('finished');
    expect(agent.pipeline.texts('')).toEqual(numbered(0, 3));
    expect(agent.pipeline.positionsAfter(Infinity).size).toBe(0);
    expect(agent.readers.stats().size).toBe(0);
    await until(() => !agent.scope.census().has('file'), 'the file is closed');
  });

  test('a rejected container: nothing is pushed, nothing is held', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 3);
    const agent = open();
    agent.add({ labels: undefined });
    expect(agent.scope.census().get('file')).toBe(1);
    agent.readers.reject(ID);
    await until(() => agent.scope.census().get('file') === undefined, 'closed');
    expect(agent.pipeline.pushes).toEqual([]);
    log.close();
  });

  test('lines after a rename carry the new labels', async () => {
    const log = new LogWriter(path);
    log.line('before');
    const agent = open();
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
    const agent = open();
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
    const agent = open();
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
    const agent = open();
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
    const agent = open();
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
    const agent = open();
    writeLines(log, 0, 5);
    agent.add();
    await agent.lines(5);
    writeLines(log, 5, 60);
    expect(log.rotations).toBeGreaterThan(1);
    expect(await agent.lines(60)).toEqual(numbered(0, 60));
    expect(agent.notices).toEqual([]);
    log.close();
  });

  test('a log that rotates though its options do not say so', async () => {
    const log = new LogWriter(path, 1500, 5);
    const agent = open();
    agent.add({ driver: 'json-file' });
    for (let i = 0; i < 60; i += 10) {
      writeLines(log, i, i + 10);
      expect(await agent.lines(i + 10)).toEqual(numbered(0, i + 10));
    }
    expect(log.rotations).toBeGreaterThan(1);
    expect(agent.notices).toEqual([]);
    log.close();
  });

  test('a line whose pieces are in three files', async () => {
    const log = new LogWriter(path, 20_000, 3);
    const agent = open();
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
    const agent = open();
    log.line('line 0');
    let release = (): void => {};
    agent.pipeline.answer = () => new Promise((resolve) => (release = resolve));
    agent.add();
    await agent.lines(1);
    for (let n = 1; n < 100; n += 10) {
      writeLines(log, n, n + 10);
      const rotations = log.rotations;
      agent.readers.wake(ID);
      await until(() => (agent.readers.stats().get(ID)?.heldFiles ?? 0) > rotations, 'held');
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
    const agent = open();
    agent.add();
    await agent.lines(50);
    truncateSync(path);
    log.line('anew');
    expect((await agent.lines(51)).at(-1)).toBe('anew');
    expect(agent.notices).toEqual([{ kind: 'truncated', id: ID, path }]);
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
    const agent = open();
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
    const agent = open();
    agent.add();
    await agent.told('unreadable');
    agent.readers.wake(ID);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(agent.notices).toEqual([{ kind: 'unreadable', id: ID, path }]);
  });

  test('one log that fails does not stop another', async () => {
    const agent = open();
    mkdirSync(path);
    agent.add();
    const other = join(folder, 'other.log');
    const log = new LogWriter(other);
    log.line('fine');
    agent.add({ id: 'c2', path: other });
    expect(await agent.lines(1)).toEqual(['fine']);
    agent.readers.finish(ID);
    await agent.told('finished');
    log.close();
  });
});

describe('ends and beginnings', () => {
  test('what a removed container left is read although the agent is stopped in the same moment', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 5);
    const agent = open();
    agent.add();
    await agent.lines(5);
    log.line('the last words');
    rmSync(path);
    agent.readers.finish(ID);
    await agent.stop();
    expect(agent.pipeline.lines.map(({ text }) => text)).toEqual([...numbered(0, 5), 'the last words']);
  });

  test('what could not be read of a removed container before the stop is a gap', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 50_000);
    const agent = open();
    agent.add();
    await agent.lines(1);
    rmSync(path);
    log.close();
    agent.readers.finish(ID);
    await agent.scope.close();
    const read = agent.pipeline.lines.map(({ text }) => text);
    expect(read).toEqual(numbered(0, read.length));
    expect(read.length, 'all was read: this stop shows nothing').toBeLessThan(50_000);
    expect(agent.pipeline.gaps).toMatchObject([
      { why: 'removed', detail: expect.stringContaining('the agent was stopped before') },
    ]);
    // Told: the next start must not tell it again.
    expect(agent.pipeline.positionsAfter(Infinity).size).toBe(0);
  });

  test('a stop that is acted upon late does not end a line of the next run', async () => {
    const log = new LogWriter(path);
    const agent = open();
    let goOn = (): void => {};
    agent.pipeline.answer = () =>
      new Promise((resolve) => {
        goOn = resolve;
      });
    log.line('one');
    agent.add();
    await agent.lines(1);
    agent.pipeline.answer = () => undefined;
    agent.readers.stopped(ID);
    agent.readers.wake(ID);
    log.write('a'.repeat(16_384));
    goOn();
    await until(() => (agent.readers.stats().get(ID)?.bytesRead ?? 0) > 16_384, 'the piece is read');
    // Ending the line early would happen at a look after that one, and nothing tells of a look without an effect.
    await new Promise((resolve) => setTimeout(resolve, 250));
    log.write('the end\n');
    expect((await agent.lines(2)).map((text) => text.length)).toEqual([3, 16_384 + 7]);
  });

  test('a log that vanished before it could be opened is read by the name of a descriptor that holds it', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 3);
    const fd = openSync(path, 'r');
    rmSync(path);
    const agent = open();
    agent.add({ heldPath: `/proc/self/fd/${fd}` });
    closeSync(fd);
    agent.readers.finish(ID);
    await agent.told('finished');
    expect(agent.pipeline.lines.map(({ text }) => text)).toEqual(numbered(0, 3));
  });

  test('a log opened while the scope closes does not close a descriptor twice', async () => {
    writeFileSync(path, 'x\n');
    const scope = Scope.root('test', () => {});
    let end = (): void => {};
    scope.own('task', 'slow to end', () => new Promise<void>((resolve) => (end = resolve)));
    const closing = scope.close();
    expect(() => PlainFile.open(scope, path)).toThrow('is closing');
    const fd = openSync(path, 'r');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readSync(fd, Buffer.alloc(2), 0, 2, 0)).toBe(2);
    closeSync(fd);
    end();
    await closing;
  });
});
