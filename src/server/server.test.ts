import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Logger, silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import type { LedgerReport } from '../telemetry/ledger/report.js';
import { gapsView } from './gap-view.js';
import { createHostGuard } from './guard.js';
import { type RunningServer, type ServerOptions, startServer } from './server.js';
import { TailHub, type TailJournal } from './tail/hub.js';
import { fakeAgent, serverOptions, windowFile } from './testing/server-options.js';
import type { AgentView } from './view.js';

const UI = path.resolve(import.meta.dirname, '../../ui');
const HTML_TYPE = 'text/html; charset=utf-8';
const SCRIPT = '/assets/index-1.js';
const WINDOW = new Map(
  [
    windowFile('index.html', HTML_TYPE, readFileSync(path.join(UI, 'index.html'), 'utf8')),
    windowFile('login.html', HTML_TYPE, readFileSync(path.join(UI, 'login.html'), 'utf8')),
    windowFile(SCRIPT.slice(1), 'text/javascript; charset=utf-8', 'console.log(1);', { gzip: 'zipped' }),
  ].map((file) => [file.name, file]),
);

const STATS = { committedLsn: 0, linesUncommitted: 0, linesJournaled: 12 } as unknown as TailJournal['stats'];
const JOURNAL: TailJournal = {
  stats: STATS,
  barrier: () => Promise.resolve(0),
  recent: () => Promise.resolve([]),
};

const CONTAINER = {
  id: '1',
  name: 'web',
  image: 'nginx',
  state: 'running',
  transport: 'file',
  transportWhy: 'its log file can be read',
  why: '',
  gaps: 1,
  labels: { container: 'web' },
  composeProject: null,
  startedAt: null,
  restarts: null,
  linesPerSecond: 0,
  bytesPerSecond: 0,
  rates: [],
  lines: 3,
  bytes: 30,
  lastLine: null,
  lagSeconds: 0,
  rotations: 0,
  partial: 0,
  cut: 0,
};
const LEDGER: LedgerReport = {
  since: '2026-11-22T09:00:00.000Z',
  sources: [],
  journal: { before: 1, encoded: 2, committed: 2, uncommitted: 1, unaccounted: 0 },
  sinks: [],
  unaccounted: { reader: 0 },
};
const GAPS = gapsView({
  newest: [
    {
      number: 7,
      toldMs: 1_700_000_000_123,
      container: 'web',
      why: 'rotated',
      from: { seconds: 1_700_000_000, nanos: 5 },
      to: { seconds: 1_700_000_001, nanos: 0 },
    },
  ],
  counts: new Map([['rotated', 1]]),
});
const CONFIG = { log_level: 'info', file: '/etc/log-capturer/config.yaml', yaml: 'log_level: info\n' };
const CHECKED = { ok: true, problems: [], effective: null, differs: [], changes: [] };
const METRICS = { contentType: 'text/plain; version=0.0.4', exposition: () => Promise.resolve('up 1\n') };

const API = [
  'build',
  'config',
  'containers',
  'sinks',
  'dead-letters',
  'ledger',
  'gaps',
  'journal',
  'tail?follow=0',
].map((name) => `/api/v1/${name}`);

const TOKEN = 'a-token-of-the-test';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const HTML = { accept: 'text/html,*/*' };
const LINK = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

let root: Scope;
let dataDir: string;
let hub: TailHub;
let health: Health;
let server: RunningServer;
let agent: AgentView;

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  hub = new TailHub(JOURNAL);
  health = new Health(() => 1);
  agent = fakeAgent({
    health,
    journal: { stats: STATS },
    config: {
      view: () => CONFIG,
      check: (_, text = '') => Promise.resolve({ ...CHECKED, effective: text }),
    },
    containers: () => [CONTAINER],
    gaps: () => GAPS,
    ledger: () => LEDGER,
    sinks: () => [{ name: 'local', linesRejected: new Map([['too long', 2]]) }],
  });
  dataDir = mkdtempSync(path.join(tmpdir(), 'log-capturer-server-'));
  server = await startServer(root, options());
});

afterEach(async () => {
  await root.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function options(given: Partial<ServerOptions> = {}): ServerOptions {
  return serverOptions({ dataDir, agent, metrics: METRICS, tail: hub, window: WINDOW, ...given });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body = '',
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

describe('the API', () => {
  test.each<[string, unknown]>([
    ['/ready', { ready: true }],
    ['/api/v1/build', { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false, onDisk: null }],
    [
      '/api/v1/containers',
      {
        containers: [CONTAINER],
      },
    ],
    ['/api/v1/sinks', { sinks: [{ name: 'local', linesRejected: { 'too long': 2 } }] }],
    ['/api/v1/ledger', LEDGER],
    [
      '/api/v1/gaps',
      {
        gaps: [
          {
            number: 7,
            told: '2023-11-14T22:13:20.123Z',
            container: 'web',
            sink: null,
            why: 'rotated',
            from: '2023-11-14T22:13:20.000000005Z',
            to: '2023-11-14T22:13:21.000000000Z',
            lines: null,
            text: 'lines from 2023-11-14T22:13:20.000000005Z to 2023-11-14T22:13:21.000000000Z are missing: the log rotated faster than it could be read',
          },
        ],
        counts: { rotated: 1 },
      },
    ],
    ['/api/v1/journal', STATS],
    ['/api/v1/config', CONFIG],
  ])('%s', async (path, expected) => {
    const { status, headers, body } = await ask(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual(expected);
  });

  test('/metrics', async () => {
    const { status, headers, body } = await ask('/metrics');
    expect([status, headers['content-type'], body]).toEqual([200, METRICS.contentType, 'up 1\n']);
  });

  test('/health: 503 only where it is unhealthy', async () => {
    expect(JSON.parse((await ask('/health')).body)).toMatchObject({ status: 'healthy', components: {} });
    health.set('docker', 'degraded', 'No engine.');
    const degraded = await ask('/health');
    expect(degraded.status).toBe(200);
    expect(JSON.parse(degraded.body)).toEqual({
      status: 'degraded',
      components: { docker: { state: 'degraded', reason: 'No engine.', since: 1 } },
      build: agent.build,
    });
    health.set('journal', 'unhealthy', 'Broken.');
    expect((await ask('/health')).status).toBe(503);
  });

  test('the page and its parts, from memory, with no way out of their folder', async () => {
    for (const [path, type] of [
      ['/', HTML_TYPE],
      [SCRIPT, 'text/javascript; charset=utf-8'],
    ]) {
      const { status, headers } = await ask(path);
      expect([status, headers['content-type']]).toEqual([200, type]);
    }
    for (const path of [
      '/../server.js',
      '/%2e%2e/server.js',
      '/assets/',
      '/assets/../login.html',
      '/login.html',
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });

  test('what it does not know it refuses as JSON', async () => {
    const missing = await ask('/nothing');
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.body)).toEqual({
      error: { code: 'NOT_FOUND', message: 'There is no GET /nothing.' },
    });
    expect((await ask('/api/v1/build', {}, 'POST')).status).toBe(404);
    expect((await ask('/api/v1/tail', {}, 'HEAD')).status).toBe(404);
    for (const query of ['n=x', 'n=999999', 'follow=maybe', 'nn=1', `grep=${'x'.repeat(1001)}`]) {
      const { status, body } = await ask(`/api/v1/tail?${query}`);
      expect([query, status]).toEqual([query, 400]);
      expect(JSON.parse(body).error.message).toMatch(/\.$/);
    }
  });
});

describe('who may ask', () => {
  test.each([
    ['localhost', 200],
    ['localhost:8401', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:8401', 200],
    ['10.1.2.3', 200],
    ['LOCALHOST', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['[::1', 403],
    ['a b', 403],
    ['user@localhost', 403],
  ])('Host %j: %i', async (host, expected) => {
    const { status, body } = await ask('/api/v1/containers', { host });
    expect(status).toBe(expected);
    if (expected === 403) expect(body).not.toContain('nginx');
  });

  test('a request without a Host', () => {
    const isAllowed = createHostGuard('127.0.0.1');
    expect([undefined, '', 'localhost'].map(isAllowed)).toEqual([false, false, true]);
    expect(createHostGuard('my.box')('MY.box:8401')).toBe(true);
  });

  test('other sites may neither read, frame nor run anything', async () => {
    for (const path of ['/', '/api/v1/build', '/nothing', '/api/v1/tail?follow=0']) {
      const { status, headers } = await ask(path, { origin: 'http://evil.example' });
      expect([path, status]).toEqual([path, 403]);
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  const own = { host: 'localhost:8401' };
  test.each<[string, Record<string, string>, number]>([
    ['the page itself', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8401' }, 200],
    ['the page itself, by an old browser', { origin: 'http://localhost:8401' }, 200],
    ['an address that somebody typed', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
    ['a program', {}, 200],
    ['a link that somebody follows', LINK, 200],
    ["another site's picture", { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ["another site's frame", { ...LINK, 'sec-fetch-dest': 'iframe' }, 403],
    ['a page of another port here', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403],
    ['another site, by an old browser', { origin: 'http://evil.example' }, 403],
    ['another port here, by an old browser', { origin: 'http://localhost:3000' }, 403],
    ['a frame without an origin', { origin: 'null' }, 403],
    // The name of the site leads here (DNS rebinding): then the browser takes the two for one.
    ['a name that leads here', { host: 'evil.example', 'sec-fetch-site': 'same-origin' }, 403],
  ])('%s', async (_, headers, expected) => {
    const { status, body } = await ask('/api/v1/containers', { ...own, ...headers });
    expect(status).toBe(expected);
    if (expected === 403) expect(body).not.toContain('nginx');
  });

  test('a form of another site that is sent here by itself changes nothing', async () => {
    server = await startServer(root, options({ token: TOKEN }));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask('/login', { ...own, ...LINK, ...form }, 'POST', `token=${TOKEN}`);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
    const redrive = await ask('/api/v1/dead-letters/redrive', { ...own, ...LINK, ...BEARER }, 'POST');
    expect([redrive.status, JSON.parse(redrive.body).error.code]).toEqual([403, 'SITE_REFUSED']);
  });

  test('the page has no inline script or style, which the policy would stop', async () => {
    const { body } = await ask('/');
    expect(body).not.toMatch(/<script(?![^>]*src=)|<style| style=| on[a-z]+=/);
  });
});

describe('the login', () => {
  const restart = async (given: Partial<ServerOptions>): Promise<void> => {
    server = await startServer(root, options(given));
  };
  const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';

  test.each<[string, Partial<ServerOptions>, boolean]>([
    ['auto on loopback', {}, false],
    ['auto on all addresses', { host: '0.0.0.0' }, true],
    ['auto with a token', { token: TOKEN }, true],
    ['token on loopback', { auth: 'token' }, true],
    ['none on all addresses', { host: '0.0.0.0', auth: 'none' }, false],
    ['none with a token', { auth: 'none', token: TOKEN }, false],
  ])('%s', async (_, given, isRequired) => {
    await restart(given);
    expect((await ask('/api/v1/build')).status).toBe(isRequired ? 401 : 200);
    expect(server.loginUrl !== undefined).toBe(isRequired && given.token === undefined);
  });

  test('everything is behind it but what a supervisor asks', async () => {
    await restart({ token: TOKEN });
    health.set('docker', 'degraded', 'A reason.');
    for (const path of ['/', '/metrics', '/nothing', ...API]) {
      const { status, headers, body } = await ask(path);
      expect([path, status, headers['www-authenticate']]).toEqual([path, 401, 'Bearer']);
      expect(JSON.parse(body).error).toEqual({
        code: 'LOGIN_REQUIRED',
        message: 'A login is required here.',
        remedy: expect.stringContaining('Authorization: Bearer'),
      });
    }
    expect(JSON.parse((await ask('/health')).body)).toEqual({ status: 'degraded' });
    expect(JSON.parse((await ask('/ready')).body)).toEqual({ ready: true });
    for (const path of ['/', '/metrics', ...API]) expect((await ask(path, BEARER)).status).toBe(200);
    expect(JSON.parse((await ask('/health', BEARER)).body)).toMatchObject({ components: { docker: {} } });
  });

  test('the printed URL gives a cookie and leads to the page, without the token in the address', async () => {
    await restart({ auth: 'token' });
    const { pathname, search } = new URL(server.loginUrl ?? '');
    const entered = await ask(pathname + search);
    expect([entered.status, entered.headers.location]).toEqual([303, './']);
    const cookie = entered.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(
      /^log-capturer-[0-9a-f]{8}=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const token = new URLSearchParams(search).get('token') ?? '';
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(cookie).not.toContain(token);
    expect((await ask('/api/v1/build', { cookie: `other=1; ${cookieOf(entered)}` })).status).toBe(200);
    expect((await ask('/api/v1/build', { cookie: `${cookieOf(entered)}x` })).status).toBe(401);
  });

  test('the token is kept where only its owner can read, and token and cookie outlive a restart', async () => {
    await restart({ auth: 'token' });
    const { pathname, search } = new URL(server.loginUrl ?? '');
    const cookie = cookieOf(await ask(pathname + search));
    await restart({ auth: 'token' });
    expect(new URL(server.loginUrl ?? '').search).toBe(search);
    expect((await ask('/api/v1/build', { cookie })).status).toBe(200);
    const file = path.join(dataDir, 'token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(`?token=${readFileSync(file, 'utf8')}`).toBe(`${search}\n`);
    await restart({ auth: 'token', token: TOKEN });
    expect((await ask('/api/v1/build', { cookie })).status).toBe(401);
  });

  test('a browser gets a form, which may send to here only and has no scripts', async () => {
    await restart({ token: TOKEN });
    const page = await ask('/', HTML);
    expect([page.status, page.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("form-action 'self'");
    expect(page.body).not.toMatch(/<script|http-equiv|<!-- (refresh|note)/);
    expect((await ask('/api/v1/build', HTML)).headers['content-type']).toContain('json');

    const form = { ...HTML, 'content-type': 'application/x-www-form-urlencoded' };
    const wrong = await ask('/login', form, 'POST', 'token=wrong');
    expect([wrong.status, wrong.body.includes('That is not the token.')]).toEqual([401, true]);
    const right = await ask('/login', form, 'POST', `token=${TOKEN}`);
    expect([right.status, right.headers.location]).toEqual([303, './']);
    expect((await ask('/', { cookie: cookieOf(right) })).status).toBe(200);
  });

  test('a link from another site asks once more, from here, for the sake of the strict cookie', async () => {
    await restart({ token: TOKEN });
    const fromElsewhere = { ...HTML, ...LINK };
    expect((await ask('/', fromElsewhere)).body).toContain('http-equiv="refresh" content="0; url=./?again"');
    expect((await ask('/?again', fromElsewhere)).body).not.toContain('http-equiv');
  });

  test.each([
    ['who has one that nobody can guess', 'a-token-that-nobody-guesses', 200, 303],
    ['who has one that could be guessed waits too', 'sesame', 429, 429],
  ])(
    'wrong tokens are said once each, and after too many from an address it waits: %s',
    async (_, token, api, page) => {
      const said: string[] = [];
      const log: Logger = { ...silentLogger, warn: (_fields, message) => said.push(message) };
      await restart({ token, log });
      const entered = await ask(`/?token=${token}`);
      for (let i = 0; i < 10; i++) {
        const { status, body } = await ask('/metrics', { authorization: `Bearer wrong-${i}` });
        expect([status, JSON.parse(body).error.code]).toEqual([401, 'LOGIN_WRONG']);
      }
      const limited = await ask('/metrics', { authorization: 'Bearer wrong-10' });
      expect([limited.status, JSON.parse(limited.body).error.code]).toEqual([429, 'LOGIN_LIMITED']);
      expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
      expect((await ask('/', { ...HTML, authorization: 'Bearer x' })).status).toBe(429);
      expect(said).toEqual(Array(10).fill('A login from 127.0.0.1 failed: wrong token.'));
      // Behind a proxy everybody has one address.
      expect((await ask('/metrics', { authorization: `Bearer ${token}` })).status).toBe(api);
      expect((await ask(`/?token=${token}`)).status).toBe(page);
      expect((await ask('/metrics', { cookie: cookieOf(entered) })).status).toBe(200);
    },
  );

  test('names beside the usual ones must be allowed, also with a login', async () => {
    await restart({ token: TOKEN, allowedHosts: ['Logs.example.org'] });
    expect((await ask('/metrics', { ...BEARER, host: 'logs.example.org' })).status).toBe(200);
    const other = await ask('/metrics', { ...BEARER, host: 'example.org' });
    expect([other.status, JSON.parse(other.body).error.remedy]).toEqual([
      403,
      expect.stringContaining('server.allowed_hosts'),
    ]);
  });
});

describe('the port', () => {
  test('taken by another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startServer(root, options({ port }))).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
      remedy: expect.stringContaining('--port'),
    });
    other.close();
  });

  test('of an address that is not ours', async () => {
    const elsewhere = options({ host: '203.0.113.1', auth: 'none' });
    await expect(startServer(root, elsewhere)).rejects.toMatchObject({ code: 'PORT_NOT_ALLOWED' });
  });
});

/** A client at the socket, so that it can refuse to read. */
