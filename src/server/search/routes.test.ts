import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentError } from '../../runtime/errors.js';
import { Scope } from '../../runtime/scope.js';
import type { Question } from '../../search/requests.js';
import type { Taker } from '../../search/service.js';
import { startServer } from '../server.js';
import { serverOptions } from '../testing/server-options.js';

let root: Scope;

beforeEach(() => {
  root = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(() => root.close());

type Ask = (client: Scope, question: Question, take: Taker) => Promise<void>;

async function serve(ask: Ask, isFull = false): Promise<string> {
  const { url } = await startServer(root, serverOptions({ search: { ask, isFull } }));
  return `${url}/api/v1`;
}

const notAsked: Ask = () => Promise.reject(new Error('not asked'));
const failing: Ask = () => Promise.reject(new AgentError('SEARCH_FAILED', 'It broke.', { remedy: 'Again.' }));

async function open(url: string): Promise<IncomingMessage> {
  const asked = request(url, { agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  asked.on('error', () => {});
  return response;
}

test.each([
  ['search?limit=0', 'limit must be a whole number from 1 to 10000.'],
  ['search?limit=10001', 'limit must be a whole number from 1 to 10000.'],
  ['search?direction=up', 'direction is backward or forward.'],
  ['search?full=yes', 'full is 0 or 1.'],
  ['search?form=1h', 'Unknown parameter form; accepted are query, from, to, limit, direction, full.'],
  ['search?from=yesterday', 'from must be a time such as'],
  ['search?from=1h&to=2h', 'must be before to'],
  ['histogram?buckets=1001', 'buckets must be a whole number from 1 to 1000.'],
  ['search/download?format=pdf', 'format is text or jsonl.'],
  ['context?time=now', 'container is to be said.'],
  ['context?container=web', 'time must be a time such as'],
  ['context?container=web&time=now&before=1001', 'before must be a whole number from 0 to 1000.'],
  ['labels?x=1', 'Unknown parameter x; there are none here.'],
])('%s: %s', async (path, message) => {
  const answer = await fetch(`${await serve(notAsked)}/${path}`);
  expect(answer.status).toBe(400);
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe('BAD_REQUEST');
  expect(error.message).toContain(message);
});

test('a query that cannot be read is refused with the place', async () => {
  const url = await serve(notAsked);
  for (const path of ['search', 'histogram', 'search/download']) {
    const answer = await fetch(`${url}/${path}?query=${encodeURIComponent('{container="web"} |= timeout')}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'BAD_REQUEST', at: 22 } });
  }
});

test('what is asked is what the address says', async () => {
  const asked: Question[] = [];
  const url = await serve((_client, question) => {
    asked.push(question);
    return Promise.resolve();
  });
  const range = { from: { seconds: 10, nanos: 500_000_000 }, to: { seconds: 20, nanos: 0 } };
  await (await fetch(`${url}/search?query=a%20b&from=10.5&to=20&limit=7&direction=forward&full=1`)).text();
  await (await fetch(`${url}/histogram?query=a&from=10.5&to=20&buckets=5`)).text();
  await (await fetch(`${url}/search/download?from=10.5&to=20&format=jsonl`)).text();
  await (await fetch(`${url}/context?container=web&time=20&stream=stderr&before=1&after=0`)).text();
  expect(asked).toEqual([
    { kind: 'search', query: 'a b', range, limit: 7, direction: 'forward', full: true },
    { kind: 'histogram', query: 'a', range, buckets: 5 },
    { kind: 'download', query: '', range, format: 'jsonl' },
    { kind: 'context', container: 'web', time: range.to, stream: 'stderr', before: 1, after: 0, full: false },
  ]);
});

test('too many at once are refused', async () => {
  const answer = await fetch(`${await serve(notAsked, true)}/search`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: 'TOO_MANY' } });
});

test('a search that fails says so in its stream, and a question for JSON by its status', async () => {
  const url = await serve(failing);
  const search = await fetch(`${url}/search`);
  expect(search.status).toBe(200);
  const error = { code: 'SEARCH_FAILED', message: 'It broke.', remedy: 'Again.' };
  expect(await search.text()).toBe(`event: failed\ndata: ${JSON.stringify({ error })}\n\n`);
  for (const path of ['labels', 'context?container=a&time=now', 'search/download']) {
    const answer = await fetch(`${url}/${path}`);
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('content-disposition')).toBeNull();
    expect(await answer.json()).toEqual({ error });
  }
});

test('half a file does not look like a whole one', async () => {
  let isTaken!: () => void;
  const taken = new Promise<void>((resolve) => {
    isTaken = resolve;
  });
  const url = await serve(async (client, question, take) => {
    await take(Buffer.from('half'));
    await taken;
    return failing(client, question, take);
  });
  const response = await open(`${url}/search/download`);
  expect(response.statusCode).toBe(200);
  isTaken();
  await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('what is not taken is waited for, and a client that goes ends the question', async () => {
  let pieces = 0;
  let isOver = false;
  const url = await serve(async (client, _question, take) => {
    while (!client.isClosing) {
      await take(Buffer.alloc(64 * 1024));
      pieces++;
    }
    isOver = true;
  });
  const response = await open(`${url}/search`);
  response.pause();
  let before = -1;
  while (pieces !== before) {
    before = pieces;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(pieces).toBeLessThan(1_000);
  response.destroy();
  await expect.poll(() => isOver, { timeout: 20_000 }).toBe(true);
  await expect.poll(() => root.tree().scopes[0].scopes.length, { timeout: 20_000 }).toBe(0);
});
