import type { ServerResponse } from 'node:http';
import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentError } from '../../runtime/errors.js';
import { Scope } from '../../runtime/scope.js';
import type { Engine } from './engine.js';
import { watchEngine } from './engine-watch.js';
import { type FakeEngine, fakeEngine, json, type Route, raw, silence } from './testing/fake-engine.js';
import { until } from './testing/until.js';

const SILENCE_MS = 1_200;
const ID = 'a'.repeat(64);

let fake: FakeEngine;
let scope: Scope;
let engines: Engine[];
let lists: number;
let losses: AgentError[];
let watching: Promise<void>;
/** How many pings it has answered. */
let pings: number;
let closeLog: () => void;

const answer: Route = (_request, response) => {
  pings++;
  response.end('OK');
};

beforeEach(async () => {
  fake = await fakeEngine();
  pings = 0;
  closeLog = () => {};
  fake.routes.set('/_ping', answer);
  engines = [];
  losses = [];
  lists = 0;
  scope = Scope.root('test', (error) => {
    throw error;
  });
});
afterEach(async () => {
  await close();
  await fake.dispose();
});

async function close(): Promise<void> {
  const closed = scope.close();
  await watching;
  await closed;
  expect([...scope.census()]).toEqual([]);
}

function start(silenceMs = SILENCE_MS, reconcileMs?: number): void {
  const endpoint = { url: `unix://${fake.socket}`, target: { socketPath: fake.socket } };
  watching = watchEngine(scope, {
    findEndpoint: () => endpoint,
    silenceMs,
    ...(reconcileMs !== undefined && { reconcileMs }),
    listener: {
      connected: (_info, engine) => void engines.push(engine),
      listing: () => {},
      listed: async (_containers, session) => {
        lists++;
        if (lists < 3) session.own('file', 'log', () => closeLog());
      },
      event: () => {},
      lost: (error) => void losses.push(error),
    },
  });
}

/** From now on nothing is answered, and every connection stays open; answers what makes it go on. */
function hang(): () => void {
  const before = new Map(fake.routes);
  const asked: (() => void)[] = [];
  for (const [path, route] of before)
    fake.routes.set(path, (request, response) => void asked.push(() => route(request, response)));
  return () => {
    for (const [path, route] of before) fake.routes.set(path, route);
    for (const goOn of asked) goOn();
  };
}

test('an engine that answers is asked again and again, and stays', async () => {
  start();
  await until('a ping', () => pings >= 1);
  const { answeredAt } = engines[0];
  await until('three pings', () => pings >= 3);
  expect([losses, engines.length, lists]).toEqual([[], 1, 1]);
  expect(engines[0].answeredAt).toBeGreaterThan(answeredAt);
});

test('one that hangs is away in time although its connections are open, and back as soon as it answers', async () => {
  start();
  await until('a list and a ping', () => lists === 1 && pings >= 1);
  const goOn = hang();
  const { answeredAt } = engines[0];
  await until('the loss', () => losses.length > 0);
  expect(losses[0]).toMatchObject({ code: 'ENGINE_SILENT', retryable: true });
  expect(performance.now() - answeredAt).toBeGreaterThan(SILENCE_MS / 3);
  await until('the end of its event stream', () => fake.streams.size === 0);
  // What belongs to the session is gone; the next one waits for its first answer.
  expect(scope.census().get('task')).toBeUndefined();
  goOn();
  await until('another list', () => lists === 2);
  expect([losses.length, engines.length]).toEqual([1, 2]);
});

test('a list that hangs does not keep it from being noticed', async () => {
  start();
  await until('a ping', () => pings >= 1);
  fake.routes.set('/containers/json', silence);
  for (const stream of fake.streams) stream.end();
  await until('another session', () => engines.length === 2);
  hang();
  await until('the loss', () => losses.length > 0);
  expect(losses[0].code).toBe('ENGINE_SILENT');
});

test('a ping without an answer is nothing while others are answered', async () => {
  let hung = 0;
  fake.routes.set('/_ping', (_request, response: ServerResponse) => {
    hung++;
    for (const stream of fake.streams) stream.write('{}\n');
    response.on('error', () => {});
  });
  start();
  await until('three pings', () => hung >= 3);
  expect([losses, engines.length]).toEqual([[], 1]);
});

test('one missed ping is nothing', async () => {
  let asked = 0;
  fake.routes.set('/_ping', (request, response) => {
    if (asked++ % 2 === 1) answer(request, response);
  });
  start();
  await until('three answers', () => pings >= 3);
  expect([losses, engines.length]).toEqual([[], 1]);
});

test('one that answers stays while the agent itself stands still again and again', async () => {
  start();
  await until('a ping', () => pings >= 1);
  for (let stalls = 0; stalls < 8; stalls++) {
    const end = performance.now() + SILENCE_MS / 3;
    while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = pings;
  await until('another ping', () => pings > before);
  expect([losses, engines.length]).toEqual([[], 1]);
});

test.each([
  ['that does not know the question', json({ message: 'page not found' }, 404)],
  ['behind a proxy that lets no ping through', raw('no', 403)],
])('an engine %s answers', async (_name, route) => {
  let asked = 0;
  fake.routes.set('/_ping', (request, response) => {
    asked++;
    route(request, response);
  });
  start();
  await until('three pings', () => asked >= 3);
  expect([losses, engines.length]).toEqual([[], 1]);
});

test('a proxy whose engine is gone is no answer', async () => {
  start();
  await until('a ping', () => pings >= 1);
  fake.routes.set('/_ping', raw('no backend', 503));
  await until('the loss', () => losses.length > 0);
  expect(losses[0]).toMatchObject({ code: 'ENGINE_ANSWER' });
});

test('a close waits for no answer', async () => {
  start(60_000);
  fake.routes.set(`/containers/${ID}/json`, silence);
  await until('the list', () => lists === 1);
  fake.routes.set('/_ping', silence);
  const asked = engines[0].ping(20_000).catch((error: unknown) => error);
  await until('the ping', () => fake.asked.some((url) => url.endsWith('/_ping')));
  await close();
  expect(await asked).toMatchObject({ code: 'ENGINE_SILENT' });
});

test('a session that does not close well is followed by another one', async () => {
  start();
  await until('a list', () => lists === 1);
  closeLog = () => {
    closeLog = () => {};
    throw new Error('it does not close');
  };
  for (const stream of fake.streams) stream.end();
  await until('another list', () => lists === 2);
  expect(losses).toEqual([
    expect.objectContaining({ message: expect.stringContaining('it does not close') }),
  ]);
});

test('listing again and again leaves nothing behind', async () => {
  start(60_000, 1);
  const promises = async (): Promise<number> => {
    const before = lists;
    await until('lists', () => lists >= before + 200);
    return Number(queryObjects(Promise));
  };
  await promises();
  const before = await promises();
  expect((await promises()) - before).toBeLessThan(100);
});
