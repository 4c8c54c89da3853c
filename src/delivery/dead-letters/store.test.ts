import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import { DiskEnded, MemoryDisk } from '../../journal/testing/memory-disk.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import type { Scope } from '../../runtime/scope.js';
import type { StoredBundle } from './bundles.js';
import type { DeadLetters } from './store.js';
import {
  contents,
  NEVER,
  type OpenedLetters,
  openLetters,
  refused,
  tenLines,
} from './testing/test-letters.js';

const scopes: Scope[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const scope of scopes.splice(0)) await scope.close();
});

async function openOn(...given: Parameters<typeof openLetters>): Promise<OpenedLetters> {
  const opened = await openLetters(...given);
  scopes.push(opened.scope);
  return opened;
}

/** As a sink answers that was given the bundle once more. */
async function again(
  store: DeadLetters,
  id: number,
  left: Record<string, number[]>,
  known?: StoredBundle,
): Promise<void> {
  const facts = store.bundles().find((one) => one.id === id);
  const stored = known ?? (facts && (await store.read(facts)));
  if (!stored) throw new Error('no such bundle');
  const lines = stored.bundle.rows.map((row) => ({
    labels: { container: 'a' },
    text: `${stored.bundle.lsn}/${row}`,
  }));
  const given = blockOf(lines, { lsn: id });
  const parts = Object.entries(left).filter(([, rows]) => rows.length > 0);
  await store.replace(
    id,
    stored,
    parts.map(([reason, rows]) => refused(given, rows, reason)),
  );
}

describe('dead letters', () => {
  test('hold the lines whole, with what was said of them, also after a restart', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk, {}, () => 77_000);
    const one = tenLines(5, 2);
    expect(await store.keep('loki', [{ ...refused(one, [1, 7]), tenant: 'team' }], NEVER)).toBe(true);
    for (const { store: now } of [
      { store },
      await openOn(disk.afterKill()),
      await openOn(disk.afterPowerLoss(() => 0)),
    ]) {
      const [facts] = now.bundles();
      expect(facts).toMatchObject({
        sink: 'loki',
        reason: 'too_old',
        lines: 2,
        attempts: 1,
        rejectedMs: 77_000,
        lsn: 5,
        lane: 2,
      });
      const stored = await now.read(facts);
      expect(stored?.bundle).toEqual({
        sink: 'loki',
        reason: 'too_old',
        said: 'no: too_old',
        tenant: 'team',
        lane: 2,
        lsn: 5,
        rows: [1, 7],
        attempts: 1,
        rejectedMs: 77_000,
      });
      const lines = new BlockLines();
      decodeBlock(stored?.payload ?? Buffer.alloc(0), lines);
      expect(lines.streams).toEqual(['{container="a"}', '{container="b"}']);
      expect([...lines.seconds.subarray(0, 2), ...lines.nanos.subarray(0, 2)]).toEqual([1_001, 1_007, 1, 7]);
      expect(await contents(now)).toEqual(['loki too_old 1: 5/1 x', 'loki too_old 1: 5/7 x']);
      expect(now.counts).toEqual([{ sink: 'loki', reason: 'too_old', lines: 2 }]);
    }
  });

  test('are there once, though the block is refused again after a kill, and for another reason', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    await store.keep('loki', [refused(tenLines(5), [1, 7])], NEVER);
    const { store: after } = await openOn(disk.afterKill());
    await after.keep('loki', [refused(tenLines(5), [1, 2], 'other'), refused(tenLines(5), [7])], NEVER);
    await after.keep('second', [refused(tenLines(5), [1])], NEVER);
    await after.keep('loki', [refused(tenLines(5, 1), [1]), refused(tenLines(6), [1])], NEVER);
    expect(await contents(after)).toEqual([
      'loki other 1: 5/2 x',
      'loki too_old 1: 5/1 x',
      'loki too_old 1: 5/1 x',
      'loki too_old 1: 5/7 x',
      'loki too_old 1: 6/1 x',
      'second too_old 1: 5/1 x',
    ]);
  });

  test('that are refused once more stay with another count and reason, the others go', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    await store.keep('loki', [refused(tenLines(5), [1, 3, 7, 8])], NEVER);
    const [{ id }] = store.bundles();
    await again(store, id, { too_old: [1], other: [0, 3] });
    const expected = ['loki other 2: 5/1', 'loki other 2: 5/8', 'loki too_old 2: 5/3'];
    expect(await contents(store)).toEqual(expected);
    expect(store.bundles().map(({ lines }) => lines)).toEqual([1, 2]);
    const { store: after } = await openOn(disk.afterKill());
    expect(await contents(after)).toEqual(expected);
    const stored = await Promise.all(after.bundles().map((facts) => after.read(facts)));
    expect(stored.map((one) => one?.bundle.rows)).toEqual([[3], [1, 8]]);
    // They still are lines of that block.
    await after.keep('loki', [refused(tenLines(5), [1, 3, 7, 8])], NEVER);
    expect((await contents(after)).length).toBe(4);
    await again(after, after.bundles()[0].id, {});
    expect((await contents(after)).length).toBe(3);
  });

  test('that are removed are gone, and nothing stays on the disk of the last ones', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    await store.keep('loki', [refused(tenLines(5), [1, 2]), refused(tenLines(5), [3], 'other')], NEVER);
    const [first, second] = store.bundles();
    expect(await store.remove([first.id, 999])).toBe(2);
    expect(await store.remove([first.id])).toBe(0);
    expect(await contents(store)).toEqual(['loki other 1: 5/3 x']);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(['loki other 1: 5/3 x']);
    expect(await store.remove([second.id])).toBe(1);
    expect([store.bytes, disk.paths()]).toEqual([0, []]);
    await store.keep('loki', [refused(tenLines(6), [1])], NEVER);
    expect(store.bundles()[0].id).toBeGreaterThan(second.id);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(['loki too_old 1: 6/1 x']);
  });

  test('beyond their bytes go from the oldest on, and are counted', async () => {
    const disk = new MemoryDisk();
    const { store, told } = await openOn(disk, { maxBytes: 32_000 });
    for (let lsn = 0; lsn < 200; lsn++)
      await store.keep(lsn % 2 ? 'loki' : 'second', [refused(tenLines(lsn, 0, 40), [lsn % 10])], NEVER);
    expect(store.bytes).toBeLessThanOrEqual(32_000);
    const left = store.bundles().map(({ lsn }) => lsn);
    expect(left.length).toBeGreaterThan(50);
    expect(left).toEqual(Array.from({ length: left.length }, (_, i) => 200 - left.length + i));
    const dropped = store.dropped.reduce((sum, { lines }) => sum + lines, 0);
    expect(dropped + left.length).toBe(200);
    expect(store.dropped.map(({ sink, reason }) => `${sink} ${reason}`)).toEqual([
      'second too_old',
      'loki too_old',
    ]);
    expect(told.join()).toContain('max_bytes');
    expect(
      [...(await openOn(disk.afterKill(), { maxBytes: 32_000 })).store.bundles()].map(({ lsn }) => lsn),
    ).toEqual(left);
  });

  test('are not lost for the room of those that are no more', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk, { maxBytes: 32_000 });
    await store.keep('loki', [refused(tenLines(0), [1, 2])], NEVER);
    for (let lsn = 1; lsn < 300; lsn++) {
      await store.keep('loki', [refused(tenLines(lsn, 0, 40), [lsn % 10])], NEVER);
      await store.remove([store.bundles().find((one) => one.lsn === lsn)?.id ?? -1]);
    }
    expect(store.bytes).toBeLessThanOrEqual(32_000);
    expect(store.dropped).toEqual([]);
    const expected = ['loki too_old 1: 0/1 x', 'loki too_old 1: 0/2 x'];
    expect(await contents(store)).toEqual(expected);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(expected);
  });

  test('go when they are too old, once', async () => {
    const disk = new MemoryDisk();
    let now = 1_000;
    const { store } = await openOn(disk, { maxAgeMs: 500 }, () => now);
    await store.keep('loki', [refused(tenLines(1), [1])], NEVER);
    now = 1_400;
    await store.keep('loki', [refused(tenLines(2), [2])], NEVER);
    now = 1_501;
    await store.keep('loki', [refused(tenLines(3), [3])], NEVER);
    const expected = ['loki too_old 1: 2/2 x', 'loki too_old 1: 3/3 x'];
    expect(await contents(store)).toEqual(expected);
    expect(store.dropped).toEqual([{ sink: 'loki', reason: 'too_old', lines: 1 }]);
    const { store: after } = await openOn(disk.afterKill(), { maxAgeMs: 500 }, () => now);
    expect([await contents(after), after.dropped]).toEqual([expected, []]);
  });

  test('that are damaged are passed over and counted, the others stay', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    for (const lsn of [1, 2, 3]) await store.keep('loki', [refused(tenLines(lsn), [lsn])], NEVER);
    const [path] = disk.paths();
    const [first, second] = store.bundles();
    for (const offset of [second.id + 10, second.id + 60, second.id + second.bytes - 1]) {
      const bytes = Buffer.from(disk.content(path));
      bytes[offset] ^= 1;
      const other = new MemoryDisk();
      other.replace(path, bytes);
      const { store: after, told } = await openOn(other);
      expect(await contents(after)).toEqual(['loki too_old 1: 1/1 x', 'loki too_old 1: 3/3 x']);
      expect(told.join()).toContain('1 records of the dead letters are damaged');
    }
    const bytes = Buffer.from(disk.content(path));
    bytes[first.id + first.bytes - 1] ^= 1;
    disk.replace(path, bytes);
    const { store: open } = await openOn(new MemoryDisk());
    expect(open.counts).toEqual([]);
  });

  test('wait for a disk that refuses, then are dropped and counted, so that others are delivered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const disk = new MemoryDisk();
    const { store, health, told } = await openOn(disk);
    disk.fault = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    };
    const kept = store.keep('loki', [refused(tenLines(1), [1, 2])], NEVER);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(store.dropped).toEqual([]);
    expect(health.components().get('dead letters')).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('ENOSPC') as string,
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await kept).toBe(true);
    expect(store.dropped).toEqual([{ sink: 'loki', reason: 'too_old', lines: 2 }]);
    // No other one waits as long.
    await store.keep('loki', [refused(tenLines(2), [1])], NEVER);
    expect(store.dropped).toEqual([{ sink: 'loki', reason: 'too_old', lines: 3 }]);
    expect(told.filter((text) => text.includes('cannot be kept'))).toHaveLength(1);
    disk.fault = () => {};
    await store.keep('loki', [refused(tenLines(3), [1])], NEVER);
    expect(health.components().get('dead letters')?.state).toBe('healthy');
    expect(await contents(store)).toEqual(['loki too_old 1: 3/1 x']);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(['loki too_old 1: 3/1 x']);
    expect(disk.openFiles).toBe(0);
  });

  test('stay as they were where the disk fails in the middle of a change, also after a kill', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    await store.keep('loki', [refused(tenLines(1), [1, 2])], NEVER);
    const [{ id }] = store.bundles();
    disk.fault = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    await expect(store.remove([id])).rejects.toThrow('EIO');
    await expect(again(store, id, { other: [0] })).rejects.toThrow('EIO');
    disk.fault = () => {};
    const expected = ['loki too_old 1: 1/1 x', 'loki too_old 1: 1/2 x'];
    expect(await contents(store)).toEqual(expected);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(expected);
    expect(await store.remove([id])).toBe(2);
  });

  test('are there once, though a write that failed came through and was done again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    // Its file stays.
    await store.keep('loki', [refused(tenLines(0), [5])], NEVER);
    const failing = new Set(['sync', 'truncate']);
    disk.fault = (operation) => {
      if (failing.delete(operation)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    const kept = store.keep('loki', [refused(tenLines(1), [1, 2])], NEVER);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([await kept, failing.size]).toEqual([true, 0]);
    const expected = ['loki too_old 1: 0/5 x', 'loki too_old 1: 1/1 x', 'loki too_old 1: 1/2 x'];
    expect(await contents(store)).toEqual(expected);
    expect(await contents((await openOn(disk.afterKill())).store)).toEqual(expected);
  });

  test('are still kept for a sink that drains while the agent closes', async () => {
    const { store, scope } = await openOn();
    let isKept: boolean | undefined;
    void scope.run('a sink', async () => {
      await scope.untilClosing();
      isKept = await store.keep('loki', [refused(tenLines(1), [1])], NEVER);
    });
    await scope.close();
    expect(isKept).toBe(true);
  });

  test('that could not be kept before the end are not called kept', async () => {
    const disk = new MemoryDisk();
    const { store } = await openOn(disk);
    disk.fault = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    const stop = new AbortController();
    stop.abort();
    expect(await store.keep('loki', [refused(tenLines(1), [1, 2])], stop.signal)).toBe(false);
    expect(store.dropped).toEqual([]);
  });
});

type Step =
  | { readonly kind: 'keep'; readonly lsn: number; readonly rows: readonly number[]; readonly reason: string }
  | { readonly kind: 'remove' | 'redrive'; readonly nth: number; readonly left: number }
  /** The disk ends so many operations later. */
  | { readonly kind: 'end'; readonly operations: number; readonly isPowerLoss: boolean };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('keep' as const),
      lsn: fc.nat(6),
      rows: fc
        .uniqueArray(fc.nat(9), { minLength: 1, maxLength: 6 })
        .map((rows) => rows.sort((a, b) => a - b)),
      reason: fc.constantFrom('too_old', 'other'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove' as const, 'redrive' as const),
      nth: fc.nat(3),
      left: fc.nat(63),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      operations: fc.nat(9),
      isPowerLoss: fc.boolean(),
    }),
  },
);

/** By `lsn/row`: how often it was refused. */
type Model = ReadonlyMap<string, number>;

interface Plan {
  /** Once it is done. */
  readonly next: Model;
  readonly perform: () => Promise<unknown>;
}

const ENDED = AbortSignal.abort();

/** What `sight`, which is `store` seen by another process, says that the step comes to. */
async function planOf(
  step: Exclude<Step, { kind: 'end' }>,
  model: Model,
  store: DeadLetters,
  sight: DeadLetters,
): Promise<Plan> {
  const next = new Map(model);
  if (step.kind === 'keep') {
    for (const row of step.rows) next.set(`${step.lsn}/${row}`, model.get(`${step.lsn}/${row}`) ?? 1);
    const perform = async (): Promise<void> => {
      const isKept = await store.keep('loki', [refused(tenLines(step.lsn), step.rows, step.reason)], ENDED);
      if (!isKept) throw new DiskEnded('not kept');
    };
    return { next, perform };
  }
  const facts = sight.bundles().at(step.nth);
  const stored = facts && (await sight.read(facts));
  if (!stored) return { next, perform: () => Promise.resolve() };
  const { lsn, rows } = stored.bundle;
  const left = step.kind === 'remove' ? [] : rows.flatMap((_, i) => ((step.left >> i) & 1 ? [i] : []));
  for (const [i, row] of rows.entries()) {
    if (left.includes(i)) next.set(`${lsn}/${row}`, stored.bundle.attempts + 1);
    else next.delete(`${lsn}/${row}`);
  }
  if (step.kind === 'remove') return { next, perform: () => store.remove([facts.id]) };
  // A write that is cut off in its middle has all of the first one.
  const half = Math.floor(left.length / 3);
  const parts = { first: left.slice(0, half), second: left.slice(half) };
  return { next, perform: () => again(store, facts.id, parts, stored) };
}

async function asText(store: DeadLetters): Promise<string> {
  const found = (await contents(store)).map((text) => {
    const [, attempts, name] = /^loki \S+ (\d+): (\d+\/\d)/.exec(text) ?? [];
    return [name, Number(attempts)] as const;
  });
  expect(new Set(found.map(([name]) => name)).size, 'a line is there twice').toBe(found.length);
  return textOf(new Map(found));
}

function textOf(model: Model): string {
  return JSON.stringify([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

test('whatever is kept, removed and redriven, and wherever that is cut off: the store holds that set', async () => {
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 16 }), fc.nat(), async (steps, seed) => {
      const random = randomOf(seed);
      let isPowerLoss = false;
      let disk = new MemoryDisk();
      let { store } = await openOn(disk);
      let model: Model = new Map();
      for (const step of steps) {
        if (step.kind === 'end') {
          disk.endAt = disk.operations + 1 + step.operations;
          isPowerLoss = step.isPowerLoss;
          continue;
        }
        const sight = await openOn(disk.afterKill());
        const { next, perform } = await planOf(step, model, store, sight.store);
        try {
          await perform();
          model = next;
        } catch (error) {
          if (!(error instanceof DiskEnded)) throw error;
          cuts++;
          disk = isPowerLoss ? disk.afterPowerLoss(random) : disk.afterKill();
          ({ store } = await openOn(disk));
          const found = await asText(store);
          expect([textOf(model), textOf(next)]).toContain(found);
          model = new Map(JSON.parse(found) as [string, number][]);
        }
        const expected = textOf(model);
        expect(await asText((await openOn(disk.afterKill())).store)).toBe(expected);
        expect(await asText((await openOn(disk.afterPowerLoss(random))).store)).toBe(expected);
        expect(store.bundles().reduce((sum, { lines }) => sum + lines, 0)).toBe(model.size);
      }
      for (const scope of scopes.splice(0)) await scope.close();
    }),
    { numRuns: 120 },
  );
  expect(cuts).toBeGreaterThan(25);
});
