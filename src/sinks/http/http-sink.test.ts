/** The http sink, and what all sinks that make requests have in common: progress, division, rejection, errors. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockLine } from '../../../test/support/blocks.js';
import type { HttpSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { silentLogger } from '../../runtime/log.js';
import { createHttpSink } from './index.js';
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
  withServer,
} from './testing/sink-kit.js';
import type { Answered, Asked, Trouble } from './testing/stand-in.js';

interface Row {
  readonly time: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly line: string;
  readonly fields?: Readonly<Record<string, string>>;
}

const A = { container: 'a', stream: 'stdout' };
const line = (text: string): BlockLine => ({ labels: A, text });
const lines = (from: number, to: number): BlockLine[] =>
  Array.from({ length: to - from }, (_, i) => line(`line ${from + i}`));

const make =
  (config: Partial<HttpSinkConfig> = {}, log = silentLogger) =>
  (url: string): Sink =>
    createHttpSink(
      'out',
      { type: 'http', url: `${url}/in`, headers: {}, fields: true, ...REQUEST_CONFIG, ...config },
      { log },
    );

function rowsIn({ body }: Asked): Row[] {
  const text = body.toString();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((row) => JSON.parse(row) as Row);
}

/** Keeps what it is given. */
function keeping(stored: Row[]): (asked: Asked) => Answered {
  return (asked) => {
    if (asked.headers['content-type'] !== 'application/x-ndjson') return { status: 415 };
    stored.push(...rowsIn(asked));
    return { status: 202, body: 'queued' };
  };
}

/** Refuses requests with a line that it does not want, and stores nothing of them. */
function picky(stored: string[], isBad: (text: string) => boolean, status = 400): (asked: Asked) => Answered {
  return (asked) => {
    const texts = rowsIn(asked).map(({ line }) => line);
    const bad = texts.find(isBad);
    if (bad !== undefined) return { status, body: `will not have ${bad}` };
    stored.push(...texts);
    return { status: 204 };
  };
}

const nanosOf = ({ seconds = 0, nanos = 0 }: BlockLine): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;

const rowOf = (given: BlockLine): Row => {
  const fields = Object.fromEntries(Object.entries(given.fields ?? {}));
  return {
    time: nanosOf(given),
    labels: given.labels,
    line: readable(given.text),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
};

describe('whatever the lines are, and whatever the server answers', () => {
  test('they are there, once, in order, as they were', async () => {
    await fc.assert(
      fc.asyncProperty(anyDeliveries, fc.boolean(), async (deliveries, gzip) => {
        const stored: Row[] = [];
        await withServer(keeping(stored), make({ gzip }), async (opened) => {
          const { lines, results } = await deliverAll(opened, deliveries);
          expect(stored).toEqual(lines.map(rowOf));
          expect(results.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(lines.length);
          expect(results.flatMap(({ rejected }) => [...rejected])).toEqual([]);
        });
      }),
      { numRuns: 20 },
    );
  });

  test('none is missing, and all are in order, where the server stores and yet fails', async () => {
    await fc.assert(
      fc.asyncProperty(anyDeliveriesTwice, async (deliveries) => {
        const requests: Row[][] = [];
        const answer = (asked: Asked): Answered => {
          requests.push(rowsIn(asked));
          return { status: 200 };
        };
        await withServer(answer, make(), async (opened) => {
          const { lines } = await deliverAll(opened, deliveries);
          // A request that is sent again is the same one.
          const once = requests.filter((rows, i) => JSON.stringify(rows) !== JSON.stringify(requests[i + 1]));
          expect(once.flat()).toEqual(lines.map(rowOf));
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('a request', () => {
  test('goes where it is told, with its headers and its login, compressed where that is wanted', async () => {
    const config = { headers: { 'X-Key': 'k', 'Content-Type': 'text/plain' }, username: 'u', password: 'p' };
    await withServer(
      () => ({ status: 200 }),
      make(config),
      async ({ sink, server }) => {
        await deliver(sink, [block([line('x')])]);
        expect(server.asked.map(({ path }) => path)).toEqual(['/in']);
        expect(server.asked[0].headers).toMatchObject({
          'x-key': 'k',
          'content-type': 'text/plain',
          'content-encoding': 'gzip',
          authorization: `Basic ${btoa('u:p')}`,
        });
      },
    );
  });

  test('says nothing of fields and hidden labels where they are not wanted', async () => {
    const stored: Row[] = [];
    await withServer(keeping(stored), make({ fields: false }), async ({ sink }) => {
      const labels = { ...A, __sinks__: 'out', __tenant__: 't' };
      await deliver(sink, [block([{ labels, text: 'x', fields: { status: '200' } }])]);
    });
    expect(stored).toEqual([{ time: '1970-01-01T00:00:00.000000000Z', labels: A, line: 'x' }]);
  });

  test('that is too large is divided, and none of that size is sent again', async () => {
    const stored: string[] = [];
    const sizes: number[] = [];
    const answer = (asked: Asked): Answered => {
      const texts = rowsIn(asked).map(({ line }) => line);
      sizes.push(texts.length);
      if (texts.length > 40) return { status: 413 };
      stored.push(...texts);
      return { status: 200 };
    };
    await withServer(answer, make(), async ({ sink }) => {
      const long = (from: number): BlockLine[] =>
        lines(from, from + 50).map(({ text, ...rest }) => ({
          ...rest,
          text: `${String(text)} ${'x'.repeat(5_000)}`,
        }));
      await deliver(sink, [block(long(0))]);
      const refused = sizes.filter((size) => size > 40).length;
      await deliver(sink, [block(long(50)), block(long(100))]);
      expect(sizes.filter((size) => size > 40).length).toBe(refused);
    });
    expect(stored.map((text) => text.replace(/ x+$/, ''))).toEqual(lines(0, 150).map(({ text }) => text));
  });

  test('of one line that is too large is rejected, and the others are not', async () => {
    const stored: string[] = [];
    await withServer(
      picky(stored, (text) => text === 'line 3', 413),
      make(),
      async ({ sink }) => {
        const result = await deliver(sink, [block(lines(0, 8))]);
        expect([result.delivered, [...result.rejected]]).toEqual([7, [['too_large', 1]]]);
        expect(refusedTexts(result)).toEqual([['too_large', 'line 3']]);
      },
    );
    expect(stored).toEqual(lines(0, 8).flatMap(({ text }) => (text === 'line 3' ? [] : [text])));
  });
});

describe('lines that the server refuses for good', () => {
  test('are found, whichever they are; the others are there, once and in order', async () => {
    const anyBad = fc.uniqueArray(fc.nat(39), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        anyBad,
        fc.array(fc.constantFrom<Trouble>('429', '500', 'none'), { maxLength: 6 }),
        async (bad, troubles) => {
          const stored: string[] = [];
          const isBad = (text: string): boolean => bad.some((i) => text === `line ${i}`);
          await withServer(picky(stored, isBad), make(), async ({ sink, server }) => {
            server.troubles.push(...troubles);
            // The last one is good: without one the server might be the one that is wrong.
            const result = await deliver(sink, [block(lines(0, 25)), block(lines(25, 41))]);
            const wanted = lines(0, 41).map(({ text }) => String(text));
            expect(stored).toEqual(wanted.filter((text) => !isBad(text)));
            expect(refusedTexts(result).toSorted()).toEqual(
              wanted
                .filter(isBad)
                .map((text) => ['refused', text])
                .toSorted(),
            );
            expect(result.delivered).toBe(stored.length);
            expect(result.rejected.get('refused') ?? 0).toBe(bad.length);
            for (const { said } of result.refused ?? [])
              expect(said).toMatch(/^: will not have line \d+$|^400: /);
          });
        },
      ),
      // One of the first lines alone: it is under suspicion before anything is taken.
      {
        numRuns: 15,
        examples: [
          [[0], []],
          [[0, 1], []],
        ],
      },
    );
  });

  test('are none where it refuses everything: nothing is given up, and all is told', async () => {
    const stored: string[] = [];
    let isWrong = true;
    await withServer(
      picky(stored, () => isWrong),
      make(),
      async ({ sink }) => {
        const blocks = [block(lines(0, 3)), block(lines(3, 5))];
        for (let attempt = 0; attempt < 3; attempt++)
          await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({
            code: 'SINK_REFUSED',
            retryable: false,
            message: expect.stringMatching(/answered 400: will not have line \d\.$/) as string,
          });
        isWrong = false;
        expect(await deliverOnce(sink, blocks)).toEqual({
          delivered: 5,
          rejected: new Map(),
          refused: undefined,
        });
        expect(stored).toEqual(lines(0, 5).map(({ text }) => text));
      },
    );
  });

  test('are known to be the lines once another lane is taken', async () => {
    await withServer(
      picky([], (text) => text === 'bad'),
      make(),
      async ({ sink }) => {
        const bad = [block([line('bad')])];
        await expect(deliverOnce(sink, bad)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
        await deliverOnce(sink, [{ ...block([line('good')]), lane: 1 }]);
        const result = await deliverOnce(sink, bad);
        expect([result.delivered, refusedTexts(result)]).toEqual([0, [['refused', 'bad']]]);
      },
    );
  });

  test('can be given again', async () => {
    const stored: string[] = [];
    let isBad = (text: string): boolean => text === 'line 1';
    await withServer(
      picky(stored, (text) => isBad(text)),
      make(),
      async ({ sink }) => {
        const { refused = [] } = await deliver(sink, [block(lines(0, 3))]);
        expect(refused.map(({ rows }) => rows)).toEqual([[1]]);
        isBad = () => false;
        const again = await sink.redrive?.([block([line('line 1')])], new AbortController().signal);
        expect(again?.delivered).toBe(1);
      },
    );
    expect(stored).toEqual(['line 0', 'line 2', 'line 1']);
  });

  test('are told once with what the server said', async () => {
    const told: string[] = [];
    const log = { ...silentLogger, warn: (_: object, text: string) => void told.push(text) };
    await withServer(
      picky([], (text) => text !== 'line 0'),
      make({}, log),
      async ({ sink }) => {
        for (let i = 0; i < 3; i++) await deliver(sink, [block(lines(0, 3))]);
      },
    );
    expect(told).toEqual([
      expect.stringMatching(/^sink out: lines were rejected \(.*will not have line 1\): refused, /),
    ]);
  });
});

test.each([
  [429, { 'retry-after': '7' }, { code: 'SINK_LIMITED', retryable: true, retryAfterMs: 7_000 }],
  [503, { 'retry-after': '3' }, { code: 'SINK_TROUBLE', retryable: true, retryAfterMs: 3_000 }],
  [500, {}, { code: 'SINK_TROUBLE', retryable: true, retryAfterMs: undefined }],
  [408, {}, { code: 'SINK_TROUBLE', retryable: true }],
  [401, {}, { code: 'SINK_REFUSED', retryable: false, remedy: expect.stringMatching(/login/) as string }],
  [
    404,
    {},
    { code: 'SINK_REFUSED', retryable: false, remedy: expect.stringMatching(/path of url/) as string },
  ],
  [302, {}, { code: 'SINK_REFUSED', retryable: false, remedy: expect.stringMatching(/Redirects/) as string }],
])('%i %o', async (status, headers, expected) => {
  await withServer(
    () => ({ status, headers, body: 'why' }),
    make(),
    async ({ sink }) => {
      await expect(deliverOnce(sink, [block(lines(0, 3))])).rejects.toMatchObject(expected);
    },
  );
});

test('what was taken is not sent again when the rest fails', async () => {
  const stored: string[] = [];
  let isDown = false;
  const answer = (asked: Asked): Answered => {
    const texts = rowsIn(asked).map(({ line }) => line);
    if (isDown || texts.length > 2) return { status: isDown ? 500 : 413 };
    stored.push(...texts);
    isDown = true;
    return { status: 200 };
  };
  await withServer(answer, make(), async ({ sink }) => {
    const blocks = [block(lines(0, 2)), block(lines(2, 4))];
    let taken = 0;
    const onTaken = (): void => void taken++;
    const signal = new AbortController().signal;
    await expect(sink.deliver(blocks, [], signal, onTaken)).rejects.toMatchObject({ code: 'SINK_TROUBLE' });
    expect([stored, taken]).toEqual([['line 0', 'line 1'], 1]);
    isDown = false;
    expect((await deliverOnce(sink, blocks)).delivered).toBe(4);
    expect(stored).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
  });
});

test('a block that cannot be decoded is told as such, and the good ones come through by themselves', async () => {
  const stored: Row[] = [];
  await withServer(keeping(stored), make(), async ({ sink }) => {
    const good = block(lines(0, 2));
    const bad = { ...block(lines(2, 4)), payload: Buffer.from('nonsense') };
    await expect(deliverOnce(sink, [good, bad])).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
    expect((await deliverOnce(sink, [good])).delivered).toBe(2);
  });
  expect(stored.map(({ line }) => line)).toEqual(['line 0', 'line 1']);
});

test('an address that is none is refused without a word of what stands in it', () => {
  expect(() => make({ url: 'ftp://u:hunter2@h' })('')).toThrow(
    /^The url of the http sink is no http or https address/,
  );
  expect(() => make({ url: 'ftp://u:hunter2@h' })('')).not.toThrow(/hunter2/);
});
