import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Sink } from '../../pipeline/contract.js';
import { silentLogger } from '../../runtime/log.js';
import {
  anyDeliveries,
  anyDeliveriesTwice,
  block,
  deliver,
  deliverAll,
  deliverOnce,
  REQUEST_CONFIG,
  readable,
  refusedTexts,
  without,
  withServer,
} from '../http/testing/sink-kit.js';
import { createElasticsearchSink } from './index.js';
import { Cluster, type Doc } from './testing/cluster.js';

const make = (url: string, config = {}): Sink =>
  createElasticsearchSink(
    'es',
    { type: 'elasticsearch', url, index: 'logs-docker-default', ...REQUEST_CONFIG, ...config },
    { log: silentLogger },
  );
const line = (text: string): BlockLine => ({ labels: { container: 'web' }, text });
const lines = (from: number, to: number): BlockLine[] =>
  Array.from({ length: to - from }, (_, i) => line(`line ${from + i}`));
const messages = ({ docs }: Cluster): string[] => [...docs.values()].map(({ message }) => message);

const EXPECTED_TIME = ({ seconds = 0, nanos = 0 }: BlockLine): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', `.${String(nanos).padStart(9, '0')}Z`);

function docOf(given: BlockLine): Omit<Doc, 'log.level'> {
  const { labels, text, fields = {} } = given;
  return {
    '@timestamp': EXPECTED_TIME(given),
    message: readable(text),
    'container.name': labels['container'],
    'host.name': 'h1',
    'log.iostream': labels['stream'],
    labels: { team: 'a\nb' },
    ...(Object.keys(fields).length > 0 ? { fields: Object.fromEntries(Object.entries(fields)) } : {}),
  };
}

describe('whatever the lines are, and whatever the server answers', () => {
  test.each([
    ['where what fails is not stored', anyDeliveries],
    ['where it may be stored all the same', anyDeliveriesTwice],
  ])('they are there, once, %s', async (_, deliveries) => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (deliveries) => {
        const cluster = new Cluster();
        await withServer(cluster.answer, make, async (opened) => {
          const { lines, results } = await deliverAll(opened, deliveries);
          const docs = [...cluster.docs.values()].map((doc) => without(doc, 'log.level'));
          expect(docs).toEqual(lines.map(docOf));
          expect(results.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(lines.length);
        });
      }),
      { numRuns: 15 },
    );
  });

  test('nor twice after a kill: another sink that is given the same blocks adds nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(3), async (before, again) => {
        const cluster = new Cluster();
        // The journal gives what it gave before, also divided into other deliveries.
        const blocks = [0, 1, 2, 3].map((i) => blockOf(lines(3 * i, 3 * i + 3), { lsn: 1_000 + i }));
        for (const some of [blocks.slice(0, before + 1), blocks.slice(0, again + 1), blocks])
          await withServer(cluster.answer, make, async ({ sink }) => {
            expect((await deliver(sink, some)).delivered).toBe(3 * some.length);
          });
        expect(messages(cluster)).toEqual(lines(0, 12).map(({ text }) => text));
        expect(cluster.conflicts).toBe(3 * (Math.min(before, again) + 1 + Math.max(before, again) + 1));
      }),
      { numRuns: 8 },
    );
  });

  test('equal lines are two lines, in one block and in two', async () => {
    const cluster = new Cluster();
    const twice = [line('same'), line('same')];
    await withServer(cluster.answer, make, async ({ sink }) => {
      await deliver(sink, [blockOf(twice, { lsn: 1 }), blockOf(twice, { lsn: 2 })]);
    });
    expect(messages(cluster)).toEqual(['same', 'same', 'same', 'same']);
  });
});

test('the level is told, by the field, the label or the line', async () => {
  const cluster = new Cluster();
  await withServer(cluster.answer, make, async ({ sink }) => {
    const labels = { container: 'web' };
    await deliver(sink, [
      block([
        { labels, text: 'x', fields: { level: 'warn' } },
        { labels, text: 'ERROR x' },
        { labels, text: 'x' },
      ]),
    ]);
  });
  expect([...cluster.docs.values()].map((doc) => doc['log.level'])).toEqual(['warn', 'error', undefined]);
});

describe('an answer by document', () => {
  test('that says not now has only those sent again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(19), { maxLength: 8 }),
        fc.uniqueArray(fc.nat(19), { maxLength: 4 }),
        fc.constantFrom(429, 503),
        async (later, bad, status) => {
          const cluster = new Cluster();
          const waiting = new Set(later.map((i) => `line ${i}`));
          const never = new Set(bad.map((i) => `line ${i}`));
          cluster.fails = ({ message }) => {
            if (waiting.delete(message))
              return { status, type: 'es_rejected_execution_exception', reason: 'full' };
            if (!never.has(message)) return undefined;
            return { status: 400, type: 'document_parsing_exception', reason: `no ${message}` };
          };
          await withServer(cluster.answer, make, async ({ sink }) => {
            const result = await deliver(sink, [block(lines(0, 10)), block(lines(10, 20))]);
            const wanted = lines(0, 20).map(({ text }) => String(text));
            expect(messages(cluster).toSorted()).toEqual(
              wanted.filter((text) => !never.has(text)).toSorted(),
            );
            expect(refusedTexts(result).toSorted()).toEqual(
              [...never].map((text) => ['refused', text]).toSorted(),
            );
            for (const { said } of result.refused ?? [])
              expect(said).toMatch(/^document_parsing_exception: no line/);
            expect([result.delivered, cluster.conflicts]).toEqual([20 - never.size, 0]);
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each([
    ['a closed index', { status: 403, type: 'cluster_block_exception', reason: 'read-only' }, 'SINK_REFUSED'],
    ['too many shards', { status: 400, type: 'validation_exception', reason: 'max shards' }, 'SINK_REFUSED'],
    ['a full queue', { status: 429, type: 'es_rejected_execution_exception', reason: 'q' }, 'SINK_LIMITED'],
    ['shards away', { status: 503, type: 'unavailable_shards_exception', reason: 's' }, 'SINK_TROUBLE'],
  ])('%s gives no line up, and is told', async (_, failure, code) => {
    const cluster = new Cluster();
    cluster.fails = () => failure;
    await withServer(cluster.answer, make, async ({ sink }) => {
      const blocks = [block(lines(0, 4))];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`${failure.type}: ${failure.reason}`) as string,
      });
      cluster.fails = () => undefined;
      expect((await deliverOnce(sink, blocks)).delivered).toBe(4);
    });
    expect(messages(cluster)).toEqual(lines(0, 4).map(({ text }) => text));
  });

  test('that blames some documents, and for others may mean the index, counts each line once', async () => {
    const cluster = new Cluster();
    let isFull = true;
    cluster.fails = ({ message }) => {
      if (/[05]$/.test(message)) return { status: 400, type: 'mapper_parsing_exception', reason: 'no' };
      return isFull ? { status: 400, type: 'validation_exception', reason: 'max shards' } : undefined;
    };
    await withServer(cluster.answer, make, async ({ sink }) => {
      const blocks = [block(lines(0, 4)), block(lines(4, 8))];
      for (let attempt = 0; attempt < 3; attempt++)
        await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
      isFull = false;
      const result = await deliverOnce(sink, blocks);
      expect([result.delivered, [...result.rejected]]).toEqual([6, [['refused', 2]]]);
      expect(refusedTexts(result)).toEqual([
        ['refused', 'line 0'],
        ['refused', 'line 5'],
      ]);
    });
    expect(messages(cluster)).toEqual([1, 2, 3, 4, 6, 7].map((i) => `line ${i}`));
  });

  test.each(['<html>', '{}', '{"items":[]}', '{"items":[{"create":{}}]}', '{"items":[null]}'])(
    'that is none is no success: %s',
    async (body) => {
      await withServer(
        () => ({ status: 200, body }),
        make,
        async ({ sink }) => {
          await expect(deliverOnce(sink, [block(lines(0, 1))])).rejects.toMatchObject({
            code: 'SINK_TROUBLE',
            retryable: true,
          });
        },
      );
    },
  );
});

test('logs in by a key', async () => {
  const cluster = new Cluster();
  await withServer(
    cluster.answer,
    (url) => make(url, { apiKey: 'abc==' }),
    async ({ sink, server }) => {
      await deliver(sink, [block(lines(0, 1))]);
      expect(server.asked[0].headers.authorization).toBe('ApiKey abc==');
    },
  );
});
