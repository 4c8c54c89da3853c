import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompress } from 'snappyjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { deliver, deliverOnce } from '../http/testing/sink-kit.js';
import { openSink, withLoki } from './testing/test-sink.js';

const MINUTE = 60;
const now = (): number => Math.floor(Date.now() / 1000);
const A = { container: 'a', stream: 'stdout' };
const B = { container: 'b', stream: 'stdout' };

afterEach(() => {
  vi.useRealTimers();
});

let lsn = 0;
function block(lines: readonly BlockLine[], lane = 0): Block {
  return blockOf(lines, { lsn: lsn++, lane });
}

function line(labels: Labels, text: string, ageSeconds = 0): BlockLine {
  return { labels, text, seconds: now() - ageSeconds };
}

function rejected(result: { rejected: ReadonlyMap<string, number> }): Record<string, number> {
  return Object.fromEntries(result.rejected);
}

describe('the Loki sink', () => {
  test('merges blocks into one request, in order', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'a0')]), block([line(B, 'b0')])]);
      const before = loki.requests.length;
      const blocks = [block([line(A, 'a1'), line(B, 'b1')]), block([line(B, 'b2'), line(A, 'a2')])];
      expect(await deliver(sink, blocks)).toEqual({ delivered: 4, rejected: new Map() });
      expect(loki.requests.length).toBe(before + 1);
      expect(loki.lines({ container: 'a' })).toEqual(['a0', 'a1', 'a2']);
      expect(loki.lines({ container: 'b' })).toEqual(['b0', 'b1', 'b2']);
    }));

  test('loses nothing unnoticed of a stream that is too far behind, in the company of a good one', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'a-new'), line(B, 'b-new')])]);
      const result = await deliver(sink, [
        block([line(A, 'a-late-1', 90 * MINUTE), line(A, 'a-late-2', 89 * MINUTE), line(B, 'b-next')]),
      ]);
      expect(result.delivered).toBe(1);
      expect(rejected(result)).toEqual({ too_far_behind: 2 });
      expect(loki.lines()).toEqual(['a-new', 'b-new', 'b-next']);
    }));

  test('knows nothing after a restart, and still loses nothing unnoticed', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'a-new'), line(B, 'b-new')])]);
      const again = await openSink({ url: loki.url });
      try {
        const result = await deliver(again.sink, [
          block([line(A, 'a-late', 90 * MINUTE), line(A, 'a-next'), line(B, 'b-next')]),
        ]);
        expect(result.delivered).toBe(2);
        expect(rejected(result)).toEqual({ too_far_behind: 1 });
        expect(loki.lines()).toEqual(['a-new', 'a-next', 'b-new', 'b-next']);
      } finally {
        await again.close();
      }
    }));

  test('holds a stream too many until there is room, and says nothing is delivered', () =>
    withLoki({ limits: { maxStreams: 1 } }, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'a1')])]);
      await expect(deliverOnce(sink, [block([line(B, 'b1'), line(A, 'a2')])])).rejects.toMatchObject({
        code: 'SINK_LIMITED',
        retryable: true,
      });
      expect(loki.lines({ container: 'b' })).toEqual([]);
    }));

  test('gives up lines of a stream too many after minutes, so that others are not held up for ever', () =>
    withLoki({ limits: { maxStreams: 1 } }, {}, async ({ sink, loki }) => {
      vi.useFakeTimers({ toFake: ['Date', 'performance'] });
      const blocks = [block([line(A, 'a1')]), block([line(B, 'b1'), line(A, 'a2')])];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
      vi.advanceTimersByTime(6 * 60_000);
      const result = await deliverOnce(sink, blocks);
      expect(result.delivered).toBe(2);
      expect(rejected(result)).toEqual({ stream_limit: 1 });
      expect(loki.lines()).toEqual(['a1', 'a2']);
    }));

  test('leaves out what is too old and cuts what is too long', () =>
    withLoki({}, { maxLineBytes: 1_000 }, async ({ sink, loki }) => {
      const lines = [line(A, 'old', 8 * 86_400), line(A, 'ü'.repeat(1_000)), line(B, 'b')];
      const result = await deliver(sink, [block(lines)]);
      expect(result.delivered).toBe(2);
      expect(rejected(result)).toEqual({ too_old: 1 });
      expect(loki.lines({ container: 'b' })).toEqual(['b']);
      const [cut] = loki.lines({ container: 'a' });
      const [, kept, missing] = /^(ü+)…\[cut: (\d+) bytes\]$/.exec(cut) ?? [];
      expect(Buffer.byteLength(kept) + Number(missing)).toBe(2_000);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1_000);
      expect(Buffer.byteLength(cut)).toBeGreaterThan(990);
    }));

  test('counts to the line what Loki refuses by stricter limits', () =>
    withLoki({ limits: { maxLineBytes: 500, rejectOlderMs: 3_600_000 } }, {}, async ({ sink, loki }) => {
      const lines = Array.from({ length: 50 }, (_, i) =>
        line(A, i % 7 === 3 ? `${i} ${'x'.repeat(600)}` : String(i), i % 10 === 0 ? 7_200 : 0),
      );
      const result = await deliver(sink, [block([...lines, line(B, 'b')])]);
      expect(rejected(result)).toEqual({ too_old: 5, line_too_long: 6 });
      expect(result.delivered).toBe(40);
      expect(new Set(loki.lines({ container: 'a' }))).toEqual(
        new Set(lines.filter((_, i) => i % 10 !== 0 && i % 7 !== 3).map(({ text }) => text)),
      );
    }));

  test('counts the one line that is refused without a count', () =>
    withLoki({ limits: { maxLineBytes: 500 } }, {}, async ({ sink, loki }) => {
      const lines = Array.from({ length: 40 }, (_, i) => line(A, `${i} ${'x'.repeat(i === 29 ? 600 : 1)}`));
      const result = await deliver(sink, [block(lines)]);
      expect(rejected(result)).toEqual({ line_too_long: 1 });
      expect(result.delivered).toBe(39);
      expect(new Set(loki.lines())).toEqual(
        new Set(lines.map(({ text }) => text).filter((_, i) => i !== 29)),
      );
    }));

  test('divides what is more than Loki takes at once', () =>
    withLoki({ limits: { maxMessageBytes: 20_000 } }, {}, async ({ sink, loki }) => {
      const lines = Array.from({ length: 300 }, (_, i) => line(A, `${i} ${'y'.repeat(100)}`));
      const result = await deliver(sink, [block(lines.slice(0, 200)), block(lines.slice(200))]);
      expect(result).toEqual({ delivered: 300, rejected: new Map() });
      expect(loki.lines()).toEqual(lines.map(({ text }) => text));
      const huge = await deliver(sink, [block([line(A, 'z'.repeat(30_000))])]);
      expect(rejected(huge)).toEqual({ too_large: 1 });
    }));

  test('sends no line again that was acknowledged, when a later request of the delivery fails', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      const blocks = [block([line(A, 'a'), line(B, 'b')])];
      loki.fail(1, 502);
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
      const first = loki.requests.length;
      expect(await deliver(sink, [...blocks, block([line(A, 'a2')])])).toMatchObject({ delivered: 3 });
      expect(loki.ledger.taken).toBe(3);
      expect(loki.ledger.repeated).toBe(0);
      expect(loki.requests.length).toBe(first + 3);
    }));

  describe('with many streams that it does not know', () => {
    const streamsOf = (count: number): BlockLine[] =>
      Array.from({ length: count }, (_, i) => line({ container: `c${i}` }, `line ${i}`));

    test('has requests of four of them on their way, once Loki took one', () =>
      withLoki({}, {}, async ({ sink, loki }) => {
        let answers = 0;
        const blocks = [block(streamsOf(10))];
        loki.hang();
        const delivery = sink.deliver(blocks, [], new AbortController().signal, () => {
          if (answers++ === 0) loki.hang();
        });
        await loki.until(() => loki.requests.length === 1, 5_000);
        loki.resume();
        await loki.until(() => loki.requests.length === 5, 5_000);
        loki.resume();
        expect(await delivery).toEqual({ delivered: 10, rejected: new Map() });
        expect(answers).toBe(10);
        expect(loki.maxInFlight).toBe(4);
        expect(loki.requests.map(({ streams }) => streams)).toEqual(Array(10).fill(1));
        expect(new Set(loki.lines())).toEqual(new Set(streamsOf(10).map(({ text }) => text)));
      }));

    test('asks with one request after a failure, and remembers what others took beside the one that failed', () =>
      withLoki({}, {}, async ({ sink, loki }) => {
        const blocks = [block(streamsOf(6))];
        const taken: number[] = [];
        const attempt = (): Promise<unknown> =>
          sink.deliver(blocks, [], new AbortController().signal, () => {
            taken.push(loki.requests.length);
            if (taken.length === 1) loki.fail(1, 502);
          });
        loki.fail(1, 503);
        await expect(attempt()).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
        expect([loki.requests.length, taken]).toEqual([1, []]);
        // One alone, then four, of which one fails.
        await expect(attempt()).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
        expect([loki.requests.length, taken.length]).toEqual([6, 4]);
        loki.fail(1, 503);
        await expect(attempt()).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
        expect([loki.requests.length, taken.length]).toEqual([7, 4]);
        expect(await attempt()).toEqual({ delivered: 6, rejected: new Map() });
        expect(new Set(loki.lines())).toEqual(new Set(streamsOf(6).map(({ text }) => text)));
        expect([loki.ledger.taken, loki.ledger.repeated]).toEqual([6, 0]);
      }));

    test('told to end in the middle leaves nothing on its way, and takes nothing for delivered', () =>
      withLoki({}, { timeoutMs: 60_000 }, async ({ sink, loki, statuses }) => {
        const blocks = [block(streamsOf(8))];
        const stop = new AbortController();
        const delivery = sink.deliver(blocks, [], stop.signal, () => loki.hang());
        await loki.until(() => loki.requests.length === 5, 5_000);
        stop.abort();
        await expect(delivery).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
        expect(statuses).toEqual([204, 'error', 'error', 'error', 'error']);
        expect(loki.count()).toBe(1);
        loki.resume();
        expect(await deliver(sink, blocks)).toEqual({ delivered: 8, rejected: new Map() });
        expect(new Set(loki.lines())).toEqual(new Set(streamsOf(8).map(({ text }) => text)));
        // Loki may have stored what was on its way.
        expect(loki.ledger.repeated).toBeLessThanOrEqual(4);
        expect(loki.requests.length).toBe(5 + 7);
      }));

    test('does not take it for taken that everything is refused', () =>
      withLoki({}, {}, async ({ sink, loki }) => {
        let taken = 0;
        loki.fail(500, 400, 'Client sent an HTTP request to an HTTPS server.');
        const delivery = sink.deliver([block(streamsOf(5))], [], new AbortController().signal, () => taken++);
        await expect(delivery).rejects.toMatchObject({ code: 'SINK_REFUSED' });
        expect(taken).toBe(0);
      }));
  });

  test.each([
    [401, 'SINK_REFUSED', false],
    [403, 'SINK_REFUSED', false],
    [404, 'SINK_REFUSED', false],
    [307, 'SINK_REFUSED', false],
    [260, 'SINK_REFUSED', false],
    [200, 'SINK_TROUBLE', true],
    [400, 'SINK_REFUSED', false],
    [429, 'SINK_LIMITED', true],
    [500, 'SINK_TROUBLE', true],
    [503, 'SINK_TROUBLE', true],
  ])('takes %d for %s', (status, code, retryable) =>
    withLoki({}, {}, async ({ sink, loki }) => {
      loki.fail(30, status, '<html>no</html>', { 'retry-after': '7' });
      const answer = deliverOnce(sink, [block([line(A, 'a')])]);
      await expect(answer).rejects.toMatchObject({
        code,
        retryable,
        ...(retryable ? { retryAfterMs: 7_000 } : {}),
      });
      expect(loki.ledger.taken).toBe(0);
    }),
  );

  test('calls Loki unreachable that is not there, or does not answer in time', () =>
    withLoki({}, { timeoutMs: 100 }, async ({ sink, loki, statuses }) => {
      const blocks = [block([line(A, 'a')])];
      loki.hang();
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({
        code: 'SINK_UNREACHABLE',
        retryable: true,
      });
      await loki.die();
      await expect(deliverOnce(sink, blocks)).rejects.toThrow(
        /127\.0\.0\.1:\d+\/loki\/api\/v1\/push cannot be reached/,
      );
      expect(statuses).toEqual(['error', 'error']);
      loki.resume();
      await loki.revive();
      expect(await deliver(sink, blocks)).toMatchObject({ delivered: 1 });
    }));

  test('ends at once when it is told to', () =>
    withLoki({}, { timeoutMs: 60_000 }, async ({ sink, loki }) => {
      loki.hang();
      const stop = new AbortController();
      const delivery = sink.deliver([block([line(A, 'a')])], [], stop.signal);
      await loki.until(() => loki.requests.length === 1, 5_000);
      stop.abort();
      await expect(delivery).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
    }));

  test('gives each tenant its own lines, and the default tenant those of none', () =>
    withLoki({ multiTenant: true }, { tenant: 'rest', tenantLabel: 'team' }, async ({ sink, loki }) => {
      const teams = ['red', 'blue', 'no\nname', undefined];
      const lines = teams.map((team) => line({ ...A, ...(team === undefined ? {} : { team }) }, `${team}`));
      expect(await deliver(sink, [block(lines)])).toMatchObject({ delivered: 4 });
      const byTenant = loki.streams().map(({ tenant, entries }) => [tenant, entries[0].line.toString()]);
      expect(byTenant.sort()).toEqual([
        ['blue', 'blue'],
        ['red', 'red'],
        ['rest', 'no\nname'],
        ['rest', 'undefined'],
      ]);
    }));

  test('takes the folder or the endpoint as its address', async () => {
    await withLoki({}, {}, async ({ loki }) => {
      for (const path of ['', '/', '/loki/api/v1/push']) {
        const { sink, close } = await openSink({ url: `${loki.url}${path}` });
        expect(await deliver(sink, [block([line(A, path)])])).toMatchObject({ delivered: 1 });
        await close();
      }
      const wrong = await openSink({ url: `${loki.url}/grafana` });
      await expect(deliver(wrong.sink, [block([line(A, 'x')])])).rejects.toThrow(
        /grafana\/loki\/api\/v1\/push answered 404/,
      );
      await wrong.close();
    });
    await expect(openSink({ url: 'loki:3100' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('finds the line that is refused for no known reason, once other lines are seen to be taken', async () => {
    const taken: string[] = [];
    const server = http.createServer((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        const body = Buffer.from(uncompress(Buffer.concat(chunks)));
        const isRefused = body.includes('poison');
        if (!isRefused) taken.push(...(body.toString('latin1').match(/n\d+/g) ?? []));
        response.writeHead(isRefused ? 400 : 204).end(isRefused ? 'no such thing, ever' : undefined);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { sink, close } = await openSink({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    const poison = block([line(A, 'poison')], 1);
    await expect(deliverOnce(sink, [poison])).rejects.toMatchObject({ code: 'SINK_REFUSED' });
    const lines = Array.from({ length: 30 }, (_, i) => line(i % 3 ? A : B, i === 17 ? 'poison' : `n${i}`));
    const result = await deliver(sink, [block(lines)]);
    expect(result.delivered).toBe(29);
    expect(rejected(result)).toEqual({ refused: 1 });
    expect(new Set(taken).size).toBe(29);
    expect(rejected(await deliver(sink, [poison]))).toEqual({ refused: 1 });
    await close();
    server.close();
  });

  test('refuses to call lines rejected where everything is answered 400', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'before')])]);
      loki.fail(500, 400, 'Client sent an HTTP request to an HTTPS server.');
      const blocks = [block([line(A, 'a'), line(A, 'b'), line(B, 'c')])];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
    }));
});
