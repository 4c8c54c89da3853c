import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { ApiError } from './api.js';
import type { SentEvent } from './event-parser.js';
import { openStream } from './sse.js';

let server: Server | undefined;
let close: (() => void) | undefined;

afterEach(() => {
  close?.();
  server?.closeAllConnections();
  server?.close();
  vi.unstubAllGlobals();
});

/** Addresses of the page are relative to it: here to a server that answers as `listener` says. */
async function serve(listener: RequestListener): Promise<void> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  const real = fetch;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) =>
    real(new URL(url, `http://127.0.0.1:${port}/base/`), init),
  );
}

interface Ended {
  readonly error: ApiError | undefined;
  readonly retryMs: number | undefined;
}

it('events come in order, each connection is told, and a stream that broke is opened again', async () => {
  const asked: (string | undefined)[] = [];
  await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${asked.length}a\n\nevent: x\ndata: ${asked.length}b\n\n`);
    if (asked.length === 1) setTimeout(() => response.destroy(), 20);
  });
  const seen: string[] = [];
  const ended: Ended[] = [];
  await new Promise<void>((resolve) => {
    close = openStream('api/v1/tail', {
      params: { query: '{a="b"} |= "c&d"', n: 5 },
      retries: true,
      opened: () => seen.push('opened'),
      events: (events: readonly SentEvent[]) => {
        seen.push(...events.map(({ name, data }) => `${name} ${data}`));
        if (seen.includes('x 2b')) resolve();
      },
      ended: (error, retryMs) => ended.push({ error, retryMs }),
    });
  });
  expect(seen).toEqual(['opened', 'message 1a', 'x 1b', 'opened', 'message 2a', 'x 2b']);
  expect(ended.map(({ error }) => error?.code)).toEqual(['UNREACHABLE']);
  expect(ended[0].retryMs).toBeLessThanOrEqual(500);
  expect(asked).toEqual(Array(2).fill('/base/api/v1/tail?query=%7Ba%3D%22b%22%7D+%7C%3D+%22c%26d%22&n=5'));
});

it('what the agent refuses is told as it says it, and not tried again', async () => {
  let asked = 0;
  await serve((_request, response) => {
    asked++;
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'BAD_REQUEST', message: 'no', remedy: 'do', at: 7 } }));
  });
  const { error, retryMs } = await new Promise<Ended>((resolve) => {
    close = openStream('q', {
      retries: true,
      events() {},
      ended: (error, retryMs) => resolve({ error, retryMs }),
    });
  });
  expect(error).toMatchObject({ code: 'BAD_REQUEST', message: 'no', remedy: 'do', at: 7, status: 400 });
  expect(retryMs).toBeUndefined();
  expect(asked).toBe(1);
});

it('what is busy is tried again where that is wanted, and told where it is not', async () => {
  let asked = 0;
  await serve((_request, response) => {
    asked++;
    response.writeHead(asked === 1 ? 503 : 200, { 'content-type': 'text/event-stream' });
    response.end(asked === 1 ? '{"error":{"code":"TOO_MANY","message":"full"}}' : 'data: now\n\n');
  });
  const codes: (string | undefined)[] = [];
  await new Promise<void>((resolve) => {
    close = openStream('q', {
      retries: true,
      events: () => resolve(),
      ended: (error) => codes.push(error?.code),
    });
  });
  expect(codes).toEqual(['TOO_MANY']);
  close?.();
  asked = 0;
  const once = await new Promise<Ended>((resolve) => {
    close = openStream('q', { events() {}, ended: (error, retryMs) => resolve({ error, retryMs }) });
  });
  expect(once).toMatchObject({ error: { code: 'TOO_MANY' }, retryMs: undefined });
});

it('an answer that ends by itself is no error, and one that is closed is told nothing', async () => {
  await serve((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: a\n\n');
    if (request.url?.endsWith('ends')) response.end();
  });
  const ended = await new Promise<Ended>((resolve) => {
    close = openStream('ends', { events() {}, ended: (error, retryMs) => resolve({ error, retryMs }) });
  });
  expect(ended).toEqual({ error: undefined, retryMs: undefined });

  const gone = new Promise<void>((resolve) =>
    server?.once('request', (request) => request.once('close', () => resolve())),
  );
  const told = vi.fn();
  await new Promise<void>((resolve) => {
    close = openStream('stays', { events: () => resolve(), ended: told });
  });
  close?.();
  await gone;
  expect(told).not.toHaveBeenCalled();
});

it('something else than the agent is named as such', async () => {
  await serve((_request, response) => {
    response.writeHead(404, { 'content-type': 'text/html' });
    response.end('<h1>nginx</h1>');
  });
  const { error } = await new Promise<Ended>((resolve) => {
    close = openStream('q', { events() {}, ended: (error, retryMs) => resolve({ error, retryMs }) });
  });
  expect(error).toMatchObject({ code: 'UNREACHABLE', status: 404 });
});
