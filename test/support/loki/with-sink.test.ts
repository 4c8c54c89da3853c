/**
 * The agent's sink against the rule that hides a loss: a 204 says nothing of any stream but the last one. What the sink
 * counts as delivered must be what Loki has, whether it knew the streams before or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { LokiSinkConfig } from '../../../src/config/types.js';
import type { Block, Delivered } from '../../../src/pipeline/contract.js';
import { LANES } from '../../../src/pipeline/streams.js';
import { AgentError } from '../../../src/runtime/errors.js';
import { silentLogger } from '../../../src/runtime/log.js';
import { Scope } from '../../../src/runtime/scope.js';
import { createLokiSink } from '../../../src/sinks/loki/index.js';
import { type BlockLine, blockOf } from '../blocks.js';
import { type LokiReceiver, startLoki } from './receiver.js';

const HOUR = 3_600;
const RETRY_MS = 50;
const A = { container: 'a', stream: 'stdout' };
const B = { container: 'b', stream: 'stdout' };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startReceiver(options = {}): Promise<LokiReceiver> {
  const loki = await startLoki(options);
  cleanups.push(async () => loki.close());
  return loki;
}

/** A sink as after a start of the agent. */
async function openSink(loki: LokiReceiver): Promise<(...lines: BlockLine[]) => Promise<Delivered>> {
  const config: LokiSinkConfig = {
    type: 'loki',
    url: loki.url,
    timeoutMs: 10_000,
    batchWaitMs: 0,
    structuredMetadata: true,
    batchBytes: 1024 * 1024,
    maxLineBytes: 256 * 1024,
    maxAgeMs: 7 * 24 * HOUR * 1000,
  };
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const sink = createLokiSink('loki', config, { log: silentLogger });
  await sink.open(scope);
  cleanups.push(async () => {
    await sink.close();
    await scope.close();
  });
  const cursor = Array.from({ length: LANES }, () => 0);
  let lsn = 0;
  return async (...lines) => {
    const blocks: Block[] = [blockOf(lines, { lsn: lsn++ })];
    // The delivery of the agent does so: the same blocks until they are taken.
    for (;;) {
      try {
        return await sink.deliver(blocks, cursor, new AbortController().signal);
      } catch (error) {
        if (!(error instanceof AgentError && error.retryable)) throw error;
        await sleep(RETRY_MS);
      }
    }
  };
}

function sum(rejected: ReadonlyMap<string, number>): number {
  return [...rejected.values()].reduce((all, lines) => all + lines, 0);
}

const now = Math.floor(Date.now() / 1000);
const at = (labels: BlockLine['labels'], seconds: number, text: string): BlockLine => ({
  labels,
  seconds,
  text,
});

describe('two streams in one delivery, one of them too far behind', () => {
  for (const isRestarted of [false, true]) {
    for (const order of ['behind first', 'behind last'] as const) {
      it(`is told exactly: ${isRestarted ? 'by a sink that was just started' : 'by one that knows the stream'}, ${order}`, async () => {
        const loki = await startReceiver();
        let deliver = await openSink(loki);
        expect(await deliver(at(A, now, 'newest'), at(B, now, 'b1'))).toEqual({
          delivered: 2,
          rejected: new Map(),
        });
        if (isRestarted) deliver = await openSink(loki);
        const behind = [at(A, now - 2 * HOUR, 'behind'), at(A, now - 2 * HOUR + 1, 'behind too')];
        const good = [at(B, now + 1, 'b2'), at(B, now + 2, 'b3')];
        const { delivered, rejected } = await deliver(
          ...(order === 'behind first' ? [...behind, ...good] : [...good, ...behind]),
        );
        expect(loki.lines(A)).toEqual(['newest']);
        expect(loki.lines(B)).toEqual(['b1', 'b2', 'b3']);
        expect(delivered).toBe(2);
        expect(sum(rejected)).toBe(2);
      });
    }
  }

  it('counts what is half behind line by line', async () => {
    const loki = await startReceiver();
    const deliver = await openSink(loki);
    await deliver(at(A, now, 'newest'), at(B, now, 'b1'));
    const mixed = Array.from({ length: 40 }, (_, i) =>
      at(A, now - (i % 2 === 0 ? 2 * HOUR : 1) + i / 100, `m${i}`),
    );
    const lines = mixed.map(({ seconds = 0, ...line }, i) => ({
      ...line,
      seconds: Math.floor(seconds),
      nanos: i,
    }));
    const { delivered, rejected } = await deliver(...lines, at(B, now, 'b2'));
    expect(loki.count()).toBe(2 + 20 + 1);
    expect(delivered).toBe(21);
    expect(sum(rejected)).toBe(20);
  });
});

it('loses nothing to the rate of one stream in deliveries of several', async () => {
  // Nothing else is in the way: no rate of the tenant, and no shards that would divide the stream.
  const loki = await startReceiver({ limits: { ingestionRate: Infinity, shardRate: Infinity } });
  const deliver = await openSink(loki);
  const rounds = 24;
  for (let round = 0; round < rounds; round++) {
    const hot = Array.from({ length: 5 }, (_, i) => ({
      ...at(A, now + round, `${round} ${i} `.padEnd(200_000, 'x')),
      nanos: i,
    }));
    expect(await deliver(...hot, at(B, now + round, 'b'))).toEqual({ delivered: 6, rejected: new Map() });
  }
  const expected = Array.from({ length: rounds * 5 }, (_, i) => `${Math.floor(i / 5)} ${i % 5} `);
  expect(loki.lines(A).map((line) => line.replace(/x+$/, ''))).toEqual(expected);
  expect(loki.lines(B)).toHaveLength(rounds);
});
