import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { deliver, deliverOnce, openSink, withLoki } from './testing/test-sink.js';

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
      const blocks = [block([line(A, 'a1')]), block([line(B, 'b1'), line(A, 'a2')])];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_LIMITED' });
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(Date.now() + 6 * 60_000);
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
    [200, 'SINK_REFUSED', false],
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

/** What happens to a delivery. */
type Trouble = 'none' | '429' | '500' | '502' | 'stored 500' | 'stored cut';

const streams: Labels[] = ['a', 'b', 'c'].flatMap((container) =>
  ['stdout', 'stderr'].map((stream) => ({ container, stream })),
);

const anyLine = fc.record({
  stream: fc.nat(streams.length - 1),
  // Minutes before now, away from the limits, whose last second belongs to nobody.
  age: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 2, arbitrary: fc.constantFrom(20, 45, 58, 62, 100, 500) },
    { weight: 1, arbitrary: fc.constantFrom(8 * 1440, -30) },
  ),
  long: fc.constantFrom(0, 0, 0, 0, 0, 0, 900, 1_500),
});

const anyDelivery = fc.record({
  blocks: fc.array(fc.array(anyLine, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 4 }),
  troubles: fc.array(fc.constantFrom<Trouble>('none', 'none', '429', '500', '502'), { maxLength: 4 }),
});

interface Model {
  stored: Map<string, string[]>;
  newest: Map<string, number>;
  rejected: Record<string, number>;
}

/** Loki's rules, said a second time. */
function judgeLine(
  model: Model,
  labels: Labels,
  text: string,
  age: number,
  size: number,
  limit: number,
): void {
  const key = `${labels['container']} ${labels['stream']}`;
  const reject = (reason: string): void => {
    model.rejected[reason] = (model.rejected[reason] ?? 0) + 1;
  };
  if (age >= 7 * 1440) return reject('too_old');
  if (age <= -10) return reject('too_new');
  if (size > limit) return reject('line_too_long');
  const newest = model.newest.get(key) ?? Number.POSITIVE_INFINITY;
  if (age > newest + 60) return reject('too_far_behind');
  model.newest.set(key, Math.min(newest, age));
  model.stored.set(key, [...(model.stored.get(key) ?? []), text]);
}

async function runModel(
  deliveries: readonly {
    blocks: (typeof anyLine extends fc.Arbitrary<infer L> ? L : never)[][];
    troubles: Trouble[];
  }[],
  lokiLineBytes: number,
): Promise<{
  model: Model;
  actual: Map<string, string[]>;
  delivered: number;
  rejected: Record<string, number>;
  repeated: number;
}> {
  const model: Model = { stored: new Map(), newest: new Map(), rejected: {} };
  const outcome = { delivered: 0, rejected: {} as Record<string, number> };
  const actual = new Map<string, string[]>();
  const base = now();
  let repeated = 0;
  let count = 0;
  await withLoki(
    { limits: { maxLineBytes: lokiLineBytes } },
    { maxLineBytes: 1_000 },
    async ({ sink, loki }) => {
      for (const { blocks, troubles } of deliveries) {
        const made = blocks.map((lines) =>
          block(
            lines.map(({ stream, age, long }) => ({
              labels: streams[stream],
              text: `${count++} ${'x'.repeat(long)}`,
              seconds: base - age * MINUTE,
              nanos: count % 1_000_000_000,
            })),
          ),
        );
        count -= blocks.flat().length;
        for (const lines of blocks) {
          // A block holds its lines by stream.
          const ids = lines.map(() => count++);
          for (const wanted of new Set(lines.map(({ stream }) => stream))) {
            for (const [i, { stream, age, long }] of lines.entries()) {
              if (stream !== wanted) continue;
              const text = `${ids[i]} ${'x'.repeat(long)}`;
              const size = Math.min(text.length, 1_000);
              const shown = text.length > 1_000 ? String(ids[i]) : text;
              judgeLine(model, streams[stream], shown, age, size, lokiLineBytes);
            }
          }
        }
        for (const trouble of troubles) {
          if (trouble === '429')
            loki.fail(
              1,
              429,
              'Ingestion rate limit exceeded for user fake (limit: 400000000 bytes/sec) while',
            );
          else if (trouble === '500' || trouble === '502')
            loki.fail(1, Number(trouble), '<html>bad gateway</html>');
          else if (trouble === 'stored 500') loki.failAfterStoring(1);
          else if (trouble === 'stored cut') loki.cutAfterStoring(1);
        }
        const result = await deliver(sink, made);
        outcome.delivered += result.delivered;
        for (const [reason, lines] of result.rejected)
          outcome.rejected[reason] = (outcome.rejected[reason] ?? 0) + lines;
      }
      for (const { labels, entries } of loki.streams()) {
        const lines = entries.map(({ line }) => line.toString().replace(/ x+…\[cut: \d+ bytes\]$/, ''));
        actual.set(`${labels['container']} ${labels['stream']}`, lines);
      }
      repeated = loki.ledger.repeated;
    },
  );
  return { model, actual, ...outcome, repeated };
}

/** Where lines of a request are too far behind, Loki says how many more it refused, and not why. */
function asTold({
  too_new = 0,
  line_too_long = 0,
  other = 0,
  ...rest
}: Record<string, number>): Record<string, number> {
  return { ...rest, other: too_new + line_too_long + other };
}

describe('whatever lines come, and whatever Loki answers', () => {
  test('what is delivered is there, once, in order, and the rest is counted by its reason', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDelivery, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(800, 2_000),
        async (deliveries, limit) => {
          const { model, actual, delivered, rejected } = await runModel(deliveries, limit);
          expect(actual).toEqual(model.stored);
          expect(asTold(rejected)).toEqual(asTold(model.rejected));
          expect(delivered).toBe([...model.stored.values()].flat().length);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('nothing is missing either where Loki stores and yet fails', async () => {
    const anyTrouble = fc.constantFrom<Trouble>('none', '429', 'stored 500', 'stored cut');
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          anyDelivery.chain((d) =>
            fc.array(anyTrouble, { maxLength: 4 }).map((troubles) => ({ ...d, troubles })),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        async (deliveries) => {
          const { model, actual, delivered, rejected } = await runModel(deliveries, 2_000);
          expect(actual).toEqual(model.stored);
          const sum = (counts: Record<string, number>): number =>
            Object.values(counts).reduce((a, b) => a + b, 0);
          // What was stored in silence may be refused as too far behind when it comes again: delivered may be too small, never too large.
          expect(delivered + sum(rejected)).toBe(deliveries.flatMap(({ blocks }) => blocks.flat()).length);
          expect(sum(rejected)).toBeGreaterThanOrEqual(sum(model.rejected));
        },
      ),
      { numRuns: 30 },
    );
  });
});
