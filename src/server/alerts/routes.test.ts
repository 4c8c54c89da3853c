import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlertDesk } from '../../alerts/desk.js';
import { AlertStore } from '../../alerts/store.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { startServer } from '../server.js';
import { fakeAgent, serverOptions } from '../testing/server-options.js';

const ALERT = {
  name: 'slow',
  query: '{container="web"} |= "timeout"',
  threshold: 10,
  windowSeconds: 60,
  coolDownSeconds: 300,
  sendResolved: false,
  webhook: { type: 'slack', url: 'http://127.0.0.1:1/T0/secret' },
  enabled: true,
};
let root: Scope;
let port: number;
let directory: string;

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  directory = mkdtempSync(path.join(tmpdir(), 'log-capturer-alert-routes-'));
  const alerts = new AlertDesk({
    scope: root,
    log: silentLogger,
    configured: [
      { ...ALERT, id: 'config:web', name: 'web', webhook: { type: 'json', url: 'http://127.0.0.1:1/' } },
    ],
    store: new AlertStore(path.join(directory, 'alerts.json')),
  });
  ({ port } = await startServer(root, serverOptions({ agent: fakeAgent({ alerts }) })));
});

afterEach(async () => {
  await root.close();
  rmSync(directory, { recursive: true, force: true });
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; body: any }> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request({
    host: '127.0.0.1',
    port,
    path: `/api/v1/alerts${path}`,
    method,
    agent: false,
    headers: { ...type, ...headers },
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) };
}

describe('alerts over the API', () => {
  test('are made, changed, tried and deleted', async () => {
    const made = await ask('POST', '', ALERT);
    expect(made.status).toBe(201);
    const { id } = made.body;
    expect(made.body).toEqual({
      ...ALERT,
      id,
      webhook: { type: 'slack', url: 'http://127.0.0.1:1/…' },
      origin: 'page',
      state: 'ok',
      matches: 0,
      lastFired: null,
      lastResolved: null,
      trouble: null,
      deliveries: [],
    });
    const changed = await ask('PUT', `/${id}`, { threshold: 3 });
    expect([changed.status, changed.body]).toEqual([200, { ...made.body, threshold: 3 }]);
    const { body: tried } = await ask('POST', `/${id}/test`);
    expect(tried).toEqual({
      time: expect.any(String),
      ok: false,
      status: null,
      error: expect.any(String),
      attempts: 1,
    });
    const { body: list } = await ask('GET', '');
    expect(list.alerts).toMatchObject([{ id: 'config:web' }, { id, threshold: 3, deliveries: [tried] }]);
    expect(await ask('DELETE', `/${id}`)).toEqual({ status: 200, body: { deleted: true } });
    expect((await ask('GET', '')).body.alerts.length).toBe(1);
  });

  test('what is wrong is said', async () => {
    const query = await ask('POST', '', { ...ALERT, query: '|~ "("' });
    expect([query.status, query.body.error.at]).toEqual([400, 6]);
    const field = await ask('POST', '', { ...ALERT, treshold: 1 });
    expect([field.status, field.body.error.message]).toEqual([
      400,
      expect.stringContaining('Unknown field treshold'),
    ]);
    for (const [method, path, body] of [
      ['PUT', '/none', {}],
      ['DELETE', '/none', undefined],
      ['POST', '/none/test', undefined],
    ] as const)
      expect([method, (await ask(method, path, body)).status]).toEqual([method, 404]);
    for (const [method, body] of [
      ['PUT', { threshold: 1 }],
      ['DELETE', undefined],
    ] as const) {
      const { status, body: refused } = await ask(method, '/config:web', body);
      expect([status, refused.error.code]).toEqual([409, 'CONFIGURED']);
    }
  });

  test('changing them is for this machine alone where there is no login; looking is not', async () => {
    const far = { 'x-forwarded-for': '10.0.0.1' };
    expect((await ask('GET', '', undefined, far)).status).toBe(200);
    for (const [method, path] of [
      ['POST', ''],
      ['PUT', '/x'],
      ['DELETE', '/x'],
      ['POST', '/x/test'],
    ] as const) {
      const { status, body } = await ask(method, path, method === 'DELETE' ? undefined : ALERT, far);
      expect([method, status, body.error.code]).toEqual([method, 403, 'CHANGE_REFUSED']);
    }
    expect((await ask('GET', '')).body.alerts.length).toBe(1);
  });
});
