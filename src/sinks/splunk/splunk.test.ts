import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockLine } from '../../../test/support/blocks.js';
import type { SplunkSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { silentLogger } from '../../runtime/log.js';
import {
  anyDeliveries,
  block,
  deliver,
  deliverAll,
  deliverOnce,
  REQUEST_CONFIG,
  readable,
  without,
  withServer,
} from '../http/testing/sink-kit.js';
import { createSplunkSink } from './index.js';
import { Indexer } from './testing/indexer.js';

const make =
  (config: Partial<SplunkSinkConfig> = {}) =>
  (url: string): Sink =>
    createSplunkSink(
      'splunk',
      {
        type: 'splunk',
        url,
        token: 't0ken',
        acknowledge: false,
        acknowledgeTimeoutMs: 10_000,
        ...REQUEST_CONFIG,
        ...config,
      },
      { log: silentLogger },
    );
const lines = (...texts: string[]): BlockLine[] =>
  texts.map((text) => ({ labels: { container: 'web' }, text }));
const texts = ({ indexed }: Indexer): unknown[] => indexed.map(({ event }) => event);

test('whatever the lines are, and whatever the server answers, they are there, once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(anyDeliveries, async (deliveries) => {
      const indexer = new Indexer();
      await withServer(indexer.answer, make({ index: 'main' }), async (opened) => {
        const { lines, results } = await deliverAll(opened, deliveries);
        expect(indexer.indexed.map((event) => without(event, 'time'))).toEqual(
          lines.map(({ labels, text, fields = {} }) => {
            const line = readable(text);
            return {
              host: 'h1',
              source: labels['container'],
              index: 'main',
              event: line.trim() === '' ? { line } : line,
              fields: { ...labels, ...Object.fromEntries(Object.entries(fields)) },
            };
          }),
        );
        expect(indexer.times).toEqual(
          lines.map(({ seconds = 0, nanos = 0 }) => `${seconds}.${String(nanos).padStart(9, '0')}`),
        );
        expect(results.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(lines.length);
      });
    }),
    { numRuns: 15 },
  );
});

describe('acknowledgement', () => {
  test('is waited for: a 200 is not yet delivered', async () => {
    const indexer = new Indexer();
    indexer.acknowledges = true;
    await withServer(indexer.answer, make({ acknowledge: true }), async ({ sink, server }) => {
      const result = await deliver(sink, [block(lines('a', 'b'))]);
      expect([result.delivered, texts(indexer)]).toEqual([2, ['a', 'b']]);
      // Whether it may ask, the events, and what became of them: at least once "not yet".
      const paths = server.asked.map(({ path }) => path.replace(/\?.*/, '').replace(/.*\//, ''));
      expect(paths).toEqual(['ack', 'event', 'ack', 'ack']);
    });
  });

  test('is asked for again where a question gets lost: nothing is sent twice', async () => {
    const indexer = new Indexer();
    indexer.acknowledges = true;
    await withServer(indexer.answer, make({ acknowledge: true }), async ({ sink, server }) => {
      server.troubles.push('none', 'none', 'cut', '500', 'none');
      expect((await deliverOnce(sink, [block(lines('a', 'b'))])).delivered).toBe(2);
      expect(texts(indexer)).toEqual(['a', 'b']);
    });
  });

  test('that never comes has the lines sent again, and none is missing after a crash', async () => {
    const indexer = new Indexer();
    indexer.acknowledges = true;
    indexer.isStuck = true;
    await withServer(
      indexer.answer,
      make({ acknowledge: true, acknowledgeTimeoutMs: 150 }),
      async ({ sink }) => {
        const blocks = [block(lines('a', 'b'))];
        await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({
          code: 'SINK_TROUBLE',
          retryable: true,
          message: expect.stringMatching(/did not acknowledge lines within 0.15 s/) as string,
        });
        indexer.crash();
        indexer.isStuck = false;
        expect((await deliver(sink, blocks)).delivered).toBe(2);
        expect(texts(indexer)).toEqual(['a', 'b']);
      },
    );
  });

  test('that the token has switched off is told before a line is sent', async () => {
    const indexer = new Indexer();
    await withServer(indexer.answer, make({ acknowledge: true }), async ({ sink }) => {
      for (let attempt = 0; attempt < 3; attempt++)
        await expect(deliverOnce(sink, [block(lines('a'))])).rejects.toMatchObject({
          code: 'SINK_REFUSED',
          message: expect.stringMatching(/ACK is disabled/) as string,
        });
      expect(texts(indexer)).toEqual([]);
      indexer.acknowledges = true;
      expect((await deliver(sink, [block(lines('a'))])).delivered).toBe(1);
    });
  });

  test('is not asked for where nobody wants it, also of a token that has it', async () => {
    const indexer = new Indexer();
    indexer.acknowledges = true;
    await withServer(indexer.answer, make(), async ({ sink, server }) => {
      expect((await deliver(sink, [block(lines('a'))])).delivered).toBe(1);
      expect(server.asked.map(({ path }) => path)).toEqual(['/services/collector/event']);
    });
  });

  test('ends with the agent, and nothing counts as delivered', async () => {
    const indexer = new Indexer();
    indexer.acknowledges = true;
    indexer.isStuck = true;
    await withServer(indexer.answer, make({ acknowledge: true }), async ({ sink, server }) => {
      const stop = new AbortController();
      const delivering = sink.deliver([block(lines('a'))], [], stop.signal);
      const asksAgain = (): boolean => server.asked.length >= 3;
      while (!asksAgain()) await new Promise(setImmediate);
      stop.abort();
      await expect(delivering).rejects.toMatchObject({ retryable: true });
    });
  });
});

describe('trouble', () => {
  test.each([
    ['of the token', { token: 'other' }, /answered 403: .*Invalid token/],
    ['of the index', { index: 'forbidden' }, /answered 400: .*Incorrect index/],
  ])('%s is told, and no line is to blame', async (_, config, message) => {
    const indexer = new Indexer();
    await withServer(indexer.answer, make(config), async ({ sink, server }) => {
      await expect(deliverOnce(sink, [block(lines('a', 'b'))])).rejects.toMatchObject({
        code: 'SINK_REFUSED',
        message: expect.stringMatching(message) as string,
      });
      expect(server.asked.length).toBe(1);
    });
  });

  test.each(['', '<html>', '{}', '{"code":6}', 'null'])('a 200 with "%s" is no success', async (body) => {
    await withServer(
      () => ({ status: 200, body }),
      make(),
      async ({ sink }) => {
        await expect(deliverOnce(sink, [block(lines('a'))])).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
      },
    );
  });

  test('of an event is that of its line, once another one is taken', async () => {
    const answer = ({ body }: { body: Buffer }) =>
      body.includes('bad')
        ? { status: 400, body: '{"text":"Invalid data format","code":6,"invalid-event-number":0}' }
        : { status: 200, body: '{"text":"Success","code":0}' };
    await withServer(answer, make(), async ({ sink }) => {
      const { delivered, refused } = await deliver(sink, [block(lines('a', 'bad', 'b'))]);
      expect([delivered, refused?.map(({ rows }) => rows)]).toEqual([2, [[1]]]);
    });
  });
});

test.each(['', '/services/collector', '/services/collector/event', '/'])(
  'finds the collector at "%s"',
  async (path) => {
    const indexer = new Indexer();
    await withServer(
      indexer.answer,
      (url) => make()(url + path),
      async ({ sink }) => {
        expect((await deliver(sink, [block(lines('a'))])).delivered).toBe(1);
      },
    );
  },
);
