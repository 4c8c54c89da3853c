import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batch } from '../pipeline/batch.js';
import { type Stream, StreamTable } from '../pipeline/streams.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { createHostGuard } from './guard.js';
import { type RunningServer, startServer } from './server.js';
import { TailHub, type TailJournal } from './tail-hub.js';
import type { AgentView } from './view.js';

const STATS = { committedLsn: 0, linesUncommitted: 0, linesJournaled: 12 } as unknown as TailJournal['stats'];
const JOURNAL: TailJournal = {
  stats: STATS,
  barrier: () => Promise.resolve(0),
  recent: () => Promise.resolve([]),
};

let root: Scope;
let hub: TailHub;
let health: Health;
let server: RunningServer;
let agent: AgentView;
const streams = new StreamTable();
const web: Stream = streams.acquire({ container: 'web', stream: 'stdout' });

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  hub = new TailHub(JOURNAL);
  health = new Health(() => 1);
  agent = {
    build: { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false },
    health,
    journal: { stats: STATS },
    containers: () => [
      { id: '1', name: 'web', image: 'nginx', state: 'running', transport: 'file', why: '' },
    ],
    sinks: () => [{ name: 'local', linesRejected: new Map([['too long', 2]]) }],
  };
  server = await startServer(root, { host: '127.0.0.1', port: 0, agent, tail: hub, log: silentLogger });
});

afterEach(() => root.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

function pushLines(count: number, text: string): void {
  const batch = new Batch(Buffer.from(text), count);
  for (let i = 0; i < count; i++) batch.add(0, batch.arena.length, web.id, 1, i, 0);
  hub.onBatch(batch, (id) => streams.get(id));
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

describe('the API', () => {
  test.each<[string, unknown]>([
    ['/ready', { ready: true }],
    ['/api/v1/build', { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false }],
    [
      '/api/v1/containers',
      {
        containers: [{ id: '1', name: 'web', image: 'nginx', state: 'running', transport: 'file', why: '' }],
      },
    ],
    ['/api/v1/sinks', { sinks: [{ name: 'local', linesRejected: { 'too long': 2 } }] }],
    ['/api/v1/journal', STATS],
  ])('%s', async (path, expected) => {
    const { status, headers, body } = await ask(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual(expected);
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
      ['/', 'text/html; charset=utf-8'],
      ['/page.js', 'text/javascript; charset=utf-8'],
      ['/page.css', 'text/css; charset=utf-8'],
    ]) {
      const { status, headers, body } = await ask(path);
      expect([status, headers['content-type']]).toEqual([200, type]);
      expect(body.length).toBeGreaterThan(100);
    }
    expect((await ask('/../server.js')).status).toBe(404);
    expect((await ask('/%2e%2e/server.js')).status).toBe(404);
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
      const { headers } = await ask(path, { origin: 'http://evil.example' });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  test('the page has no inline script or style, which the policy would stop', async () => {
    const { body } = await ask('/');
    expect(body).not.toMatch(/<script(?![^>]*src=)|<style| style=| on[a-z]+=/);
  });
});

describe('the port', () => {
  test('taken by another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const options = { host: '127.0.0.1', port, agent, tail: hub, log: silentLogger };
    await expect(startServer(root, options)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
      remedy: expect.stringContaining('--port'),
    });
    other.close();
  });

  test('of an address that is not ours', async () => {
    const options = { host: '203.0.113.1', port: 0, agent, tail: hub, log: silentLogger };
    await expect(startServer(root, options)).rejects.toMatchObject({ code: 'PORT_NOT_ALLOWED' });
  });
});

/** A client at the socket, so that it can refuse to read. */
async function openTail(path: string): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await until(() => hub.clients > 0);
  return socket;
}

function skippedIn(text: string): number {
  return [...text.matchAll(/event: skipped\ndata: {"lines":(\d+)}/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

describe('the tail', () => {
  test('a client that does not read costs two buffers and nobody else; later it hears how much it missed', async () => {
    const socket = await openTail('/api/v1/tail?n=0');
    socket.pause();
    const quick = await openTail('/api/v1/tail?n=0');
    let seen = '';
    quick.on('data', (chunk) => {
      seen += chunk.toString();
    });
    await until(() => hub.clients === 2);
    // The same lines for both, at a pace that the limit per second allows.
    const line = 'x'.repeat(4000);
    let pushed = 0;
    for (; pushed < 6000; pushed += 100) {
      pushLines(100, line);
      await pause(51);
    }
    await until(() => seen.split('"line":').length - 1 + skippedIn(seen) === pushed);
    expect(skippedIn(seen)).toBe(0);

    let late = '';
    socket.on('data', (chunk) => {
      late += chunk.toString();
    });
    socket.resume();
    await until(() => late.split('"line":').length - 1 + skippedIn(late) === pushed);
    expect(skippedIn(late)).toBeGreaterThan(1000);
    socket.destroy();
    quick.destroy();
    await until(() => hub.clients === 0);
  });

  test('nothing is left of a client that is gone', async () => {
    const before = JSON.stringify([...root.census()]);
    for (let i = 0; i < 5; i++) {
      const socket = await openTail('/api/v1/tail');
      pushLines(10, 'x');
      socket.destroy();
      await until(() => hub.clients === 0);
    }
    await until(() => JSON.stringify([...root.census()]) === before);
  });

  test('closing the agent says goodbye to everybody, also to those who do not read', async () => {
    const [reading, deaf] = [await openTail('/api/v1/tail'), await openTail('/api/v1/tail?n=1')];
    await until(() => hub.clients === 2);
    deaf.pause();
    let seen = '';
    reading.on('data', (chunk) => {
      seen += chunk.toString();
    });
    for (let i = 0; i < 20; i++) pushLines(100, 'x'.repeat(16_000));
    const ended = once(reading, 'close');
    await root.close();
    await ended;
    expect(seen).toContain('event: end\ndata: {"reason":"stopping"}');
    expect(hub.clients).toBe(0);
    deaf.destroy();
  });

  test('has room for 64 clients, then says so', async () => {
    const sockets: Socket[] = [];
    for (let i = 1; i <= 64; i++) {
      sockets.push(await openTail('/api/v1/tail'));
      await until(() => hub.clients === i);
    }
    const refused = await ask('/api/v1/tail');
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.body).error.message).toBe('64 clients follow the tail already.');
    for (const socket of sockets) socket.destroy();
    await until(() => hub.clients === 0);
    expect((await ask('/api/v1/tail?follow=0')).status).toBe(200);
  });
});
