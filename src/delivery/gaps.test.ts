/** What a sink loses is told by container: compared with the lines that are missing at the sink. */
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, linesOf, openOn } from '../journal/testing/test-kit.js';
import type { Loss } from '../journal/types.js';
import type { Block } from '../pipeline/contract.js';
import { GapRegister, type ToldGap } from '../pipeline/gap-register.js';
import type { Labels } from '../pipeline/streams.js';
import { AgentError } from '../runtime/errors.js';
import { silentLogger } from '../runtime/log.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { gapsOf } from './gaps.js';
import { FakeSink } from './testing/fake-sink.js';

const BEGIN = 1_700_000_000;
const EVERY = (): boolean => true;
const stream = (container: string, lines: number, output = 'stdout') => ({
  labels: `{container="${container}", stream="${output}"}`,
  lines,
  bytes: 1,
});
const loss = (over: Partial<Loss> = {}): Loss => ({
  why: 'cap',
  lines: 3,
  fromLsn: 0,
  toLsn: 9,
  streams: [stream('web', 3)],
  firstSeconds: 5,
  lastSeconds: 7,
  ...over,
});
const between = (from: number, to: number) => ({
  from: { seconds: from, nanos: 0 },
  to: { seconds: to, nanos: 999_999_999 },
});

describe('losses of one moment', () => {
  test('are one gap for each container and reason, over its outputs and over lanes', () => {
    const losses = [
      loss({ lines: 6, streams: [stream('web', 1), stream('web', 2, 'stderr'), stream('db', 3)] }),
      loss({ lines: 4, streams: [stream('web', 4)], firstSeconds: 2, lastSeconds: 6 }),
      loss({ why: 'damaged' }),
    ];
    expect(gapsOf('loki', losses, EVERY)).toEqual([
      { container: 'web', sink: 'loki', why: 'cap', lines: 7, ...between(2, 7) },
      { container: 'db', sink: 'loki', why: 'cap', lines: 3, ...between(5, 7) },
      { container: 'web', sink: 'loki', why: 'damaged', lines: 3, ...between(5, 7) },
    ]);
  });

  test('are not of what the sink does not want', () => {
    const streams = [stream('web', 1), stream('db', 2)];
    const gaps = gapsOf('loki', [loss({ streams })], (labels) => labels.includes('web'));
    expect(gaps).toMatchObject([{ container: 'web', lines: 1 }]);
  });

  test('of lines that nobody can name any more are of others', () => {
    const { streams: _, firstSeconds: __, lastSeconds: ___, ...unknown } = loss();
    expect(gapsOf('loki', [unknown], EVERY)).toEqual([
      { container: '_other', sink: 'loki', why: 'cap', lines: 3, from: undefined, to: undefined },
    ]);
    expect(gapsOf('loki', [loss({ lines: 5 })], EVERY)).toMatchObject([
      { container: 'web', lines: 3 },
      { container: '_other', lines: 2 },
    ]);
    expect(gapsOf('loki', [{ ...unknown, lines: 0 }, loss()], EVERY)).toMatchObject([
      { container: 'web', lines: 3 },
      { container: '_other', lines: undefined },
    ]);
  });

  test('name twenty containers, those that lost most', () => {
    const streams = Array.from({ length: 25 }, (_, i) => stream(`c${i}`, i + 1));
    const lines = streams.reduce((sum, { lines }) => sum + lines, 0);
    const gaps = gapsOf('loki', [loss({ lines, streams })], EVERY);
    expect(gaps.map(({ container, lines }) => [container, lines])).toEqual([
      ...Array.from({ length: 20 }, (_, i) => [`c${24 - i}`, 25 - i]),
      ['_other', 15],
    ]);
  });
});

/** Containers and numbers of lines, `web 7`. */
class World {
  readonly written = new Set<string>();
  readonly delivered = new Set<string>();
  readonly secondOf = new Map<string, number>();

  take(blocks: readonly Block[]): void {
    for (const line of blocks.flatMap(linesOf)) this.delivered.add(line.slice(line.lastIndexOf('} ') + 2));
  }

  missing(): string[] {
    return [...this.written].filter((line) => !this.delivered.has(line));
  }
}

test.each([
  ['everything', undefined],
  ['some containers', (labels: Labels) => labels['container'] !== 'c1'],
])(
  'a sink that wants %s, away while the journal passes its cap: each missing line lies in a gap, and gaps count no other',
  async (_, match) => {
    const disk = new MemoryDisk();
    disk.free = { free: 2 ** 40, total: 2 ** 40 };
    const limits = { segmentBytes: 2_000, groupBytes: 1_000, heldBytes: 4_000 };
    const { journal, streams, scope } = await openOn(disk, { maxBytes: 8_000, syncIntervalMs: 0 }, limits);
    const gaps = new GapRegister(journal, silentLogger);
    const world = new World();
    const sink = new FakeSink();
    let isAway = false;
    sink.before = (blocks) => {
      if (isAway) throw new AgentError('SINK_UNREACHABLE', 'Nobody there.', { retryable: true });
      world.take(blocks);
    };
    const health = new Health();
    const onGap = gaps.extend.bind(gaps);
    const delivery = new Delivery({ journal, sink, match, log: silentLogger, health, onGap });
    void scope.run('delivery', () => delivery.run(scope));
    for (let i = 0; i < 60; i++) {
      isAway = i >= 10;
      const rows = Array.from({ length: 8 }, (_, n) => {
        const container = `c${n % 4}`;
        const text = `${container} ${i} ${n} ${'x'.repeat((i * 37) % 30)}`;
        const seconds = BEGIN + 10 * i + n;
        if (!match || match({ container })) world.written.add(text);
        world.secondOf.set(text, seconds);
        return { labels: { container, stream: 'stdout' }, text, seconds };
      });
      void journal.append(batchOf(streams, rows), 'k', i, { key: 'k', from: i, to: i + 1 });
      await journal.barrier();
      if (!isAway) await until(() => delivery.stats.linesPending === 0);
    }
    isAway = false;
    await until(() => delivery.stats.linesPending === 0);
    const missing = world.missing();
    expect(missing.length).toBeGreaterThan(20);
    const told = gaps.newest;
    expect(told.map(({ why, sink }) => [why, sink])).toEqual(told.map(() => ['cap', 'fake']));
    for (const line of missing) {
      const seconds = world.secondOf.get(line) ?? 0;
      expect(told.filter((gap) => gap.container === line.split(' ')[0] && covers(gap, seconds))).toHaveLength(
        1,
      );
    }
    const countOf = (container: string): number =>
      missing.filter((line) => line.startsWith(`${container} `)).length;
    expect(told.map(({ container, lines }) => [container, lines]).toSorted()).toEqual(
      ['c0', 'c1', 'c2', 'c3'].map((name) => [name, countOf(name)]).filter(([, lines]) => lines !== 0),
    );
    await scope.close();
  },
);

test('a block that cannot be decoded is a gap of the containers in it', async () => {
  const { journal, streams, scope } = await openOn(new MemoryDisk());
  const gaps = new GapRegister(journal, silentLogger);
  const sink = new FakeSink();
  sink.before = () => {
    throw new AgentError('JOURNAL_DAMAGED', 'Not to be read.');
  };
  const onGap = gaps.extend.bind(gaps);
  const delivery = new Delivery({ journal, sink, log: silentLogger, health: new Health(), onGap });
  void scope.run('delivery', () => delivery.run(scope));
  const rows = [BEGIN, BEGIN + 2].map((seconds) => ({ labels: { container: 'web' }, text: 'x', seconds }));
  void journal.append(batchOf(streams, rows), 'k', 1, { key: 'k', from: 0, to: 1 });
  await journal.barrier();
  await until(() => delivery.stats.linesLost.damaged === 2);
  expect(gaps.newest).toMatchObject([
    { container: 'web', sink: 'fake', why: 'damaged', lines: 2, ...between(BEGIN, BEGIN + 2) },
  ]);
  await scope.close();
});

test('what went while the sink was not there is a gap of others, with its number', async () => {
  const disk = new MemoryDisk();
  disk.free = { free: 2 ** 40, total: 2 ** 40 };
  const limits = { segmentBytes: 2_000, groupBytes: 1_000, heldBytes: 4_000 };
  const { journal, streams, scope } = await openOn(disk, { maxBytes: 8_000, syncIntervalMs: 0 }, limits);
  const gaps = new GapRegister(journal, silentLogger);
  const onGap = gaps.extend.bind(gaps);
  const world = new World();
  const present = async (): Promise<void> => {
    const sink = new FakeSink();
    sink.before = (blocks) => world.take(blocks);
    const own = scope.child('sink');
    const delivery = new Delivery({ journal, sink, log: silentLogger, health: new Health(), onGap });
    void own.run('delivery', () => delivery.run(own));
    await until(() => delivery.stats.state === 'idle' && delivery.stats.linesPending === 0);
    await own.close();
  };
  const write = async (i: number): Promise<void> => {
    const text = `${i} ${'x'.repeat(100)}`;
    world.written.add(text);
    void journal.append(batchOf(streams, [{ labels: { container: 'web' }, text }]), 'k', i, {
      key: 'k',
      from: i,
      to: i + 1,
    });
    await journal.barrier();
  };
  await write(0);
  await present();
  for (let i = 1; i < 80; i++) await write(i);
  await present();
  const missing = world.missing().length;
  expect(missing).toBeGreaterThan(10);
  expect(gaps.newest).toMatchObject([{ container: '_other', sink: 'fake', why: 'cap', lines: missing }]);
  await scope.close();
});

function covers({ from, to }: ToldGap, seconds: number): boolean {
  return from !== undefined && to !== undefined && from.seconds <= seconds && seconds <= to.seconds;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}
