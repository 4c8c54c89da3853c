/** Totals: durable with what they count, and never without it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LANES, StreamTable } from '../pipeline/streams.js';
import { BEFORE_TOTALS } from '../pipeline/totals.js';
import { BlockBuilder, type SealedBlock } from './block-builder.js';
import { encodeDirectory } from './directory.js';
import { encodeRecord, RecordType } from './record.js';
import { segmentName } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, DIRECTORY, openOn, readAll, SMALL } from './testing/test-kit.js';

const NEVER = { syncIntervalMs: 2 ** 30 };
const web = { container: 'web', stream: 'stdout' };

/** Appends `lines` lines of a key, counted as `<key> read`, in one step. */
function append({ journal, streams }: Awaited<ReturnType<typeof openOn>>, key: string, lines: number): void {
  const rows = Array.from({ length: lines }, (_, i) => ({ labels: web, text: `${i} ${Math.random()}` }));
  journal.count(`${key} read`, lines);
  void journal.append(batchOf(streams, rows), key, lines, { key, from: 0, to: 1 });
}

it('are cut back with the lines and positions of their step', async () => {
  let disk = new MemoryDisk();
  let opened = await openOn(disk, NEVER);
  append(opened, 'k/1', 3);
  await opened.journal.barrier();
  append(opened, 'k/1', 4);
  append(opened, 'k/2', 5);
  expect(opened.journal.totals('k/1 ')).toEqual(
    new Map([
      ['k/1 read', 7],
      ['k/1 journaled', 7],
    ]),
  );
  disk.endNow();
  await opened.scope.abort();
  disk = disk.afterKill();
  opened = await openOn(disk, NEVER);
  expect(opened.journal.totals('')).toEqual(
    new Map([
      ['k/1 read', 3],
      ['k/1 journaled', 3],
    ]),
  );
  expect(opened.journal.position('k/1')).toBe(3);
  await opened.scope.close();
});

it('go on over segments and restarts, moved and forgotten ones too', async () => {
  const disk = new MemoryDisk();
  let read = 0;
  let sinceMs = 0;
  for (let round = 0; round < 4; round++) {
    const opened = await openOn(disk, NEVER, SMALL);
    const { journal } = opened;
    sinceMs ||= journal.totalsSince;
    expect(journal.totalsSince).toBe(sinceMs);
    expect([journal.total('all/_ read'), journal.total('k/1 read')]).toEqual([read, 0]);
    for (let i = 0; i < 20; i++) {
      append(opened, 'k/1', 10);
      await journal.barrier();
    }
    journal.moveTotal('k/1 read', 'all/_ read');
    read += 200;
    expect([journal.total('all/_ read'), journal.total('k/1 read')]).toEqual([read, 0]);
    await opened.scope.close();
  }
  expect(disk.paths().length).toBeGreaterThan(8);
});

it('count alone, and are part of the next commit, for which nothing is hurried', async () => {
  const disk = new MemoryDisk();
  const first = await openOn(disk, { syncIntervalMs: 0 });
  const before = disk.operations;
  first.journal.count('a b', 2);
  first.journal.count('a b', -1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(disk.operations).toBe(before);
  await first.journal.barrier();
  const second = await openOn(disk.afterKill());
  expect(second.journal.total('a b')).toBe(1);
  await first.scope.close();
  await second.scope.close();
});

it('begin where an older build left a journal, whose lines are then counted by lane', async () => {
  const disk = new MemoryDisk();
  const streams = new StreamTable();
  const sealed: SealedBlock[] = [];
  const builder = new BlockBuilder(streams);
  builder.append(batchOf(streams, [{ labels: web, text: 'old' }]), { key: 'k', from: 0, to: 1 }, sealed);
  builder.sealAll(sealed);
  const [block] = sealed;
  const records: Buffer[] = [];
  let lsn = 0;
  const add = (record: (at: number) => Buffer[]): void => {
    const parts = record(lsn);
    records.push(...parts);
    lsn += Buffer.concat(parts).length;
  };
  const cursors = {};
  add((lsn) =>
    encodeRecord(
      { type: RecordType.snapshot, lsn, seconds: 1 },
      json({ sequence: 7, lines: 40, created: 1, keys: [['k', 5]], cursors, tallies: [] }),
    ),
  );
  const begin = lsn;
  const { lane, lines, rawBytes, lastSeconds: seconds, origins, payload } = block;
  add((lsn) =>
    encodeRecord(
      { type: RecordType.block, lsn, lane, lines, rawBytes, seconds },
      encodeDirectory(block, origins, () => 0),
      payload,
    ),
  );
  add((lsn) =>
    encodeRecord(
      { type: RecordType.commit, lsn, lines: 1, seconds: 1 },
      json({ sequence: 8, begin, define: [], set: [[0, 6]], forget: [], cursors }),
    ),
  );
  disk.replace(join(DIRECTORY, segmentName(0)), Buffer.concat(records));

  const opened = await openOn(disk);
  const { journal } = opened;
  expect(journal.recovery).toEqual([]);
  expect(journal.position('k')).toBe(6);
  expect(journal.stats.linesJournaled).toBe(41);
  expect(journal.totals('')).toEqual(new Map([[BEFORE_TOTALS, 41]]));
  // What went before is of no lane that anybody knows; what is there is of its own.
  const gone = Array.from({ length: LANES }, (_, lane) => journal.linesGone(lane));
  expect(gone).toEqual([40, ...Array<number>(LANES - 1).fill(0)]);
  expect((await readAll(journal.openCursor('r'))).lines[lane]).toHaveLength(1);
  append(opened, 'k', 2);
  await journal.barrier();
  expect(journal.stats.linesJournaled).toBe(43);
  await opened.scope.close();
});

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
