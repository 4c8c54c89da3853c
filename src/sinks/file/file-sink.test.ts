import { channel } from 'node:diagnostics_channel';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { FileSinkConfig } from '../../config/types.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { createFileSink } from './index.js';

/** Only a hang misses it. */
const PATIENCE_MS = 20_000;

let folder: string;
let scope: Scope;
const failures: unknown[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  failures.length = 0;
  scope = Scope.root('test', (error) => failures.push(error));
});

afterEach(async () => {
  await scope.close();
  rmSync(folder, { recursive: true, force: true });
  expect(failures).toEqual([]);
});

function sinkWith(config: Partial<FileSinkConfig> = {}) {
  const defaults: FileSinkConfig = {
    type: 'file',
    directory: join(folder, 'logs'),
    format: 'text',
    maxBytes: 1e6,
    maxFiles: 10,
    maxTotalBytes: 1e9,
    compress: true,
  };
  return createFileSink('local', { ...defaults, ...config }, { log: silentLogger });
}

function line(container: string, text: string, seconds: number): BlockLine {
  return { labels: { container, stream: 'stdout' }, text, seconds };
}

const signal = new AbortController().signal;
const CURSOR = [1, 0, 0, 0, 0, 0, 0, 0];

test('what is delivered becomes durable also where the clock is set back', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  try {
    const sink = sinkWith();
    await sink.open(scope);
    vi.setSystemTime(Date.now() - 86_400_000);
    await sink.deliver([blockOf([line('web', 'one', 1)])], CURSOR, signal);
    // The disk takes its own time, by a clock that is not set back here.
    const end = process.hrtime.bigint() + 20_000_000_000n;
    while (sink.retained === undefined && process.hrtime.bigint() < end) {
      await vi.advanceTimersByTimeAsync(10);
      await stat(folder);
    }
    expect(sink.retained).toEqual(CURSOR);
  } finally {
    vi.useRealTimers();
  }
});

describe('on a real filesystem', () => {
  test('delivers, links, and knows after a kill and after a close where it was', async () => {
    const sink = sinkWith();
    const first = scope.child('first');
    expect(await sink.open(first)).toBeUndefined();
    const blocks = [
      blockOf([line('web', 'one', 1), line('db', 'two', 2)]),
      blockOf([line('web', 'three', 3)]),
    ];
    const delivered = await sink.deliver(blocks, CURSOR, signal);
    expect(delivered).toEqual({ delivered: 3, rejected: new Map() });
    const log = join(folder, 'logs/web.log');
    await vi.waitUntil(() => readdirSync(join(folder, 'logs')).includes('web.log'), PATIENCE_MS);
    expect(readlinkSync(log)).toBe('web/web.000001.log');
    const text = '1970-01-01T00:00:01.000000000Z stdout one\n1970-01-01T00:00:03.000000000Z stdout three\n';
    expect(readFileSync(log, 'utf8')).toBe(text);
    expect(sink.retained).toBeUndefined();

    // As good as killed: the sink was not closed, and half of something was being written.
    await first.close();
    writeFileSync(join(folder, 'logs/web/web.000001.log'), 'half a li', { flag: 'a' });
    const second = sinkWith();
    expect(await second.open(scope.child('second'))).toEqual(CURSOR);
    expect(second.retained).toEqual(CURSOR);
    expect(readFileSync(log, 'utf8')).toBe(text);
    await second.deliver([blockOf([line('web', 'four', 4)])], [2, 0, 0, 0, 0, 0, 0, 0], signal);
    await second.close();
    await second.close();
    expect(second.retained).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe(`${text}1970-01-01T00:00:04.000000000Z stdout four\n`);
  });

  test('a delivery of nothing moves the cursor', async () => {
    const sink = sinkWith();
    const first = scope.child('first');
    await sink.open(first);
    await sink.deliver([blockOf([line('web', 'one', 1)])], CURSOR, signal);
    const passedOver = CURSOR.with(0, 9);
    expect(await sink.deliver([], passedOver, signal)).toEqual({ delivered: 0, rejected: new Map() });
    await sink.close();
    await first.close();
    expect(sink.retained).toEqual(passedOver);
    expect(await sinkWith().open(scope.child('second'))).toEqual(passedOver);
  });

  test('announces both moments at which a kill must be harmless', async () => {
    const seen: unknown[] = [];
    const listen = (message: unknown, name: string | symbol): void => void seen.push([name, message]);
    const names = ['log-capturer:file-sink.written', 'log-capturer:file-sink.recorded'];
    for (const name of names) channel(name).subscribe(listen);
    try {
      const sink = sinkWith();
      await sink.open(scope.child('sink'));
      await sink.deliver([blockOf([line('web', 'one', 1)])], CURSOR, signal);
      await sink.close();
    } finally {
      for (const name of names) channel(name).unsubscribe(listen);
    }
    expect(seen).toEqual([
      [names[0], { lines: 1, bytes: 42 }],
      [names[1], { lines: 1 }],
    ]);
  });

  test('keeps a second agent out of its directory', async () => {
    await sinkWith().open(scope.child('first'));
    await expect(sinkWith().open(scope.child('second'))).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: expect.stringContaining(`in use by another agent (process ${process.pid})`),
    });
  });

  test('compresses what is closed', async () => {
    const config = { maxBytes: 100 };
    const sink = sinkWith(config);
    const first = scope.child('sink');
    await sink.open(first);
    for (let i = 0; i < 5; i++) {
      await sink.deliver([blockOf([line('web', `line ${i}`, i)])], [i + 1, 0, 0, 0, 0, 0, 0, 0], signal);
    }
    await sink.close();
    await first.close();
    const again = sinkWith(config);
    await again.open(scope.child('again'));
    const web = join(folder, 'logs/web');
    const expected = ['web.000001.log.gz', 'web.000002.log.gz', 'web.000003.log'];
    await vi.waitUntil(() => readdirSync(web).join() === expected.join(), { timeout: 10_000 });
    const text = expected
      .map((name) => readFileSync(join(web, name)))
      .map((data, i) => (i < 2 ? gunzipSync(data) : data).toString())
      .join('');
    expect(text.match(/line \d/g)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);
    await again.close();
  });

  test('holds a bounded number of files open, and none after its scope closed', async () => {
    const sink = sinkWith();
    const own = scope.child('sink');
    await sink.open(own);
    const many = Array.from({ length: 300 }, (_, i) => line(`c${i}`, 'x', i));
    await sink.deliver([blockOf(many)], CURSOR, signal);
    expect(own.census().get('file')).toBe(129);
    await own.close();
    expect(own.census()).toEqual(new Map());
    expect(readdirSync(join(folder, 'logs')).filter((name) => /^c\d+$/.test(name))).toHaveLength(300);
  });

  test('a directory that cannot be made is said in words, and made when it can be', async () => {
    writeFileSync(join(folder, 'taken'), '');
    const sink = sinkWith({ directory: join(folder, 'taken/logs') });
    const attempt = scope.child('attempt');
    await expect(sink.open(attempt)).rejects.toMatchObject({
      code: 'SINK_WRITE',
      retryable: true,
      message: `The output directory ${folder}/taken/logs has a file in the place of a directory.`,
      remedy: expect.stringContaining('Move that file away.'),
    });
    await attempt.close();
    rmSync(join(folder, 'taken'));
    await sink.open(scope.child('again'));
    await sink.deliver([blockOf([line('web', 'one', 1)])], CURSOR, signal);
    await sink.close();
    expect(readdirSync(join(folder, 'taken/logs/web'))).toEqual(['web.000001.log']);
  });

  test('a removed directory comes back with everything delivered since', async () => {
    const sink = sinkWith();
    await sink.open(scope.child('sink'));
    await sink.deliver([blockOf([line('web', 'gone', 1)])], CURSOR, signal);
    rmSync(join(folder, 'logs'), { recursive: true });
    const again = () => sink.deliver([blockOf([line('web', 'here', 2)])], [2, 0, 0, 0, 0, 0, 0, 0], signal);
    await expect(again()).rejects.toMatchObject({ code: 'SINK_WRITE', retryable: true });
    await again();
    await sink.close();
    const [file] = readdirSync(join(folder, 'logs/web'));
    expect(readFileSync(join(folder, 'logs/web', file), 'utf8')).toBe(
      '1970-01-01T00:00:02.000000000Z stdout here\n',
    );
  });

  test('a damaged block changes nothing', async () => {
    const sink = sinkWith();
    await sink.open(scope.child('sink'));
    const damaged = { ...blockOf([]), payload: Buffer.from('x') };
    await expect(
      sink.deliver([blockOf([line('web', 'one', 1)]), damaged], CURSOR, signal),
    ).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
    await sink.close();
    expect(readdirSync(join(folder, 'logs'))).toEqual(['.log-capturer']);
  });
});
