import { describe, expect, it, vi } from 'vitest';
import { segmentName } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, DIRECTORY, type Opened, openOn, readAll } from './testing/test-kit.js';

const web = { container: 'web', stream: 'stdout' };
const LARGE = { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1e6 };
const TINY = { segmentBytes: 1, groupBytes: 1e6, heldBytes: 1e6 };
const FIRST = `${DIRECTORY}/${segmentName(0)}`;

interface Written {
  readonly disk: MemoryDisk;
  /** End lsn of each commit. */
  readonly ends: number[];
}

/** Commits lines 1, 2, 3 …, each with its number as position. */
async function write(commits: number, limits = LARGE): Promise<Written> {
  const disk = new MemoryDisk();
  const { journal, streams, scope } = await openOn(disk, {}, limits);
  const ends: number[] = [];
  for (let number = 1; number <= commits; number++) {
    const key = `k${number % 3}`;
    void journal.append(batchOf(streams, [{ labels: web, text: `line ${number}` }]), key, number, {
      key,
      from: number,
      to: number + 1,
    });
    ends.push(await journal.barrier());
  }
  await scope.close();
  return { disk, ends };
}

async function read(disk: MemoryDisk) {
  const opened = await openOn(disk);
  const { lines, losses } = await readAll(opened.journal.openCursor('test'));
  const newest = Math.max(
    0,
    ...opened.journal.positionKeys('').map((key) => opened.journal.position(key) as number),
  );
  const result = {
    numbers: lines.flat().map((line) => Number(line.split(' ').at(-1))),
    losses,
    newest,
    recovery: opened.journal.recovery.map(({ sentence }) => sentence),
    damaged: opened.journal.stats.damagedBlocks,
    isFirstStart: opened.journal.isFirstStart,
  };
  await opened.scope.close();
  expect(opened.failures).toEqual([]);
  return result;
}

/** Changes the snapshot of the segment at `base`; answers the segment's path. */
function damageHead(disk: MemoryDisk, base: number): string {
  const path = `${DIRECTORY}/${segmentName(base)}`;
  const bytes = Buffer.from(disk.content(path));
  bytes[50] ^= 1;
  disk.replace(path, bytes);
  return path;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('recovery', () => {
  it('cuts back to the last commit wherever the file ends', async () => {
    const { disk, ends } = await write(4);
    const whole = disk.content(FIRST);
    for (let length = 0; length <= whole.length; length++) {
      const torn = disk.afterKill();
      torn.replace(FIRST, whole.subarray(0, length));
      const commits = ends.filter((end) => end <= length).length;
      const { numbers, losses, newest, recovery, isFirstStart } = await read(torn);
      expect(numbers).toEqual(upTo(commits));
      expect(losses).toEqual([]);
      expect(newest).toBe(commits);
      expect(recovery.length).toBe(length === 0 || ends.includes(length) ? 0 : 1);
      expect(isFirstStart).toBe(commits === 0);
    }
  });

  it('counts the lines of a damaged block where its header is good', async () => {
    const { disk, ends } = await write(3);
    const bytes = Buffer.from(disk.content(FIRST));
    const payload = bytes.indexOf('line 2');
    expect(payload).toBeGreaterThan(ends[0]);
    bytes[payload] ^= 1;
    disk.replace(FIRST, bytes);
    const { numbers, losses, damaged } = await read(disk.afterKill());
    expect(numbers).toEqual([1, 3]);
    expect(losses).toEqual([expect.objectContaining({ why: 'damaged', lines: 1, fromLsn: ends[0] })]);
    expect(damaged).toBe(1);
  });

  it('steps over a missing segment and says so', async () => {
    const { disk, ends } = await write(4, TINY);
    expect(disk.paths()).toHaveLength(4);
    await disk.unlink(`${DIRECTORY}/${segmentName(ends[1])}`);
    const { numbers, losses, newest, recovery } = await read(disk.afterKill());
    expect(numbers).toEqual([1, 2, 4]);
    expect(losses).toEqual([{ why: 'damaged', lines: 1, fromLsn: ends[1], toLsn: ends[2] }]);
    expect(newest).toBe(4);
    expect(recovery).toHaveLength(1);
  });

  it('reports a segment that vanishes while the journal is open', async () => {
    const { disk, ends } = await write(4, TINY);
    const opened = await openOn(disk);
    await disk.unlink(`${DIRECTORY}/${segmentName(ends[0])}`);
    const { lines, losses } = await readAll(opened.journal.openCursor('test'));
    expect(lines.flat()).toHaveLength(3);
    expect(losses).toEqual([{ why: 'damaged', lines: 1, fromLsn: ends[0], toLsn: ends[1] }]);
    await opened.scope.close();
  });

  it.each([1, 3])('a damaged head of the newest of %i segments is known without it', async (commits) => {
    const { disk, ends } = await write(commits, TINY);
    damageHead(disk, ends.at(-2) ?? 0);
    const { numbers, newest, recovery, losses } = await read(disk);
    expect([numbers, newest, losses]).toEqual([upTo(commits), commits, []]);
    expect(recovery).toEqual([expect.stringContaining('known without it')]);
  });

  it('sets a newest segment with a damaged head aside where nothing else knows it, and goes on from the one before', async () => {
    const { disk, ends } = await write(3, TINY);
    const path = damageHead(disk, ends[1]);
    await disk.unlink(`${DIRECTORY}/${segmentName(ends[0])}`);
    const refused = disk.afterKill();
    refused.fault = (operation) => {
      if (operation === 'rename') throw Object.assign(new Error('EIO: rename'), { code: 'EIO' });
    };
    await expect(openOn(refused)).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining('EIO: rename'),
    });
    const { numbers, newest, recovery } = await read(refused.afterKill());
    expect([numbers, newest]).toEqual([[1], 1]);
    expect(recovery).toEqual([expect.stringMatching(/was set aside, .* Its head is damaged\.$/)]);
    await read(disk);
    expect(disk.paths()).toContain(`${path}.damaged`);
    expect((await read(disk.afterKill())).recovery).toEqual([]);
  });

  it('tries again to read the newest segment, and sets it aside where that never succeeds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { disk, ends } = await write(2, TINY);
      for (const [failures, expected] of [
        [2, [1, 2]],
        [3, [1]],
      ] as const) {
        const failing = disk.afterKill();
        let reads = 0;
        failing.fault = (operation, path) => {
          if (operation !== 'read' || !path.includes(segmentName(ends[0])) || reads++ >= failures) return;
          throw Object.assign(new Error('EIO: read'), { code: 'EIO' });
        };
        const opening = read(failing);
        await vi.advanceTimersByTimeAsync(2_000);
        const { numbers, newest, recovery } = await opening;
        expect([numbers, newest]).toEqual([expected, expected.length]);
        expect(recovery).toEqual(
          failures === 3 ? [expect.stringMatching(/was set aside, .* EIO: read\.$/)] : [],
        );
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('ignores files that are not its own and refuses a later layout', async () => {
    const { disk } = await write(1);
    disk.replace(`${DIRECTORY}/notes.txt`, Buffer.from('x'));
    expect((await read(disk)).recovery).toEqual([]);
    const { crc32 } = await import('node:zlib');
    const bytes = Buffer.from(disk.content(FIRST));
    bytes[5] = 2;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
    disk.replace(FIRST, bytes);
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  });
});

it('what a killed process had written is durable before it counts: a power failure after the restart loses nothing', async () => {
  const disk = new MemoryDisk();
  const labels = { container: 'web', stream: 'stdout' };
  const open = (on: MemoryDisk) => openOn(on, {}, LARGE);
  const put = ({ journal, streams }: Opened, n: number): void =>
    void journal.append(batchOf(streams, [{ labels, text: `line ${n}` }]), 'key', n, {
      key: 'key',
      from: n,
      to: n + 1,
    });
  const first = await open(disk);
  put(first, 1);
  await first.journal.barrier();
  // Killed between the write and the fdatasync of the second group.
  disk.fault = (operation) => {
    if (operation === 'sync') disk.endNow();
  };
  put(first, 2);
  await disk.end;

  const afterKill = disk.afterKill();
  const second = await open(afterKill);
  expect(second.journal.position('key')).toBe(2);
  put(second, 3);
  await second.journal.barrier();

  const third = await open(afterKill.afterPowerLoss(() => 0));
  const { lines, losses } = await readAll(third.journal.openCursor('test'));
  expect(lines.flat().map((line) => line.split(' ').at(-1))).toEqual(['1', '2', '3']);
  expect(losses).toEqual([]);
  expect(third.journal.position('key')).toBe(3);
});
