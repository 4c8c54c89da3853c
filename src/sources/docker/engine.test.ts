import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import { findEndpoint } from './endpoint.js';
import { Engine } from './engine.js';
import type { ContainerEvent } from './events.js';
import { type FakeEngine, fakeEngine, json, raw, silence } from './testing/fake-engine.js';
import { until } from './testing/until.js';

let fake: FakeEngine;
let scope: Scope;

beforeEach(async () => {
  fake = await fakeEngine();
  scope = Scope.root('test', (error) => {
    throw error;
  });
});
afterEach(async () => {
  await scope.close();
  expect([...scope.census()]).toEqual([]);
  await fake.dispose();
});

function client(deadlineMs?: number): Engine {
  const endpoint = findEndpoint({ endpoint: fake.socket, env: {}, home: '/', uid: 0 });
  return new Engine(scope, endpoint, deadlineMs);
}

const ID = 'ab'.repeat(32);
const EVENT = { Type: 'container', Action: 'start', Actor: { ID, Attributes: { name: 'web' } }, time: 7 };

describe('versions', () => {
  test.each([
    ['1.41', '1.12', '1.41'],
    ['1.24', undefined, '1.24'],
    ['1.55', '1.40', '1.47'],
    ['1.54', '1.44', '1.47'],
    ['1.47', '1.47', '1.47'],
    ['1.60', '1.48', '1.48'],
  ])('an engine of %s, minimum %s is spoken to in %s', async (ApiVersion, MinAPIVersion, apiVersion) => {
    fake.routes.set('/version', json({ Version: 'v', ApiVersion, MinAPIVersion }));
    expect(await client().connect()).toEqual({
      name: 'box',
      version: 'v',
      apiVersion,
      rootDir: join(fake.dir, 'root'),
      endpoint: `unix://${fake.socket}`,
    });
    expect(fake.asked).toEqual(['/version', `/v${apiVersion}/info`]);
  });

  test('Podman is known by its components, which Docker calls otherwise', async () => {
    const answer = (component: string): object => ({ ApiVersion: '1.41', Components: [{ Name: component }] });
    for (const [component, isPodman] of [
      ['Engine', false],
      ['Podman Engine', true],
    ] as const) {
      fake.routes.set('/version', json(answer(component)));
      const engine = client();
      await engine.connect();
      expect(engine.isPodman).toBe(isPodman);
    }
  });

  test.each([
    ['1.23', '1.12', /older than 1\.24/, /Update Docker/],
    ['', '', /which API version/, /is a Docker engine/],
  ])('an engine of %s, minimum %s is refused', async (ApiVersion, MinAPIVersion, message, remedy) => {
    fake.routes.set('/version', json({ ApiVersion, MinAPIVersion }));
    await expect(client().connect()).rejects.toMatchObject({
      code: 'ENGINE_ANSWER',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });
});

describe('failures', () => {
  test('nobody listens', async () => {
    const engine = client();
    await fake.stop();
    await expect(engine.connect()).rejects.toMatchObject({ code: 'ENGINE_MISSING', retryable: true });
    writeFileSync(fake.socket, 'no socket');
    await expect(engine.connect()).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
    rmSync(fake.socket);
    await expect(engine.connect()).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
  });

  test('it never answers', async () => {
    fake.routes.set('/info', silence);
    await expect(client(50).connect()).rejects.toMatchObject({ code: 'ENGINE_SILENT', retryable: true });
  });

  test('it stops in the middle of an answer', async () => {
    fake.routes.set('/containers/json', (_request, response) => void response.writeHead(200).write('[{'));
    await expect(client(50).list()).rejects.toMatchObject({ code: 'ENGINE_SILENT' });
    fake.routes.set('/containers/json', (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('[{', () => response.destroy());
    });
    await expect(client().list()).rejects.toMatchObject({ code: 'ENGINE_SILENT' });
  });

  test('it hangs up', async () => {
    fake.routes.set('/containers/json', (request) => request.socket.destroy());
    await expect(client().list()).rejects.toMatchObject({ code: 'ENGINE_SILENT' });
  });

  test.each([
    ['no JSON', raw('<html>hello</html>'), /not JSON/],
    ['no list', json({}), /a list of containers/],
    ['500', json({ message: 'disk on fire' }, 500), /500 disk on fire/],
    ['500 without JSON', raw('oops', 500), /answered .* with 500/],
  ])('it answers %s', async (_what, route, message) => {
    fake.routes.set('/containers/json', route);
    await expect(client().list()).rejects.toMatchObject({
      code: 'ENGINE_ANSWER',
      message: expect.stringMatching(message),
    });
  });

  test('closing the scope ends a request that waits', async () => {
    fake.routes.set('/containers/json', silence);
    const inner = scope.child('inner');
    const engine = new Engine(inner, findEndpoint({ endpoint: fake.socket, env: {}, home: '/', uid: 0 }));
    const list = engine.list().catch((error: unknown) => error);
    await until('the request', () => fake.asked.length === 1);
    await inner.close();
    expect(await list).toMatchObject({ code: 'ENGINE_SILENT' });
  });
});

describe('answers', () => {
  test('containers, by their own name even where links give them others', async () => {
    const entry = {
      Id: ID,
      Names: ['/other/alias', '/web'],
      Image: 'nginx',
      Labels: { a: 'b' },
      State: 'exited',
      Created: 5,
    };
    fake.routes.set('/containers/json', json([entry, { Id: ID, Labels: null }, { Id: '../../etc' }, null]));
    expect(await client().list()).toEqual([
      { id: ID, name: '/web', image: 'nginx', labels: { a: 'b' }, state: 'exited', createdMs: 5_000 },
      { id: ID, name: '', image: '', labels: {}, state: '', createdMs: Number.NaN },
    ]);
  });

  test('inspect of a container that is gone', async () => {
    expect(await client().inspect(ID)).toBeUndefined();
  });

  test('connections are used again', async () => {
    const engine = client();
    for (let i = 0; i < 5; i++) await engine.list();
    await engine.inspect(ID);
    expect(fake.connections).toBe(1);
  });
});

describe('events', () => {
  test('arrive as they happen, garbage is skipped, and the end is told', async () => {
    const events: ContainerEvent[] = [];
    const engine = client(50);
    const stream = await engine.events(undefined, (event) => events.push(event));
    expect(stream.isOpen).toBe(true);
    for (const response of fake.streams) response.write('garbage\n');
    fake.emit(EVENT);
    await until('the event', () => events.length === 1);
    expect(events[0]).toMatchObject({ action: 'start', id: ID, name: 'web', seconds: 7 });
    expect(stream.isOpen).toBe(true);
    for (const response of fake.streams) response.destroy();
    await stream.ended;
    expect(stream.isOpen).toBe(false);
  });

  test('a quiet stream outlives the deadline of answers', async () => {
    const engine = client(30);
    const events: ContainerEvent[] = [];
    const stream = await engine.events(undefined, (event) => events.push(event));
    fake.routes.set('/containers/json', silence);
    await expect(engine.list()).rejects.toMatchObject({ code: 'ENGINE_SILENT' });
    expect(stream.isOpen).toBe(true);
    fake.emit(EVENT);
    await until('the event', () => events.length === 1);
  });

  test('asks for what was missed, and only for containers', async () => {
    await client().events(1_795_306_568, () => {});
    const url = new URL(fake.asked[0] ?? '', 'http://x');
    expect(url.searchParams.get('since')).toBe('1795306568');
    expect(JSON.parse(url.searchParams.get('filters') ?? '')).toEqual({
      type: ['container'],
      event: ['create', 'start', 'die', 'destroy', 'rename'],
    });
  });
});

test('a request on a closed session fails, and fails nothing else', async () => {
  const engine = client();
  await scope.close();
  const strays: unknown[] = [];
  const onStray = (error: unknown): void => void strays.push(error);
  process.prependListener('uncaughtException', onStray);
  await expect(engine.inspect('x')).rejects.toThrow('is closing');
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  process.off('uncaughtException', onStray);
  expect(strays).toEqual([]);
});
