/** The way to the server: under a path of its own behind a proxy, and under TLS. */
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { healthcheck } from '../cli/commands/healthcheck.js';
import { findAgent } from '../cli/running-agent.js';
import { Scope } from '../runtime/scope.js';
import { type ServerOptions, startServer } from './server.js';
import { fakeAgent, serverOptions, windowFile } from './testing/server-options.js';

const TLS = path.resolve(import.meta.dirname, '../sinks/http/testing/tls');
const TOKEN = 'a-token-of-the-test-that-is-long';
const WINDOW = new Map(
  [
    windowFile('index.html', 'text/html; charset=utf-8', 'the page'),
    windowFile('login.html', 'text/html; charset=utf-8', 'the form <!-- note -->'),
    windowFile('assets/index-1.js', 'text/javascript; charset=utf-8', 'the script'),
  ].map((file) => [file.name, file]),
);

let root: Scope;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-way-'));
  root = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await root.close();
  rmSync(folder, { recursive: true });
});

const start = (given: Partial<ServerOptions>) =>
  startServer(root, serverOptions({ dataDir: folder, window: WINDOW, ...given }));

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body = '',
): Promise<Answer> {
  const sent = request(url, { agent: false, headers, method }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

describe('under a base path', () => {
  test('everything is below it, and nothing beside it', async () => {
    const { url, port } = await start({ basePath: '/logs' });
    expect(url).toBe(`http://127.0.0.1:${port}/logs`);
    const origin = `http://127.0.0.1:${port}`;
    expect((await ask(`${url}/`)).body).toBe('the page');
    expect((await ask(`${url}/assets/index-1.js`)).body).toBe('the script');
    expect((await ask(`${url}/api/v1/containers`)).body).toBe('{"containers":[]}');
    for (const beside of ['/api/v1/containers', '/logsx/', '/logs/../api/v1/containers', '/health', '/log'])
      expect([beside, (await ask(origin + beside)).status]).toEqual([beside, 404]);
    expect(JSON.parse((await ask(`${origin}/health`)).body).error).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Everything here is under /logs/.',
    });
  });

  test('the root and the path without its slash lead to the page, with what was asked', async () => {
    const { port } = await start({ basePath: '/logs/here' });
    const origin = `http://127.0.0.1:${port}`;
    for (const [from, to] of [
      ['/', '/logs/here/'],
      ['/logs/here', '/logs/here/'],
      ['/logs/here?token=x', '/logs/here/?token=x'],
    ]) {
      const { status, headers } = await ask(origin + from);
      expect([from, status, headers.location]).toEqual([from, 302, to]);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    }
    expect((await ask(`${origin}/logs/here`, {}, 'POST')).status).toBe(404);
  });

  test('the document of the API names it, and its page is found', async () => {
    const { url } = await start({ basePath: '/logs' });
    const { servers } = JSON.parse((await ask(`${url}/api/v1/openapi.json`)).body) as { servers: unknown };
    expect(servers).toEqual([{ url: '/logs' }]);
    const { headers } = await ask(`${url}/api/v1/docs`);
    expect(new URL(headers.location ?? '', `${url}/api/v1/docs`).href).toBe(`${url}/api.html`);
  });

  test('behind a proxy: the login, its cookie and what it leads to stay below it', async () => {
    const { port } = await start({
      basePath: '/logs',
      auth: 'token',
      token: TOKEN,
      allowedHosts: ['ops.example'],
    });
    const proxy = createServer((incoming, outgoing) => {
      const { url, method, headers } = incoming;
      const passed = request(
        { host: '127.0.0.1', port, path: url, method, headers, agent: false },
        (response) => {
          outgoing.writeHead(response.statusCode ?? 0, response.headers);
          response.pipe(outgoing);
        },
      );
      incoming.pipe(passed);
    }).listen(0, '127.0.0.1');
    root.own('server', 'proxy', () => void proxy.close());
    await once(proxy, 'listening');
    const page = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/logs/`;
    const host = { host: 'ops.example' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const entered = await ask(`${page}login`, { ...host, ...form }, 'POST', `token=${TOKEN}`);
    expect([entered.status, new URL(entered.headers.location ?? '', `${page}login`).href]).toEqual([
      303,
      page,
    ]);
    const cookie = entered.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/; Path=\/logs; HttpOnly; SameSite=Strict$/);
    const { status, body } = await ask(page, { ...host, cookie: cookie.split(';')[0] });
    expect([status, body]).toEqual([200, 'the page']);
    expect((await ask(page, { host: 'evil.example' })).status).toBe(403);
  });

  test('commands of this machine find it there', async () => {
    const { port } = await start({ basePath: '/logs' });
    const config = path.join(folder, 'c.yaml');
    writeFileSync(config, `server: { port: ${port}, base_path: /logs/ }`);
    const said = vi.spyOn(console, 'log').mockReturnValue();
    expect(await healthcheck({ config })).toBe(0);
    expect(said).toHaveBeenLastCalledWith('healthy');
    expect(await healthcheck({ url: `http://127.0.0.1:${port}/logs` })).toBe(0);
    expect(await healthcheck({ url: `http://127.0.0.1:${port}` })).toBe(1);
  });
});

describe('under TLS', () => {
  const certFile = (): string => path.join(folder, 'cert.pem');
  const keyFile = (): string => path.join(folder, 'key.pem');
  const tls = (): { certFile: string; keyFile: string } => ({ certFile: certFile(), keyFile: keyFile() });
  const use = (name: 'server' | 'client'): void => {
    copyFileSync(path.join(TLS, `${name}.pem`), certFile());
    copyFileSync(path.join(TLS, `${name}.key`), keyFile());
  };

  beforeEach(() => use('server'));

  /** Shakes hands; the certificate need not be trusted. Answers who the server says it is. */
  async function askOverTls(
    url: string,
  ): Promise<Answer & { readonly name: string; readonly protocol: string }> {
    const sent = requestOverTls(url, { agent: false, rejectUnauthorized: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const socket = response.socket as TLSSocket;
    const name = String(socket.getPeerCertificate().subject.CN);
    const protocol = socket.getProtocol() ?? '';
    return {
      name,
      protocol,
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await text(response),
    };
  }

  test('a real handshake with its certificate, and a cookie for nothing else', async () => {
    const { url } = await start({ tls: tls(), auth: 'token', token: TOKEN });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { name, protocol, status, headers } = await askOverTls(`${url}/?token=${TOKEN}`);
    expect([name, protocol, status]).toEqual(['server', 'TLSv1.3', 303]);
    expect(headers['set-cookie']?.[0]).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    // Without TLS there is no answer.
    await expect(ask(url.replace('https', 'http'))).rejects.toThrow();
    expect(root.holdings().socket).toBe(1);
  });

  test('a renewed certificate is taken within a minute; a broken one is not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const said: string[] = [];
    const log = {
      ...serverOptions().log,
      info: (_: object, text: string) => said.push(text),
      warn: (_: object, text: string) => said.push(text),
    };
    const { url } = await start({ tls: tls(), log });
    use('client');
    utimesSync(certFile(), 2e9, 2e9);
    expect((await askOverTls(`${url}/health`)).name).toBe('server');
    vi.advanceTimersByTime(60_000);
    expect((await askOverTls(`${url}/health`)).name).toBe('client');
    writeFileSync(certFile(), 'no certificate');
    vi.advanceTimersByTime(60_000);
    expect((await askOverTls(`${url}/health`)).name).toBe('client');
    expect(said).toEqual([
      'The new certificate of server.tls is in use.',
      expect.stringMatching(
        /^The old certificate of server\.tls stays in use\. .*cert\.pem.* cannot be used/,
      ),
    ]);
  });

  test.each<[string, () => void]>([
    ['not there', () => rmSync(keyFile())],
    ['none', () => writeFileSync(certFile(), 'no certificate')],
    ["another one's key", () => copyFileSync(path.join(TLS, 'client.key'), keyFile())],
  ])('files that are no pair are told at the start: %s', async (_, spoil) => {
    spoil();
    await expect(start({ tls: tls() })).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining('server.tls'),
    });
  });

  test('commands of this machine trust the certificate of the configuration, and no other', async () => {
    const { port } = await start({ tls: tls(), agent: fakeAgent() });
    const config = path.join(folder, 'c.yaml');
    writeFileSync(config, `server: { port: ${port}, tls: { cert_file: cert.pem, key_file: key.pem } }`);
    const said = vi.spyOn(console, 'log').mockReturnValue();
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    expect(findAgent({ config }).url.href).toBe(`https://127.0.0.1:${port}/`);
    expect(await healthcheck({ config })).toBe(0);
    expect(await healthcheck({ url: `https://127.0.0.1:${port}` })).toBe(1);
    copyFileSync(path.join(TLS, 'client.pem'), certFile());
    expect(await healthcheck({ config })).toBe(1);
    expect(said.mock.calls.map(([line]) => String(line).split(':')[0])).toEqual([
      'healthy',
      'unreachable',
      'unreachable',
    ]);
  });
});
