import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../test/support/ports.js';
import { type Logger, silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { startMetricsServer } from './metrics-server.js';

let root: Scope;
let port: number;
let said: [level: string, fields: object, message: string][];
let log: Logger;
let exposition: () => Promise<string>;

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  port = await freePort();
  said = [];
  const hear = (level: string) => (fields: object, message: string) =>
    void said.push([level, fields, message]);
  log = { ...silentLogger, warn: hear('warn'), error: hear('error') };
  exposition = () => Promise.resolve('up 1\n');
});

afterEach(() => root.close());

function start(host = '127.0.0.1', at = port): Promise<string | undefined> {
  const metrics = { contentType: 'text/plain; version=0.0.4', exposition: () => exposition() };
  return startMetricsServer(root, { host, port: at, metrics, log });
}

async function ask(path: string, method = 'GET', headers: Record<string, string> = {}) {
  const sent = request({ host: '127.0.0.1', port, path, headers, method, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, type: response.headers['content-type'], body };
}

describe('the metrics port', () => {
  test('serves /metrics and nothing else', async () => {
    expect(await start()).toBe(`http://127.0.0.1:${port}/metrics`);
    const metrics = { status: 200, type: 'text/plain; version=0.0.4', body: 'up 1\n' };
    expect(await ask('/metrics')).toEqual(metrics);
    expect(await ask('/metrics?x=1')).toEqual(metrics);
    expect(await ask('/metrics', 'HEAD')).toEqual({ ...metrics, body: '' });
    expect((await ask('/metrics', 'POST')).status).toBe(405);
    for (const path of ['/', '/metrics/', '/api/v1/build']) expect((await ask(path)).status).toBe(404);
  });

  test('on loopback refuses names that a hostile site may have taken, elsewhere takes any', async () => {
    await start();
    expect((await ask('/metrics', 'GET', { host: 'evil.example' })).status).toBe(403);
    expect((await ask('/metrics', 'GET', { host: 'localhost:8001' })).status).toBe(200);
    await root.close();
    root = Scope.root('test', () => {});
    expect(await start('0.0.0.0')).toBe(`http://localhost:${port}/metrics`);
    expect((await ask('/metrics', 'GET', { host: 'agent:8001' })).status).toBe(200);
  });

  test('taken by another it is a warning with a way out, 0 is none', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(await start()).toBeUndefined();
    expect(said).toEqual([
      [
        'warn',
        { code: 'PORT_TAKEN' },
        `Metrics are at /metrics of the main port only: Port ${port} on 127.0.0.1 is taken by another program. ` +
          'Stop that one, or choose another port with metrics.port (0 for none).',
      ],
    ]);
    expect(await start('127.0.0.1', 0)).toBeUndefined();
    expect(said.length).toBe(1);
    expect(Object.fromEntries(root.census())).toEqual({});
    other.close();
  });

  test('a failure is answered and said', async () => {
    await start();
    exposition = () => Promise.reject(new Error('a defect'));
    expect((await ask('/metrics')).status).toBe(500);
    expect(said).toEqual([['error', { err: expect.any(Error) }, 'The metrics could not be told: a defect']]);
  });

  test('is gone when its scope closes, with whoever is connected', async () => {
    await start();
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await root.close();
    await ended;
    await expect(ask('/metrics')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
