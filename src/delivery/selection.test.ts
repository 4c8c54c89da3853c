import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { blockOf } from '../../test/support/blocks.js';
import { compileMatch } from '../pipeline/match.js';
import { BlockLines, decodeBlock } from '../pipeline/push-request.js';
import { AgentError } from '../runtime/errors.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { Delivery } from './delivery.js';
import { Selection } from './selection.js';
import { FakeJournal } from './testing/fake-journal.js';
import { FakeSink } from './testing/fake-sink.js';

const prod = compileMatch('{env="prod"}');
const line = (env: string, text: string) => ({ labels: { env }, text });

test('a block is taken whole, in part or not at all', () => {
  const selection = new Selection(prod);
  const whole = blockOf([line('prod', 'a')]);
  expect(selection.of(whole)).toBe(whole);
  expect(selection.of(blockOf([line('dev', 'a')]))).toBeUndefined();
  const part = selection.of(blockOf([line('dev', 'a'), line('prod', 'b'), line('dev', 'c')]));
  const lines = new BlockLines();
  if (part) decodeBlock(part.payload, lines);
  expect(lines.data.toString('utf8', lines.start[0], lines.end[0])).toBe('b');
  expect([part?.lines, lines.length]).toEqual([1, 1]);
  const other = blockOf([line('dev', 'a')]);
  expect(new Selection(undefined).of(other)).toBe(other);
});

describe('a delivery with a match', () => {
  const journal = new FakeJournal();
  const sink = new FakeSink();
  let scope: Scope;
  const failures: unknown[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    scope = Scope.root('test', (error) => failures.push(error));
  });
  afterEach(async () => {
    await scope.close();
    vi.useRealTimers();
    expect(failures).toEqual([]);
  });

  test('passes over the rest, counts it, and tells a sink with its own cursor how far that was', async () => {
    const delivery = new Delivery({ journal, sink, match: prod, log: silentLogger, health: new Health() });
    journal.commitLines(0, [line('dev', 'a'), line('prod', 'b'), line('dev', 'c')]);
    journal.commitLines(1, [line('dev', 'd')]);
    void scope.run('delivery', () => delivery.run(scope));
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.delivered).toEqual([0]);
    expect(delivery.stats).toMatchObject({ linesDelivered: 1, linesPassedOver: 3, linesPending: 0 });

    sink.retained = sink.cursors[0];
    await vi.advanceTimersByTimeAsync(10_000);
    journal.commitLines(2, [line('dev', 'e')]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.cursors.at(-1)?.[2]).toBe(3);
    const told = sink.cursors.length;
    journal.commitLines(2, [line('dev', 'f')]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.cursors).toHaveLength(told);
    expect(sink.delivered).toEqual([0]);
    expect(journal.advances.at(-1)?.delivered[2]).toBe(4);
    expect(delivery.stats).toMatchObject({ linesDelivered: 1, linesPassedOver: 5 });
  });

  test('block by block, each is counted as it goes, with what was passed over before it', async () => {
    const own = new FakeSink();
    const other = new FakeJournal();
    const log = silentLogger;
    const delivery = new Delivery({ journal: other, sink: own, match: prod, log, health: new Health() });
    let release = (): void => undefined;
    own.before = (blocks) => {
      if (blocks.length > 1) throw new AgentError('JOURNAL_DAMAGED', 'One of them is damaged.');
      if (blocks[0].lsn < 3) return undefined;
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    other.commitLines(0, [line('dev', 'a')]);
    other.commitLines(0, [line('dev', 'b'), line('prod', 'c')]);
    other.commitLines(0, [line('dev', 'd'), line('dev', 'e'), line('prod', 'f'), line('prod', 'g')]);
    other.commitLines(0, [line('prod', 'h'), line('dev', 'i')]);
    void scope.run('delivery', () => delivery.run(scope));
    await vi.advanceTimersByTimeAsync(0);
    expect(other.advances.at(-1)?.delivered[0]).toBe(3);
    expect(delivery.stats).toMatchObject({ linesDelivered: 3, linesPassedOver: 4 });
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(delivery.stats).toMatchObject({ linesDelivered: 4, linesPassedOver: 5 });
  });

  test('a block that must be divided and cannot be decoded is a gap, and only that one', async () => {
    const own = new FakeSink();
    const other = new FakeJournal();
    const delivery = new Delivery({
      journal: other,
      sink: own,
      match: prod,
      log: silentLogger,
      health: new Health(),
    });
    other.commitLines(0, [line('dev', 'a'), line('prod', 'b')]);
    Object.assign(other.blocks[0], { payload: Buffer.of(255) });
    other.commitLines(0, [line('prod', 'c')]);
    void scope.run('delivery', () => delivery.run(scope));
    await vi.advanceTimersByTimeAsync(0);
    expect(own.delivered).toEqual([1]);
    expect(delivery.stats).toMatchObject({
      linesDelivered: 1,
      linesPassedOver: 0,
      linesLost: { damaged: 2 },
    });
  });
});
