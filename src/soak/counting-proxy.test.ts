import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Scope } from '../runtime/scope.js';
import { CountingProxy } from './counting-proxy.js';

/** Only a hang misses it. */
const PATIENCE_MS = 20_000;

let scope: Scope;
let folder: string;
let engine: http.Server;
let engineConnections: Set<Socket>;
/** Answers that are begun and not ended. */
let open: http.ServerResponse[];
let proxy: CountingProxy;

beforeEach(async () => {
  scope = Scope.root('test', (error) => {
    throw error;
  });
  folder = mkdtempSync(path.join(tmpdir(), 'lct-proxy-'));
  engineConnections = new Set();
  open = [];
  engine = http.createServer((request, response) => {
    if (request.url?.includes('follow=1')) {
      open.push(response);
      response.write('first bytes');
    } else {
      response.end(`answer to ${request.url}`);
    }
  });
  engine.on('connection', (socket) => {
    engineConnections.add(socket);
    socket.once('close', () => engineConnections.delete(socket));
  });
  const target = { socketPath: path.join(folder, 'engine.sock') };
  await new Promise<void>((resolve) => engine.listen(target.socketPath, resolve));
  proxy = await CountingProxy.start(scope, { url: 'unix:', target }, socketPath());
});

afterEach(async () => {
  await scope.close();
  engine.closeAllConnections();
  await new Promise((resolve) => engine.close(resolve));
  rmSync(folder, { recursive: true });
});

function socketPath(): string {
  return path.join(folder, 'proxy.sock');
}

async function get(target: string, agent?: http.Agent): Promise<http.IncomingMessage> {
  const request = http.get({ socketPath: socketPath(), path: target, agent: agent ?? false });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.on('error', () => {});
  return response;
}

async function body(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const isEmpty = (): Promise<void> =>
  vi.waitFor(() => expect([proxy.connections, engineConnections.size]).toEqual([0, 0]), { timeout: 10_000 });

describe('the counting proxy', () => {
  it('hands on and counts requests for logs, and those that follow, on one connection or on many', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const target of [
      '/version',
      '/v1.41/containers/json?all=1',
      '/v1.41/containers/abc/json',
      '/v1.41/containers/abc/logs?stdout=1&follow=0&tail=1',
      '/containers/abc/logs?tail=16',
    ]) {
      expect(await body(await get(target, agent))).toBe(`answer to ${target}`);
    }
    const following = await get('/v1.41/containers/abc/logs?stdout=1&follow=1&tail=all');
    expect(proxy.counts).toEqual({ logRequests: 3, followRequests: 1, unheard: 0 });
    agent.destroy();
    following.destroy();
    await isEmpty();
  });

  it('counts a request whose head comes in pieces', async () => {
    const client = connect(socketPath());
    for (const piece of ['GET /containers/a/lo', 'gs?follow=1 HTTP/1.1\r\nHost: x\r', '\n\r', '\n']) {
      client.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(client, 'data');
    expect(proxy.counts).toEqual({ logRequests: 1, followRequests: 1, unheard: 0 });
    client.destroy();
    await isEmpty();
  });

  it('holds nothing once its client has gone, and tells the client when the engine has', async () => {
    const first = await get('/containers/a/logs?follow=1');
    const second = await get('/containers/b/logs?follow=1');
    await vi.waitFor(() => expect([proxy.connections, engineConnections.size]).toEqual([2, 2]), PATIENCE_MS);
    first.destroy();
    await vi.waitFor(() => expect([proxy.connections, engineConnections.size]).toEqual([1, 1]), PATIENCE_MS);
    const ended = body(second);
    open[1].end('last bytes');
    expect(await ended).toBe('first byteslast bytes');
    await isEmpty();
  });

  it('cuts connections on demand, and goes on', async () => {
    const response = await get('/containers/a/logs?follow=1');
    const cut = new Promise<void>((resolve) => response.once('close', resolve));
    proxy.killConnections();
    await cut;
    expect(response.complete).toBe(false);
    await isEmpty();
    expect(await body(await get('/version'))).toBe('answer to /version');
  });

  it('counts what is cut before it was asked for anything', async () => {
    const client = connect(socketPath());
    client.on('error', () => {});
    client.write('GET /containers/a/lo');
    await vi.waitFor(() => expect(proxy.connections).toBe(1), PATIENCE_MS);
    proxy.killConnections();
    await isEmpty();
    expect(proxy.counts).toEqual({ logRequests: 0, followRequests: 0, unheard: 1 });
  });

  it('refuses its client where there is no engine', async () => {
    engine.closeAllConnections();
    await new Promise((resolve) => engine.close(resolve));
    const request = http.get({ socketPath: socketPath(), path: '/version', agent: false });
    await expect(once(request, 'response')).rejects.toThrow(/socket hang up|ECONNRESET/);
    await isEmpty();
  });
});
