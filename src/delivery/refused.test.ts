/** What a sink refuses for good is kept before its cursor passes it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Block, Delivered, Refused } from '../pipeline/contract.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

class RefusingSink extends FakeSink {
  readonly redriven: (readonly Block[])[] = [];

  override async deliver(...given: Parameters<FakeSink['deliver']>): Promise<Delivered> {
    const { delivered } = await super.deliver(...given);
    const [block] = given[0];
    if (!block) return { delivered, rejected: new Map() };
    const refused = [{ block, rows: [0], reason: 'too_old', said: 'no', tenant: undefined }];
    return { delivered: delivered - 1, rejected: new Map([['too_old', 1]]), refused };
  }

  async redrive(blocks: readonly Block[]): Promise<Delivered> {
    this.redriven.push(blocks);
    return { delivered: 1, rejected: new Map() };
  }
}

let journal: FakeJournal;
let sink: RefusingSink;
let scope: Scope;
let delivery: Delivery;
let health: Health;
let keep: (sink: string, refused: readonly Refused[], signal: AbortSignal) => Promise<boolean>;

beforeEach(() => {
  vi.useFakeTimers();
  journal = new FakeJournal();
  sink = new RefusingSink();
  health = new Health();
  keep = () => Promise.resolve(true);
  scope = Scope.root('test', (error) => {
    throw error;
  });
  const deadLetters = { keep: (...given: Parameters<typeof keep>) => keep(...given) };
  delivery = new Delivery({ journal, sink, log: silentLogger, health, deadLetters });
});

afterEach(async () => {
  await scope.close();
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const passed = (): number => journal.advances.at(-1)?.delivered[2] ?? 0;

test('the cursor waits until it is kept', async () => {
  let isKept!: (value: boolean) => void;
  const asked: unknown[] = [];
  keep = (name, refused) => {
    asked.push([name, refused.map(({ block, rows, reason }) => [block.lsn, rows, reason])]);
    return new Promise((resolve) => {
      isKept = resolve;
    });
  };
  journal.commit(2, 1);
  void scope.run('delivery', () => delivery.run(scope));
  await settle();
  expect(asked).toEqual([['fake', [[0, [0], 'too_old']]]]);
  expect([passed(), delivery.stats.linesRejected]).toEqual([0, {}]);
  isKept(true);
  await settle();
  expect([passed(), delivery.stats.linesRejected]).toEqual([1, { too_old: 1 }]);
});

test('nothing counts, and the cursor stays, where the end comes before it is kept', async () => {
  keep = async (_name, _refused, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return false;
  };
  journal.commit(2, 1);
  void scope.run('delivery', () => delivery.run(scope));
  await settle();
  const closed = scope.close(60_000);
  await vi.advanceTimersByTimeAsync(3_000);
  await closed;
  expect([passed(), delivery.stats.linesRejected, delivery.stats.linesDelivered]).toEqual([0, {}, 0]);
});

test('a sink that refuses half of what it gets is not well, until it takes it again', async () => {
  const state = (): string | undefined => health.components().get('sink/fake')?.state;
  void scope.run('delivery', () => delivery.run(scope));
  for (let i = 0; i < 10; i++) {
    journal.commit(2, 1);
    await settle();
    expect([passed(), state()]).toEqual([i + 1, i < 9 ? 'healthy' : 'degraded']);
  }
  expect(health.components().get('sink/fake')?.reason).toMatch(
    /^It refuses 10 % of its lines or more \(too_old\)/,
  );
  await vi.advanceTimersByTimeAsync(120_000 + 5_000);
  expect(state()).toBe('healthy');
});

test('a sink that is not open takes no redrive', async () => {
  const block = { lsn: 7 } as Block;
  await expect(delivery.redrive([block])).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
  void scope.run('delivery', () => delivery.run(scope));
  await settle();
  expect(await delivery.redrive([block])).toEqual({ delivered: 1, rejected: new Map() });
  expect(sink.redriven).toEqual([[block]]);
  await scope.close();
  await expect(delivery.redrive([block])).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
});
