/** What the sink does where Loki limits: streams too many, rates of streams, requests at the same time of which some are limited. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import { type LokiReceiver, startLoki } from '../../../test/support/loki/receiver.js';
import type { Block, Delivered } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { deliver, deliverOnce } from '../http/testing/sink-kit.js';
import { openSink, reopened, withLoki } from './testing/test-sink.js';

const now = (): number => Math.floor(Date.now() / 1000);
const A = { container: 'a', stream: 'stdout' };
const B = { container: 'b', stream: 'stdout' };
const C = { container: 'c', stream: 'stdout' };

let lsn = 0;
const block = (lines: readonly BlockLine[], lane = 0): Block => blockOf(lines, { lsn: lsn++, lane });
const line = (labels: Labels, text: string): BlockLine => ({ labels, text, seconds: now() });
const bulk = (labels: Labels, name: string, lines: number, bytes: number): BlockLine[] =>
  Array.from({ length: lines }, (_, i) => line(labels, `${name}-${i} ${'x'.repeat(bytes)}`));

const fakeClock = (): unknown => vi.useFakeTimers({ toFake: ['Date', 'performance'] });

afterEach(() => {
  vi.useRealTimers();
});

describe('a stream too many', () => {
  test('is given up after minutes where a block names it twice', () =>
    withLoki({ limits: { maxStreams: 1 } }, {}, async ({ sink }) => {
      fakeClock();
      await deliver(sink, [block([line(A, 'a1')])]);
      const blocks = [reopened(B, lsn++)];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
      vi.advanceTimersByTime(6 * 60_000);
      const { delivered, rejected } = await deliverOnce(sink, blocks);
      expect([delivered, [...rejected]]).toEqual([0, [['stream_limit', 2]]]);
    }));

  test('is given up after minutes though streams that went alone are taken meanwhile', () =>
    withLoki({ limits: { maxStreams: 2 }, now: () => Date.now() }, {}, async ({ sink }) => {
      fakeClock();
      const blocks = [block([line(B, 'b1')])];
      for (const labels of [A, C]) await deliver(sink, [block([line(labels, 'first')], 1)]);
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
      vi.advanceTimersByTime(4 * 60_000);
      await deliver(sink, [block([line(A, 'second')], 1)]);
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
      vi.advanceTimersByTime(2 * 60_000);
      const { delivered, rejected } = await deliverOnce(sink, blocks);
      expect([delivered, [...rejected]]).toEqual([0, [['stream_limit', 1]]]);
    }));
});

describe('the rate of a stream', () => {
  test('below the usual is believed once Loki has told it: then nothing is lost in company', () => {
    const limits = { streamRate: 200_000, streamBurst: 400_000, ingestionRate: 1e9, ingestionBurst: 1e9 };
    fakeClock();
    return withLoki(
      { limits, now: () => Date.now() },
      { batchBytes: 3 * 1024 * 1024 },
      async ({ sink, loki }) => {
        const patiently = async (blocks: readonly Block[]): Promise<Delivered> => {
          for (let i = 0; i < 60; i++) {
            const result = await deliverOnce(sink, blocks).catch(() => undefined);
            if (result) return result;
            vi.advanceTimersByTime(500);
          }
          return expect.unreachable('never taken');
        };
        await deliver(sink, [block([line(A, 'a0')]), block([line(B, 'b0')])]);
        const alone = [block(bulk(A, 'p', 250, 1_000)), block(bulk(A, 'q', 250, 1_000))];
        await expect(deliverOnce(sink, alone)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
        expect(await patiently(alone)).toEqual({ delivered: 500, rejected: new Map() });
        const mixed = ['r', 's', 't'].map((name) =>
          block([...bulk(A, name, 250, 1_000), line(B, `b-${name}`)]),
        );
        expect(await patiently(mixed)).toEqual({ delivered: 753, rejected: new Map() });
        expect(loki.count({ container: 'a' })).toBe(1 + 500 + 750);
        expect(loki.lines({ container: 'b' })).toEqual(['b0', 'b-r', 'b-s', 'b-t']);
      },
    );
  });

  test('above the usual, proven by one tenant’s stream, is not believed of another’s', async () => {
    fakeClock();
    const options = { multiTenant: true, now: () => Date.now() };
    const rich = await startLoki({ ...options, limits: 'none' });
    const poor = await startLoki({ ...options, limits: { ingestionRate: 1e12, ingestionBurst: 1e12 } });
    const { url, close: closeFront } = await frontOf((tenant) => (tenant === 'rich' ? rich : poor));
    const { sink, close } = await openSink({ url, tenantLabel: 'team', batchBytes: 3 * 1024 * 1024 });
    try {
      const [R, P, Q] = [
        { ...A, team: 'rich' },
        { ...A, team: 'poor' },
        { ...B, team: 'poor' },
      ];
      await deliver(sink, [block([line(R, 'r0')], 1)]);
      await deliver(sink, [block([line(P, 'p0')]), block([line(Q, 'q0')])]);
      for (let n = 0; n < 20; n++) await deliver(sink, [block(bulk(R, `r${n}`, 10, 240_000), 1)]);
      let delivered = 2;
      for (let n = 0; n < 20; n++) {
        const mixed = [block([...bulk(P, `p${n}`, 8, 240_000), line(Q, `q${n}`)])];
        const result = await deliverOnce(sink, mixed).catch(() => undefined);
        if (!result) break;
        delivered += result.delivered;
      }
      expect(delivered).toBeGreaterThan(20);
      expect(poor.count()).toBeGreaterThanOrEqual(delivered);
    } finally {
      await close();
      await closeFront();
      await rich.close();
      await poor.close();
    }
  });
});

/** Two Lokis behind one address. */
async function frontOf(
  choose: (tenant: string | undefined) => LokiReceiver,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    const to = choose(request.headers['x-scope-orgid'] as string | undefined).url;
    const options = { method: 'POST', headers: request.headers };
    const forward = http.request(`${to}${request.url}`, options, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

test('a limit of one request does not hide what another met at the same time', async () => {
  await withLoki({}, {}, async ({ sink, loki }) => {
    const streams = Array.from({ length: 5 }, (_, i) => line({ container: `c${i}` }, `line ${i}`));
    let taken = 0;
    const delivery = sink.deliver([block(streams)], [], new AbortController().signal, () => {
      if (taken++ > 0) return;
      loki.fail(1, 429, 'Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while');
      loki.fail(1, 500, 'broken');
      loki.fail(1, 429, 'no more');
      loki.fail(1, 403, 'go away');
    });
    await expect(delivery).rejects.toMatchObject({ code: 'SINK_REFUSED' });
  });
});

test('a limit is told with the reason that Loki gives', async () => {
  await withLoki({}, {}, async ({ sink, loki }) => {
    loki.fail(1, 429, 'Ingestion rate limit exceeded for user fake\u001b[2J\nand more');
    await expect(deliverOnce(sink, [block([line(A, 'a')])])).rejects.toThrow(
      /takes no more at present \(429: Ingestion rate limit exceeded for user fake\?\[2J\)\.$/,
    );
  });
});
