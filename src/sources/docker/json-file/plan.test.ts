import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Position, SourceKey } from '../../../pipeline/contract.js';
import type { StartAt } from './index.js';
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

describe('restart', () => {
  test('goes on exactly where the last commit was', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const first = open();
    first.add();
    await first.lines(10);
    await first.stop();
    writeLines(log, 10, 20);
    const second = open(first.pipeline.positionsAfter(Infinity));
    second.add();
    expect(await second.lines(10)).toEqual(numbered(10, 20));
    log.close();
  });

  test.each([false, true])(
    'finds the file again after it was rotated twice, compress=%s',
    async (compress) => {
      const log = new LogWriter(path, Infinity, 4, compress);
      writeLines(log, 0, 10);
      const first = open();
      first.add();
      await first.lines(10);
      await first.stop();
      writeLines(log, 10, 20);
      log.rotate();
      writeLines(log, 20, 30);
      log.rotate();
      writeLines(log, 30, 40);
      const second = open(first.pipeline.positionsAfter(Infinity));
      second.add();
      expect(await second.lines(30)).toEqual(numbered(10, 40));
      expect(second.notices).toEqual([]);
      log.close();
    },
  );

  test('what was removed meanwhile is a gap, from the last line read to the first one now', async () => {
    const log = new LogWriter(path, Infinity, 1);
    log.raw(record('old\n', 'stdout', '2026-11-21T21:40:05Z'));
    const first = open();
    first.add();
    await first.lines(1);
    await first.stop();
    log.rotate();
    log.raw(record('new\n', 'stdout', '2026-11-21T21:41:00Z'));
    const second = open(first.pipeline.positionsAfter(Infinity));
    second.add();
    expect(await second.lines(1)).toEqual(['new']);
    const seconds = Date.parse('2026-11-21T21:40:05Z') / 1000;
    const [from, to] = [seconds, seconds + 55].map((seconds) => ({ seconds, nanos: 0 }));
    // In one commit with the first line behind it.
    expect(second.pipeline.gaps).toEqual([{ why: 'blind', from, to, labels: LABELS, push: 0 }]);
    log.close();
  });

  test.each([
    ['less', ['one\n', 'two\n']],
    ['more', Array.from({ length: 50 }, (_, i) => `${i}${'x'.repeat(i)}\n`)],
  ])('a file that lost its end in a crash, and has since grown by %s than it lost', async (_, after) => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const first = open();
    first.add();
    await first.lines(10);
    await first.stop();
    truncateSync(path, record('line 0\n').length * 5);
    for (const text of ['torn off\n', ...after]) log.raw(record(text, 'stdout', '2026-11-21T21:50:00Z'));
    const second = open(first.pipeline.positionsAfter(Infinity));
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
    const agent = open(undefined, { startAt: startAt(2000) });
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
    const agent = open(undefined, { startAt: startAt(2000), maxHistoryBytes: 10_000 });
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
    const first = open(undefined, { startAt: { kind: 'end' } });
    first.add({ existedAtFirstStart: true });
    await first.told('history-skipped');
    await first.stop();
    log.line('line 10');
    const second = open(first.pipeline.positionsAfter(Infinity), { startAt: { kind: 'end' } });
    second.add({ existedAtFirstStart: true });
    expect(await second.lines(1)).toEqual(['line 10']);
    log.close();
  });

  test('does not apply to containers that came later', async () => {
    const log = new LogWriter(path);
    writeLines(log, 0, 10);
    const agent = open(undefined, { startAt: { kind: 'end' } });
    agent.add();
    expect(await agent.lines(10)).toEqual(numbered(0, 10));
    log.close();
  });
});

describe('a log that was read through the API before', () => {
  /** Line n is of second 1_767_225_600 + n / 3, and a multiple of 100 ms. */
  const timeOf = (n: number) => ({
    seconds: 1_767_225_600 + Math.floor(n / 3),
    nanos: (n % 3) * 100_000_000,
  });
  const timed = (n: number): string => {
    const { seconds, nanos } = timeOf(n);
    const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
    return record(`line ${n}\n`, n % 2 ? 'stderr' : 'stdout', `${whole}.${String(nanos).padStart(9, '0')}Z`);
  };
  const begunByApi = (n: number) => new Map([[`docker/${ID}`, { transport: 'api', ...timeOf(n) }]]);

  test.each([0, 1, 2, 9, 10, 11, 12, 28, 29])(
    'goes on after the time of line %i, in whichever file',
    async (last) => {
      const log = new LogWriter(path, Infinity, 4);
      for (let n = 0; n < 30; n++) {
        if (n === 11 || n === 20) log.rotate();
        log.raw(timed(n));
      }
      const readers = open(begunByApi(last));
      readers.add();
      await readers.pipeline.until(() => readers.pipeline.lines.length >= 29 - last);
      log.raw(timed(30));
      readers.readers.wake(ID);
      expect(await readers.lines(30 - last)).toEqual(numbered(last + 1, 31));
      const saved = [...readers.pipeline.positionsAfter(Infinity).values()];
      expect(saved).toEqual([expect.arrayContaining([timeOf(30).seconds, timeOf(30).nanos])]);
      log.close();
    },
  );

  test('reads again what a compressed file has, rather than miss a line', async () => {
    const log = new LogWriter(path, Infinity, 4, true);
    for (let n = 0; n < 10; n++) log.raw(timed(n));
    log.rotate();
    log.raw(timed(10));
    log.rotate();
    log.raw(timed(11));
    const readers = open(begunByApi(5));
    readers.add();
    expect(await readers.lines(12)).toEqual(numbered(0, 12));
    log.close();
  });
});

test('a position of an older version, without nanoseconds, is still good', async () => {
  const log = new LogWriter(path);
  writeLines(log, 0, 10);
  const first = open();
  first.add();
  await first.lines(10);
  await first.stop();
  writeLines(log, 10, 20);
  const positions = first.pipeline.positionsAfter(Infinity);
  for (const [key, position] of positions) positions.set(key, (position as Position[]).toSpliced(1, 1));
  const second = open(positions);
  second.add();
  expect(await second.lines(10)).toEqual(numbered(10, 20));
  log.close();
});

test('the label of stdout and stderr has the name that it is given', async () => {
  const log = new LogWriter(path);
  log.raw(record('a\n', 'stderr'));
  const readers = open(undefined, { outputLabel: 'logstream' });
  readers.add();
  await readers.lines(1);
  expect(readers.pipeline.lines[0].stream).toBe('{container="web", logstream="stderr"}');
  log.close();
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
      const agent = open(positions);
      agent.add();
      await agent.pipeline.until(() => agent.pipeline.pushes.length > 20);
      expect(agent.readers.stats().get(ID)?.state).toBe('catching-up');
      for (let i = 0; i < 5; i++, written++) log.raw(record(`${written} live\n`));
      agent.readers.wake(ID);
      await agent.pipeline.until(() =>
        agent.pipeline.texts('').some((text) => text === `${written - 1} live`),
      );
      expect(agent.readers.stats().get(ID)?.state).toBe('catching-up');
      if (round === 2) await until(() => agent.readers.stats().get(ID)?.state === 'live', 'caught up');
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

  test('while old lines are asked to wait, live ones go on, and afterwards the old ones do', async () => {
    const log = new LogWriter(path);
    const lines = writeBacklog(log);
    const agent = open();
    const { pipeline } = agent;
    let release = (): void => {};
    const room = new Promise<void>((resolve) => {
      release = resolve;
    });
    pipeline.answer = () => (pipeline.pushes.at(-1)?.lines[0].stream.includes('catch_up') ? room : undefined);
    agent.add();
    await pipeline.until(() => pipeline.texts('catch_up').length > 0);
    for (let i = 0; i < 5; i++) {
      log.raw(record(`live ${i}\n`));
      agent.readers.wake(ID);
      await pipeline.until(() => pipeline.texts('').includes(`live ${i}`));
    }
    expect(pipeline.pushes.filter(({ lines }) => lines[0]?.stream.includes('catch_up'))).toHaveLength(1);
    release();
    await until(() => agent.readers.stats().get(ID)?.state === 'live', 'caught up');
    const numbers = pipeline.lines.map(({ text }) => Number.parseInt(text, 10)).filter((n) => n >= 0);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: lines }, (_, i) => i));
    log.close();
  });
});
