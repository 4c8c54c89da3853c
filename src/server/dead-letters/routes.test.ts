import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_LETTERS } from '../../delivery/dead-letters/testing/no-letters.js';
import { addDeadLetters, type DeadLetterRouteOptions } from './routes.js';

const PATH = '/api/v1/dead-letters';
const COUNTS = [{ sink: 'gone', reason: 'of_old', lines: 3 }];
const HOSTILE = '\u001b[2J</script>\u2028\ud800"';

let app: FastifyInstance;
let asked: unknown[];
let isBusy: boolean;

beforeEach(() => {
  asked = [];
  isBusy = false;
  serve({});
});

afterEach(() => app.close());

function serve(given: Partial<DeadLetterRouteOptions>): void {
  app = fastify();
  const desk: DeadLetterRouteOptions['desk'] = {
    figures: { counts: COUNTS, bytes: 77, dropped: [] },
    list: async (...wanted) => {
      asked.push(wanted);
      const { letters } = await NO_LETTERS.list(...wanted);
      return { letters: [...letters, { line: HOSTILE } as (typeof letters)[number]], next: '5-1' };
    },
    redrive: async (filter) => {
      asked.push(['redrive', filter]);
      return isBusy ? undefined : { delivered: 2, refused: { other: 1 }, left: 0, trouble: undefined };
    },
    delete: async (filter) => asked.push(['delete', filter]),
  };
  addDeadLetters(app, { host: '127.0.0.1', hasLogin: false, desk, sinks: () => ['loki', 'files'], ...given });
}

const get = (query = '') => app.inject({ method: 'GET', url: `${PATH}${query}` });
const post = (what: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: `${PATH}/${what}`, headers: { host: 'localhost:8401', ...headers } });

describe('dead letters over the API', () => {
  test('are listed as they were asked for, with how many there are', async () => {
    const { statusCode, body, headers } = await get(
      '?sink=loki&reason=too_old&since=2026-11-22T03:00:00Z&until=2026-11-22T05:00:00%2B01:00&n=7&from=4-2',
    );
    expect([statusCode, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const [sinceMs, untilMs] = [Date.UTC(2026, 10, 22, 3), Date.UTC(2026, 10, 22, 4)];
    expect(asked).toEqual([
      [{ sink: 'loki', reason: 'too_old', sinceMs, untilMs }, { bundle: 4, line: 2 }, 7],
    ]);
    expect(JSON.parse(body)).toEqual({
      counts: COUNTS,
      bytes: 77,
      letters: [{ line: HOSTILE }],
      next: '5-1',
    });
    // Nothing in it that a terminal would take for more than text.
    expect(body).not.toMatch(/\p{Cc}/u);
    await get();
    expect(asked.at(-1)).toEqual([{}, { bundle: 0, line: 0 }, 100]);
  });

  test.each(['?n=0', '?n=1001', '?n=x', '?from=7', '?from=-1-2', '?since=yesterday', '?until=12', '?nn=1'])(
    'are not asked for by %s',
    async (query) => {
      const { statusCode, body } = await get(query);
      expect(statusCode).toBe(400);
      expect(JSON.parse(body).error).toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/\.$/) as string,
      });
      expect(asked).toEqual([]);
    },
  );

  test.each<[query: string, message: RegExp]>([
    ['sink=nosuch', /^There is no sink nosuch; known are: loki, files, gone\.$/],
    ['sink=', /^There is no sink ; known are: loki, files, gone\.$/],
    ['sink=loki&reason=nonsense', /^There is no reason nonsense; known are: too_old, .*, other, of_old\.$/],
    [`reason=${'x'.repeat(99)}`, /^There is no reason x{50}; /],
  ])('that cannot be are no letters, but a mistake: %s', async (query, message) => {
    for (const refused of [
      await get(`?${query}`),
      await post(`redrive?${query}`),
      await post(`delete?${query}`),
    ]) {
      expect(refused.statusCode).toBe(400);
      expect(JSON.parse(refused.body).error).toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(message) as string,
      });
    }
    expect(asked).toEqual([]);
  });

  test('of a sink that is gone, or for a reason of an earlier version, can be asked for', async () => {
    expect((await get('?sink=gone&reason=of_old')).statusCode).toBe(200);
    expect((await post('redrive?sink=files&reason=too_large')).statusCode).toBe(200);
    expect(asked).toHaveLength(2);
  });

  test('are redriven and deleted as chosen, and never all deleted by mistake', async () => {
    const redriven = await post('redrive?sink=loki');
    expect([redriven.statusCode, JSON.parse(redriven.body)]).toEqual([
      200,
      { delivered: 2, refused: { other: 1 }, left: 0 },
    ]);
    expect((await post('redrive')).statusCode).toBe(200);
    expect((await post('delete')).statusCode).toBe(400);
    expect((await post('delete?n=1')).statusCode).toBe(400);
    const deleted = await post('delete?reason=other');
    expect([deleted.statusCode, JSON.parse(deleted.body)]).toEqual([200, { deleted: 3 }]);
    expect(asked).toEqual([
      ['redrive', { sink: 'loki' }],
      ['redrive', {}],
      ['delete', { reason: 'other' }],
    ]);
    isBusy = true;
    const busy = await post('redrive');
    expect([busy.statusCode, JSON.parse(busy.body).error.code]).toEqual([409, 'BUSY']);
    expect((await app.inject({ method: 'GET', url: `${PATH}/redrive` })).statusCode).toBe(404);
  });
});

describe('who may change something', () => {
  test.each<[string, Record<string, string>]>([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }],
    ['a page of another site in an older browser', { origin: 'http://evil.example' }],
    ['a page of another port in an older browser', { origin: 'http://localhost:3000' }],
    ['a page of nowhere', { origin: 'null' }],
    ['a proxy', { 'x-forwarded-for': '10.0.0.1' }],
  ])('not %s', async (_, headers) => {
    for (const what of ['redrive', 'delete?sink=loki']) {
      const { statusCode, body } = await post(what, headers);
      expect([what, statusCode, JSON.parse(body).error.code]).toEqual([what, 403, 'CHANGE_REFUSED']);
    }
    expect(asked).toEqual([]);
  });

  test.each<[string, Record<string, string>]>([
    ['a program', {}],
    ['the page', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8401' }],
    ['the page in an older browser', { origin: 'http://localhost:8401' }],
  ])('%s', async (_, headers) => {
    expect((await post('redrive', headers)).statusCode).toBe(200);
  });

  test('who is logged in, through a proxy too, but no page of another site', async () => {
    serve({ host: '0.0.0.0', hasLogin: true });
    expect((await post('redrive', { 'x-forwarded-for': '10.0.0.1' })).statusCode).toBe(200);
    expect((await post('redrive', { origin: 'http://evil.example' })).statusCode).toBe(403);
  });

  test('nobody, where everybody could', async () => {
    serve({ host: '0.0.0.0', hasLogin: false });
    expect((await get()).statusCode).toBe(200);
    const { statusCode, body } = await post('redrive');
    expect(statusCode).toBe(403);
    expect(JSON.parse(body).error).toEqual({
      code: 'CHANGE_REFUSED',
      message: 'Everybody on the network could redrive dead letters here, so nobody may.',
      remedy: 'Set server.auth to token, or listen on 127.0.0.1.',
    });
  });
});
