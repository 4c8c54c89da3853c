import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HttpWayConfig, LoginConfig } from '../../config/types.js';
import { Scope } from '../../runtime/scope.js';
import { Connection } from './connection.js';

const TLS = path.join(import.meta.dirname, 'testing/tls');
const file = (name: string): string => path.join(TLS, name);
const pem = (name: string): Buffer => readFileSync(file(name));
const NEVER = new AbortController().signal;
const BODY = Buffer.from('body');

let scope: Scope;
let servers: net.Server[];

beforeEach(() => {
  scope = Scope.root('test', (error) => expect.fail(String(error)));
  servers = [];
});

afterEach(async () => {
  await scope.close();
  for (const server of servers) {
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
});

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Notes what it is asked, and answers 204. */
function noting(seen: Seen[]): http.RequestListener {
  return (request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      seen.push({ url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
    });
  };
}

type Config = Partial<HttpWayConfig & LoginConfig>;

function connect(config: Config, env: NodeJS.ProcessEnv = {}): Connection {
  const way = { url: 'http://127.0.0.1:1', timeoutMs: 2_000, ...config };
  const target = { who: 'Loki', url: new URL(`${way.url}/push`), headers: {}, connections: 4 };
  return new Connection(target, way, scope, env);
}

describe('Connection', () => {
  test('says who it is by password, by the address or by a token, with the headers of the request', async () => {
    const seen: Seen[] = [];
    const port = await listen(http.createServer(noting(seen)));
    const url = `http://127.0.0.1:${port}`;
    const configs = [
      { url },
      { url, username: 'me', password: 'pä:ss' },
      { url: `http://you:p%40ss@127.0.0.1:${port}` },
      { url: `http://you:p%40ss@127.0.0.1:${port}`, bearerToken: 'secret' },
    ];
    for (const [i, config] of configs.entries()) {
      const connection = connect(config);
      expect(connection.address).toBe(`${url}/push`);
      const tenant: Record<string, string> = i % 2 ? { 'x-scope-orgid': 'team' } : {};
      const reply = await connection.post(BODY, tenant, NEVER);
      expect(reply).toEqual({ status: 204, body: '', bytes: Buffer.alloc(0), retryAfter: undefined });
    }
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      `Basic ${Buffer.from('me:pä:ss').toString('base64')}`,
      `Basic ${Buffer.from('you:p@ss').toString('base64')}`,
      'Bearer secret',
    ]);
    expect(seen.map(({ headers }) => headers['x-scope-orgid'])).toEqual([
      undefined,
      'team',
      undefined,
      'team',
    ]);
    for (const { url, headers, body } of seen) {
      expect([url, body]).toEqual(['/push', 'body']);
      expect(headers).toMatchObject({ 'user-agent': 'log-capturer', 'content-length': '4' });
    }
  });

  test('shows no credentials in its errors', async () => {
    const port = await listen(net.createServer((socket) => socket.destroy()));
    const connection = connect({ url: `http://you:hunter2@127.0.0.1:${port}` });
    const error = await connection.post(BODY, {}, NEVER).catch((error: Error) => error);
    expect(error).toMatchObject({ code: 'SINK_UNREACHABLE', retryable: true });
    expect(
      JSON.stringify([(error as Error).message, (error as Error).stack, connection.address]),
    ).not.toMatch(/hunter2|you/);
  });

  test('says which name cannot be resolved', async () => {
    const unknown = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND', hostname: 'loki.test' });
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_: unknown, __: unknown, done: unknown) => {
      (done as (error: Error) => void)(unknown);
    }) as unknown as typeof dns.lookup);
    const posted = connect({ url: 'http://loki.test:3100' }).post(BODY, {}, NEVER);
    await expect(posted).rejects.toMatchObject({
      code: 'SINK_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(/the name loki\.test cannot be resolved/) as string,
      remedy: expect.stringMatching(/DNS/) as string,
    });
    lookup.mockRestore();
  });

  test('keeps its connections, and lets go of all of them', async () => {
    const seen: Seen[] = [];
    const server = http.createServer(noting(seen));
    let connections = 0;
    const open = new Set<net.Socket>();
    server.on('connection', (socket) => {
      connections++;
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    const connection = connect({ url: `http://127.0.0.1:${await listen(server)}` });
    for (let i = 0; i < 20; i++) await connection.post(BODY, {}, NEVER);
    // One while the other is just getting free.
    expect(connections).toBeLessThanOrEqual(2);
    const ended = [...open].map((socket) => once(socket, 'close'));
    expect(ended.length).toBe(connections);
    await connection.close();
    await connection.close();
    await Promise.all(ended);
    await expect(connection.post(BODY, {}, NEVER)).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
  });

  test('reads no more of an answer than is of use', async () => {
    const server = http.createServer((request, response) => {
      request.resume();
      response.writeHead(500);
      const more = (): void => {
        while (response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const connection = connect({ url: `http://127.0.0.1:${await listen(server)}` });
    const reply = await connection.post(BODY, {}, NEVER);
    expect([reply.status, reply.body.length]).toEqual([500, 65_536]);
  });
});

describe('TLS', () => {
  test.each([
    ['with the CA and the name', { caFile: file('ca.pem'), serverName: 'loki.test' }, 'ok'],
    ['without the CA', { serverName: 'loki.test' }, 'SINK_REFUSED'],
    ['without the name', { caFile: file('ca.pem') }, 'SINK_REFUSED'],
    ['without any check', { insecureSkipVerify: true }, 'ok'],
    ['with a CA that is not there', { caFile: file('gone.pem') }, 'SECRET_UNREADABLE'],
  ])('%s', async (_, tls, expected) => {
    const seen: Seen[] = [];
    const server = https.createServer({ key: pem('server.key'), cert: pem('server.pem') }, noting(seen));
    const url = `https://127.0.0.1:${await listen(server)}`;
    const posted = connect({ url, tls: { insecureSkipVerify: false, ...tls } }).post(BODY, {}, NEVER);
    if (expected === 'ok') expect(await posted).toMatchObject({ status: 204 });
    else await expect(posted).rejects.toMatchObject({ code: expected, retryable: false });
    expect(seen.length).toBe(expected === 'ok' ? 1 : 0);
  });

  test('with a certificate of the client where that is asked for', async () => {
    const seen: Seen[] = [];
    const options = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem'), requestCert: true };
    const url = `https://127.0.0.1:${await listen(https.createServer(options, noting(seen)))}`;
    const tls = { caFile: file('ca.pem'), serverName: 'loki.test', insecureSkipVerify: false };
    const own = { ...tls, certFile: file('client.pem'), keyFile: file('client.key') };
    await expect(connect({ url, tls }).post(BODY, {}, NEVER)).rejects.toThrow();
    expect(await connect({ url, tls: own }).post(BODY, {}, NEVER)).toMatchObject({ status: 204 });
    expect(seen.length).toBe(1);
  });

  test('to a server that has none is refused with a reason', async () => {
    const url = `https://127.0.0.1:${await listen(http.createServer())}`;
    await expect(connect({ url }).post(BODY, {}, NEVER)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      message: expect.stringMatching(/No TLS connection/) as string,
      remedy: expect.stringMatching(/plain text: write http:\/\/ in url/) as string,
    });
  });
});

describe('a proxy', () => {
  test('is asked for http with the whole address', async () => {
    const seen: Seen[] = [];
    const port = await listen(http.createServer(noting(seen)));
    const connection = connect(
      { url: 'http://me:own@loki.test:3100' },
      { http_proxy: `http://you:there@127.0.0.1:${port}` },
    );
    expect(await connection.post(BODY, {}, NEVER)).toMatchObject({ status: 204 });
    expect(seen[0].url).toBe('http://loki.test:3100/push');
    expect(seen[0].headers).toMatchObject({
      host: 'loki.test:3100',
      authorization: `Basic ${btoa('me:own')}`,
      'proxy-authorization': `Basic ${btoa('you:there')}`,
    });
  });

  test('is asked for https with a tunnel, and sees nothing of what goes through', async () => {
    const seen: Seen[] = [];
    const server = https.createServer({ key: pem('server.key'), cert: pem('server.pem') }, noting(seen));
    const port = await listen(server);
    const tunnels: [string | undefined, string | undefined][] = [];
    const proxy = http.createServer().on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
      tunnels.push([request.url, request.headers['proxy-authorization']]);
      if (request.headers['proxy-authorization'] === undefined) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const there = net.connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(there).pipe(socket);
      });
      there.on('error', () => socket.destroy());
      socket.on('error', () => there.destroy());
      socket.on('close', () => there.destroy());
    });
    const proxyPort = await listen(proxy);
    const config = { url: 'https://loki.test', tls: { caFile: file('ca.pem'), insecureSkipVerify: false } };
    const connection = connect({ ...config, proxyUrl: `http://you:there@127.0.0.1:${proxyPort}` });
    await connection.post(BODY, {}, NEVER);
    await connection.post(BODY, { 'x-scope-orgid': 'team' }, NEVER);
    expect(seen.map(({ url, headers }) => [url, headers['proxy-authorization']])).toEqual([
      ['/push', undefined],
      ['/push', undefined],
    ]);
    expect(new Set(tunnels.map(String))).toEqual(new Set([`loki.test:443,Basic ${btoa('you:there')}`]));
    const stranger = connect({ ...config, proxyUrl: `http://127.0.0.1:${proxyPort}` });
    await expect(stranger.post(BODY, {}, NEVER)).rejects.toMatchObject({ code: 'SINK_REFUSED' });
  });
});
