import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batch } from '../../pipeline/batch.js';
import { type Stream, StreamTable } from '../../pipeline/streams.js';
import { Scope } from '../../runtime/scope.js';
import { type RunningServer, startServer } from '../server.js';
import { QUIET_JOURNAL, serverOptions } from '../testing/server-options.js';
import { TailHub } from './hub.js';

let root: Scope;
let hub: TailHub;
let server: RunningServer;
const streams = new StreamTable();
const web: Stream = streams.acquire({ container: 'web', stream: 'stdout' });

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  hub = new TailHub(QUIET_JOURNAL);
  server = await startServer(root, serverOptions({ tail: hub }));
});

afterEach(() => root.close());

async function ask(path: string): Promise<{ status: number; body: string }> {
  const sent = request({ host: '127.0.0.1', port: server.port, path, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, body };
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

test('a query that is wrong is refused, with the place', async () => {
  const { status, body } = await ask(`/api/v1/tail?query=${encodeURIComponent('{a="b"} |~ "("')}`);
  expect(status).toBe(400);
  expect(JSON.parse(body)).toEqual({
    error: { code: 'BAD_REQUEST', message: expect.stringContaining('a ( is not closed'), at: 14 },
  });
  const right = await ask(`/api/v1/tail?follow=0&query=${encodeURIComponent('{a="b"} |~ "x"')}`);
  expect(right).toEqual({ status: 200, body: 'event: end\ndata: {"reason":"complete"}\n\n' });
});

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

  test('has room for 128 clients, then says so', async () => {
    const sockets: Socket[] = [];
    for (let i = 1; i <= 128; i++) {
      sockets.push(await openTail('/api/v1/tail'));
      await until(() => hub.clients === i);
    }
    const refused = await ask('/api/v1/tail');
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.body).error.message).toBe('128 clients follow the tail already.');
    for (const socket of sockets) socket.destroy();
    await until(() => hub.clients === 0);
    expect((await ask('/api/v1/tail?follow=0')).status).toBe(200);
  });
});
