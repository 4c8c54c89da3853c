import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LANES, StreamTable } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { journalAppended, journalCommitted } from '../runtime/probes.js';
import { Scope } from '../runtime/scope.js';
import { openJournal } from './index.js';
import { limitsFor } from './limits.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, DIRECTORY, OPTIONS, openOn, readAll, SMALL } from './testing/test-kit.js';

const origin = { key: 'docker/abc', from: 0, to: 10 };
const web = { container: 'web', stream: 'stdout' };
const db = { container: 'db', stream: 'stderr' };

describe('a journal on a real disk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('gives back lines, positions and cursors after a restart', async () => {
    const open = async () => {
      const streams = new StreamTable();
      const scope = Scope.root('test', (error) => {
        throw error;
      });
      const path = join(directory, 'deep', 'journal');
      return { streams, scope, journal: await openJournal(path, OPTIONS, streams, scope, silentLogger) };
    };
    const first = await open();
    expect(first.journal.isFirstStart).toBe(true);
    const lines = [
      { labels: web, text: 'one', seconds: 5, nanos: 6 },
      { labels: db, text: 'zwei é' },
      { labels: web, text: '' },
    ];
    void first.journal.append(batchOf(first.streams, lines), 'docker/abc', { offset: 10 }, origin);
    first.journal.setPosition('docker/gone', 'x');
    first.journal.setPosition('docker/gone', undefined);
    const cursor = first.journal.openCursor('files');
    await first.journal.barrier();
    const read = await readAll(cursor);
    expect(read.lines.flat().sort()).toEqual([
      '{container="db", stream="stderr"} zwei é',
      '{container="web", stream="stdout"} ',
      '{container="web", stream="stdout"} one',
    ]);
    cursor.advance(read.next);
    expect(first.scope.census().get('file')).toBe(1);
    await first.scope.close();
    expect(first.scope.census().size).toBe(0);
    expect(readdirSync(join(directory, 'deep', 'journal'))).toEqual([
      expect.stringMatching(/^\d{20}\.journal$/),
    ]);

    const second = await open();
    expect(second.journal.isFirstStart).toBe(false);
    expect(second.journal.recovery).toEqual([]);
    expect(second.journal.positionKeys('docker/')).toEqual(['docker/abc']);
    expect(second.journal.position('docker/abc')).toEqual({ offset: 10 });
    expect(second.journal.stats.linesJournaled).toBe(3);
    const again = second.journal.openCursor('files');
    expect(again.value).toEqual(read.next);
    expect((await readAll(again)).lines.flat()).toEqual([]);
    const other = await readAll(second.journal.openCursor('another'));
    expect(other.lines).toEqual(read.lines);
    await second.journal.close();
    await second.scope.close();
  });
});

describe('group commit', () => {
  it('commits by itself, publishes both probes, and shows nothing before', async () => {
    const { journal, streams, scope } = await openOn(new MemoryDisk());
    const appended: unknown[] = [];
    const committed: unknown[] = [];
    const onAppended = (message: unknown) => appended.push(message);
    const onCommitted = (message: unknown) => committed.push(message);
    journalAppended.subscribe(onAppended);
    journalCommitted.subscribe(onCommitted);
    const cursor = journal.openCursor('r');
    void journal.append(batchOf(streams, [{ labels: web, text: 'a' }]), 'k', 1, origin);
    expect(appended).toEqual([{ lines: 1, key: 'k' }]);
    expect(journal.stats.linesUncommitted).toBe(1);
    expect((await readAll(cursor)).lines.flat()).toEqual([]);
    await journal.waitCommitted(0, scope.aborted);
    expect(committed).toEqual([
      { lines: 1, lsn: journal.stats.committedLsn, seconds: expect.any(Number) as number },
    ]);
    expect(journal.stats).toMatchObject({ linesAppended: 1, linesCommitted: 1 });
    const { lane } = streams.acquire(web);
    expect(journal.committedRawBytes(lane)).toBeGreaterThan(0);
    expect(journal.committedRawBytes((lane + 1) % LANES)).toBe(0);
    expect((await readAll(cursor)).lines.flat()).toHaveLength(1);
    expect(journal.stats.linesUncommitted).toBe(0);
    journalAppended.unsubscribe(onAppended);
    journalCommitted.unsubscribe(onCommitted);
    await scope.close();
  });

  it('covers every line of the batches before it, in whatever block they are', async () => {
    const { journal, streams, scope } = await openOn(new MemoryDisk(), { syncIntervalMs: 2 ** 30 });
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      const lines = Array.from({ length: 700 }, (_, i) => ({
        labels: i % 3 ? web : db,
        text: `${round} ${i} ${'x'.repeat(i % 100 ? 500 : 300_000)}`,
      }));
      void journal.append(batchOf(streams, lines), 'k', round, origin);
      expected.push(...lines.map(({ labels, text }) => `${streams.acquire(labels).text} ${text}`));
    }
    await journal.barrier();
    const cursor = journal.openCursor('r');
    const { lines } = await readAll(cursor, cursor.value, 1024 * 1024);
    for (const { text } of [web, db].map((labels) => streams.acquire(labels)))
      expect(lines.flat().filter((line) => line.startsWith(text))).toEqual(
        expected.filter((line) => line.startsWith(text)),
      );
    expect(lines.flat()).toHaveLength(expected.length);
    const { lane } = streams.acquire(web);
    const read = await cursor.read(lane, 0, 1024 * 1024);
    expect(read.blocks.length).toBeGreaterThan(1);
    expect(read.blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0)).toBeLessThanOrEqual(1024 * 1024);
    await scope.close();
  });

  it('commits after every push with an interval of 0', async () => {
    const { journal, streams, scope } = await openOn(new MemoryDisk(), { syncIntervalMs: 0 });
    for (let i = 1; i <= 3; i++) {
      void journal.append(batchOf(streams, [{ labels: web, text: 'a' }]), 'k', i, origin);
      await journal.waitCommitted(journal.stats.committedLsn, scope.aborted);
      expect(journal.stats.commits).toBe(i);
    }
    await scope.close();
  });

  it('asks to wait when too much is uncommitted, and releases when it is written', async () => {
    const { journal, streams, scope } = await openOn(
      new MemoryDisk(),
      {},
      { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1_000 },
    );
    const text = Buffer.alloc(400, 'x');
    expect(journal.append(batchOf(streams, [{ labels: web, text }]), 'k', 1, origin)).toBeUndefined();
    expect(journal.append(batchOf(streams, [{ labels: web, text }]), 'k', 2, origin)).toBeUndefined();
    const wait = journal.append(batchOf(streams, [{ labels: web, text }]), 'k', 3, origin);
    expect(wait).toBeInstanceOf(Promise);
    await wait;
    expect(journal.stats.linesUncommitted).toBe(0);
    await scope.close();
  });

  it('wakes a waiting reader on abort and on close, and commits nothing on an idle journal', async () => {
    const disk = new MemoryDisk();
    const { journal, streams, scope } = await openOn(disk);
    const abort = new AbortController();
    const aborted = journal.waitCommitted(0, abort.signal);
    abort.abort();
    await aborted;
    void journal.append(batchOf(streams, [{ labels: web, text: 'a' }]), 'k', 1, origin);
    const end = await journal.barrier();
    const cursor = journal.openCursor('r');
    cursor.advance((await readAll(cursor)).next);
    const cursorCommit = await journal.barrier();
    expect(cursorCommit).toBeGreaterThan(end);
    const waiting = journal.waitCommitted(end, scope.aborted);
    // Only a commit lies between: moving over it is not worth another one.
    cursor.advance((await readAll(cursor)).next);
    expect(cursor.value.every((lsn) => lsn === cursorCommit)).toBe(true);
    expect(journal.stats.commits).toBe(2);
    await journal.close();
    await waiting;
    await journal.close();
    await scope.close();
    expect(disk.openFiles).toBe(0);
    await expect(journal.barrier()).rejects.toThrow('closed');
  });

  it('keeps a steady commit small, however long the source keys are', async () => {
    const { journal, scope } = await openOn(
      new MemoryDisk(),
      {},
      { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1e6 },
    );
    const keys = Array.from({ length: 50 }, (_, i) => `docker/${String(i).padStart(64, 'f')}`);
    for (const key of keys) journal.setPosition(key, 1);
    let before = await journal.barrier();
    for (let round = 2; round < 5; round++) {
      journal.setPosition(keys[7], round);
      const after = await journal.barrier();
      expect(after - before).toBeLessThan(160);
      before = after;
    }
    await scope.close();
  });
});

describe('recent', () => {
  it('answers the newest blocks of the lanes, oldest first, over segments', async () => {
    const { journal, streams, scope } = await openOn(
      new MemoryDisk(),
      {},
      { segmentBytes: 400, groupBytes: 1, heldBytes: 1e6 },
    );
    for (let i = 0; i < 20; i++) {
      void journal.append(batchOf(streams, [{ labels: web, text: `w${i}` }]), 'k', i, origin);
      void journal.append(
        batchOf(streams, [{ labels: { container: 'other', catch_up: '1' }, text: 'no' }]),
        'k',
        i,
        origin,
      );
      await journal.barrier();
    }
    expect(journal.stats.segments).toBeGreaterThan(3);
    const { lane } = streams.acquire(web);
    const one = (await journal.recent([lane], 1)).map((block) => block.lsn);
    expect(one).toHaveLength(1);
    const all = await journal.recent([lane], 1e6);
    expect(all.map((block) => block.lane)).toEqual(Array(20).fill(lane));
    expect(all.map(({ lsn }) => lsn)).toEqual(all.map(({ lsn }) => lsn).sort((a, b) => a - b));
    expect(all.at(-1)?.lsn).toBe(one[0]);
    await scope.close();
  });
});

describe('cursors', () => {
  it('takes one that lies beyond the end as the end', async () => {
    const { journal, streams, scope } = await openOn(new MemoryDisk());
    void journal.append(batchOf(streams, [{ labels: web, text: 'a' }]), 'k', 1, origin);
    const end = await journal.barrier();
    const cursor = journal.openCursor('r', Array(LANES).fill(end + 1e6));
    expect(cursor.value).toEqual(Array(LANES).fill(end));
    void journal.append(batchOf(streams, [{ labels: web, text: 'b' }]), 'k', 2, origin);
    await journal.barrier();
    expect((await readAll(cursor)).lines.flat()).toEqual(['{container="web", stream="stdout"} b']);
    expect(() => journal.openCursor('r')).toThrow('open already');
    const { next } = await readAll(cursor);
    cursor.advance(next);
    cursor.close();
    expect(journal.openCursor('r').value).toEqual(next);
    await scope.close();
  });
});

it('refuses a directory that cannot be used, with a remedy', async () => {
  const disk = new MemoryDisk();
  disk.fault = () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  await expect(openOn(disk)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  expect(disk.paths().filter((path) => path.startsWith(DIRECTORY))).toEqual([]);
});

it('a journal made anew begins beyond the old one: a sink that kept its cursor is told of a gap, not of nothing', async () => {
  const web1 = [{ labels: web, text: 'lost with the old journal' }];
  const old = await openOn(new MemoryDisk());
  void old.journal.append(batchOf(old.streams, web1), 'docker/abc', 1, origin);
  const end = await old.journal.barrier();
  await old.scope.close();

  const { firstLsn = 0 } = limitsFor(2 ** 30);
  const fresh = await openOn(new MemoryDisk(), {}, { ...SMALL, firstLsn });
  void fresh.journal.append(batchOf(fresh.streams, [{ labels: web, text: 'new' }]), 'docker/abc', 1, origin);
  await fresh.journal.barrier();
  const cursor = fresh.journal.openCursor(
    'files',
    Array.from({ length: LANES }, () => end),
  );
  const { lines, losses } = await readAll(cursor);
  expect(lines.flat()).toEqual(['{container="web", stream="stdout"} new']);
  expect(losses.map(({ fromLsn, toLsn }) => [fromLsn, toLsn])).toContainEqual([end, firstLsn]);
  await fresh.scope.close();
});
