import { describe, expect, it } from 'vitest';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, linesOf, openOn, readAll } from './testing/test-kit.js';

const web = { container: 'web', stream: 'stdout' };
const LARGE = { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 300 };

function failing(
  operation: string,
  code: string,
  times: number,
): { fault: MemoryDisk['fault']; failed: () => number } {
  let failed = 0;
  return {
    failed: () => failed,
    fault: (name) => {
      if (name !== operation || failed >= times) return;
      failed++;
      throw Object.assign(new Error(`${code}: ${operation}`), { code });
    },
  };
}

describe.each([
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
  ['create', 'EMFILE'],
  ['syncDirectory', 'EIO'],
])('when %s fails with %s', (operation, code) => {
  it.each([0, 2])('nothing is lost and all goes on afterwards, after %i good commits', async (good) => {
    const disk = new MemoryDisk();
    const { journal, streams, scope, failures } = await openOn(disk, {}, LARGE);
    const push = (number: number) =>
      journal.append(batchOf(streams, [{ labels: web, text: `line ${number}` }]), 'k', number, {
        key: 'k',
        from: number,
        to: number + 1,
      });
    for (let number = 1; number <= good; number++) {
      void push(number);
      await journal.barrier();
    }
    // Only a new segment is created and has its directory entry synced.
    const failsAtOnce = good === 0 || operation === 'write' || operation === 'sync';
    const troubles: (string | undefined)[] = [];
    journal.watchTrouble((trouble) => troubles.push(trouble));
    const { fault, failed } = failing(operation, code, 2);
    disk.fault = fault;
    void push(good + 1);
    const first = journal.barrier();
    let number = good + 2;
    if (failsAtOnce) {
      while (journal.stats.lastError === undefined) await new Promise(setImmediate);
      expect(journal.stats.lastError).toContain(code);
      let wait: Promise<void> | undefined;
      for (; !wait; number++) wait = push(number);
      await wait;
    }
    await first;
    await journal.barrier();
    expect(failed()).toBe(failsAtOnce ? 2 : 0);
    expect(journal.stats.lastError).toBeUndefined();
    const told = failsAtOnce ? [undefined, expect.stringContaining(code), undefined] : [undefined];
    expect(troubles).toEqual(told);
    expect(journal.stats.linesUncommitted).toBe(0);
    const expected = Array.from(
      { length: number - 1 },
      (_, i) => `{container="web", stream="stdout"} line ${i + 1}`,
    );
    expect((await readAll(journal.openCursor('r'))).lines.flat()).toEqual(expected);
    await scope.close();
    expect(failures).toEqual([]);
    expect(disk.openFiles).toBe(0);

    const again = await openOn(disk.afterPowerLoss(() => 0));
    expect(again.journal.recovery).toEqual([]);
    expect(again.journal.position('k')).toBe(number - 1);
    const read = await readAll(again.journal.openCursor('r'));
    expect([read.lines.flat(), read.losses]).toEqual([expected, []]);
    await again.scope.close();
  });
});

it('closes although the disk takes nothing, and keeps what was committed', async () => {
  const disk = new MemoryDisk();
  const { journal, streams, scope } = await openOn(
    disk,
    { syncIntervalMs: 1_000_000 },
    { ...LARGE, heldBytes: 1 },
  );
  void journal.append(batchOf(streams, [{ labels: web, text: 'a' }]), 'k', 1, { key: 'k', from: 0, to: 1 });
  await journal.barrier();
  disk.fault = failing('write', 'ENOSPC', Number.POSITIVE_INFINITY).fault;
  const wait = journal.append(batchOf(streams, [{ labels: web, text: 'b' }]), 'k', 2, {
    key: 'k',
    from: 1,
    to: 2,
  });
  const barrier = journal.barrier();
  const refused = expect(barrier).rejects.toMatchObject({ code: 'JOURNAL_WRITE' });
  await scope.close();
  await refused;
  await wait;
  const again = await openOn(disk.afterKill());
  expect(again.journal.position('k')).toBe(1);
  expect((await readAll(again.journal.openCursor('r'))).lines.flat()).toHaveLength(1);
  await again.scope.close();
});

it('tells a reader to come again when there are no descriptors left, and loses nothing by it', async () => {
  const disk = new MemoryDisk();
  const first = await openOn(disk, {}, LARGE);
  void first.journal.append(batchOf(first.streams, [{ labels: web, text: 'a' }]), 'k', 1, {
    key: 'k',
    from: 0,
    to: 1,
  });
  await first.scope.close();
  const { journal, scope } = await openOn(disk, {}, LARGE);
  disk.fault = failing('open', 'EMFILE', 1).fault;
  const cursor = journal.openCursor('r');
  await expect(readAll(cursor)).rejects.toThrow('EMFILE');
  const { lines, losses } = await readAll(cursor);
  expect([lines.flat().length, losses]).toEqual([1, []]);
  await scope.close();
});

it('hands out what it found before a read failed, once', async () => {
  const disk = new MemoryDisk();
  const { journal, streams, scope } = await openOn(disk, {}, LARGE);
  for (const [i, text] of ['first', 'second', 'third'].entries()) {
    void journal.append(batchOf(streams, [{ labels: web, text }]), 'k', i, { key: 'k', from: i, to: i + 1 });
    await journal.barrier();
  }
  const [path] = disk.paths();
  const bytes = disk.content(path);
  bytes[bytes.indexOf('first')] ^= 1;
  const { lane } = streams.acquire(web);
  const cursor = journal.openCursor('r');
  let reads = 0;
  disk.fault = (operation) => {
    if (operation === 'read' && ++reads === 2) throw Object.assign(new Error('ENOMEM'), { code: 'ENOMEM' });
  };
  const first = await cursor.read(lane, 0, 1e6);
  expect([first.blocks.length, first.losses.map(({ lines }) => lines)]).toEqual([0, [1]]);
  const second = await cursor.read(lane, first.next, 1e6);
  expect(second.losses).toEqual([]);
  expect(second.blocks.flatMap(linesOf).map((line) => line.split(' ').at(-1))).toEqual(['second', 'third']);
  await scope.close();
});
