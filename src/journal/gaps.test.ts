/**
 * A source tells a gap, and pushes the line behind it in the same step. Whenever the process is killed: the gap, its line in
 * the history, and the line behind it are there once, or the source tells them again.
 */
import { describe, expect, it } from 'vitest';
import type { Pipeline } from '../pipeline/contract.js';
import { GapRegister } from '../pipeline/gap-register.js';
import { createIntake } from '../pipeline/intake.js';
import { BlockLines, decodeBlock } from '../pipeline/push-request.js';
import { LANES, parseLabelText } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { batchOf, type Opened, openOn } from './testing/test-kit.js';

const KEY = 'docker/1';
const BEGIN = 1_700_000_000;
const LABELS = { container: 'web', env: 'test' };
/** What the source has: line numbers, which are seconds too; those left out cannot be read. */
const READABLE = [1, 2, 3, 7, 8, 9, 10, 15, 16, 20, 21, 22];
const LIMITS = { segmentBytes: 3_000, groupBytes: 1, heldBytes: 2 ** 30 };

async function run(disk: MemoryDisk, syncIntervalMs: number): Promise<Opened> {
  const opened = await openOn(disk, { syncIntervalMs }, LIMITS);
  const { journal, streams, scope } = opened;
  const gaps = new GapRegister(journal, silentLogger);
  const pipeline = createIntake({ journal, streams, scope, taps: [], gaps });
  for (let next = Number(pipeline.position(KEY) ?? 0); next < READABLE.length && !disk.hasEnded; next++) {
    read(pipeline, next);
    const done = journal.barrier();
    done.catch(() => {});
    await Promise.race([done, disk.end]);
  }
  return opened;
}

function read(pipeline: Pipeline, index: number): void {
  const n = READABLE[index];
  const before = READABLE[index - 1] ?? 0;
  const at = (n: number) => ({ seconds: BEGIN + n, nanos: 0 });
  if (n > before + 1) pipeline.gap({ why: 'rotated', from: at(before), to: at(n) }, LABELS);
  const row = { labels: { ...LABELS, stream: 'stdout' }, text: `line ${n}`, seconds: BEGIN + n };
  const origin = { key: KEY, from: index, to: index + 1, lines: 1 };
  void pipeline.push(batchOf(pipeline.streams, [row]), KEY, index + 1, origin);
}

interface Found {
  readonly seconds: number;
  readonly nanos: number;
  readonly lane: number;
  readonly what: string;
}

async function history({ journal }: Opened): Promise<Found[]> {
  const found: Found[] = [];
  const lines = new BlockLines();
  for (const block of await journal.recent(
    Array.from({ length: LANES }, (_, lane) => lane),
    2 ** 30,
  )) {
    decodeBlock(block.payload, lines);
    for (let row = 0; row < lines.length; row++) {
      const { gap } = parseLabelText(lines.streams[lines.stream[row]]) as { gap?: string };
      const what = gap ?? lines.data.toString('utf8', lines.start[row], lines.end[row]);
      found.push({ seconds: lines.seconds[row], nanos: lines.nanos[row], lane: block.lane, what });
    }
  }
  return found;
}

function expectWhole(found: readonly Found[], { journal }: Opened): void {
  const byTime = found.toSorted((a, b) => a.seconds - b.seconds || a.nanos - b.nanos);
  const gapsAt = [7, 15, 20];
  expect(byTime.map(({ what }) => what)).toEqual(
    READABLE.flatMap((n) => (gapsAt.includes(n) ? ['rotated', `line ${n}`] : [`line ${n}`])),
  );
  expect(
    byTime.filter(({ what }) => what === 'rotated').map(({ seconds, nanos }) => [seconds, nanos]),
  ).toEqual([6, 14, 19].map((n) => [BEGIN + n, 999_999_999]));
  expect(new Set(found.map(({ lane }) => lane)).size, 'all in the lane of the container').toBe(1);
  // Told a second wider than the lines beside it.
  const { newest, counts } = new GapRegister(journal, silentLogger);
  expect(newest.map(({ number, from, to }) => [number, from?.seconds, to?.seconds])).toEqual([
    [3, BEGIN + 15, BEGIN + 21],
    [2, BEGIN + 9, BEGIN + 16],
    [1, BEGIN + 2, BEGIN + 8],
  ]);
  expect(counts.get('rotated')).toBe(0);
}

describe.each([0, 5])('with a commit every %d ms, gaps are told once', (syncIntervalMs) => {
  it('where nothing goes wrong', async () => {
    const opened = await run(new MemoryDisk(), syncIntervalMs);
    expectWhole(await history(opened), opened);
    await opened.scope.close();
  });

  it.each(['kill', 'power loss'])('where a %s comes at any operation of the disk', async (end) => {
    const whole = new MemoryDisk();
    await (await run(whole, syncIntervalMs)).scope.close();
    expect(whole.operations).toBeGreaterThan(30);
    let seed = 1;
    const random = (): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let operation = 5; operation < whole.operations; operation++) {
      const disk = new MemoryDisk();
      disk.endAt = operation;
      const killed = await run(disk, syncIntervalMs).catch(() => undefined);
      await killed?.scope.close();
      const next = end === 'kill' ? disk.afterKill() : disk.afterPowerLoss(random);
      const opened = await run(next, syncIntervalMs);
      expectWhole(await history(opened), opened);
      await opened.scope.close();
    }
  });
});

it('a gap that has no place is listed once for a container, and is no line', async () => {
  const disk = new MemoryDisk();
  for (let start = 0; start < 2; start++) {
    const opened = await openOn(disk, {}, LIMITS);
    const { journal, streams, scope } = opened;
    const gaps = new GapRegister(journal, silentLogger);
    const pipeline = createIntake({ journal, streams, scope, taps: [], gaps });
    for (const container of ['web', 'db', 'web'])
      pipeline.gap({ why: 'non_blocking', from: undefined, to: undefined }, { container });
    await journal.barrier();
    expect(gaps.newest.map(({ container, why }) => [container, why])).toEqual([
      ['db', 'non_blocking'],
      ['web', 'non_blocking'],
    ]);
    expect(await history(opened)).toEqual([]);
    await scope.close();
  }
});
