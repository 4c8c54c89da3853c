import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockLine } from '../../../test/support/blocks.js';
import type { SyslogSinkConfig } from '../../config/types.js';
import type { Sink } from '../../pipeline/contract.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { anyDeliveries, block, deliver, deliverOnce, without } from '../http/testing/sink-kit.js';
import { createSyslogSink } from './index.js';
import { type Message, messagesIn } from './testing/receiver.js';

const TLS = path.resolve(import.meta.dirname, '../http/testing/tls');
const file = (name: string): string => path.join(TLS, name);
const A = { container: 'web', host: 'h1', stream: 'stdout' };
const lines = (...texts: string[]): BlockLine[] => texts.map((text) => ({ labels: A, text }));

/** What a receiver does with a connection. */
type Deed = 'read' | 'reset' | 'reset in the middle' | 'leave at once';

let scope: Scope;
let failures: unknown[];
let servers: (net.Server | tls.Server)[];
let sockets: Set<Socket>;
/** Of the connections to come; then all are read. */
let deeds: Deed[];
/** What was read to its end, by connection. */
let received: Message[][];

beforeEach(() => {
  failures = [];
  scope = Scope.root('test', (error) => failures.push(error));
  servers = [];
  sockets = new Set();
  deeds = [];
  received = [];
});

afterEach(async () => {
  await scope.close();
  for (const socket of sockets) socket.destroy();
  for (const server of servers) {
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
  expect(failures).toEqual([]);
});

function serve(socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  const deed = deeds.shift() ?? 'read';
  if (deed === 'reset') return void socket.resetAndDestroy();
  if (deed === 'leave at once') return void socket.end();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    if (deed === 'reset in the middle') socket.resetAndDestroy();
    else chunks.push(chunk);
  });
  socket.on('end', () => received.push(messagesIn(Buffer.concat(chunks))));
}

async function listen(server: net.Server | tls.Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const CONFIG = {
  type: 'syslog',
  host: '127.0.0.1',
  facility: 16,
  maxMessageBytes: 64 * 1024,
  timeoutMs: 5_000,
  batchWaitMs: 0,
} as const;

async function open(port: number, config: Partial<SyslogSinkConfig> = {}, log = silentLogger): Promise<Sink> {
  const sink = createSyslogSink('syslog', { ...CONFIG, port, ...config }, { log });
  await sink.open(scope.child('sink'));
  return sink;
}

const timeOf = ({ seconds = 0, nanos = 0 }: BlockLine): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0').slice(0, 6)}Z`;

test('whatever the lines are, and however the receiver breaks off, they are read once, in order, byte by byte', async () => {
  const anyDeeds = fc.array(fc.constantFrom<Deed>('read', 'reset', 'reset in the middle', 'leave at once'), {
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(anyDeliveries, anyDeeds, async (deliveries, someDeeds) => {
      received = [];
      const sink = await open(await listen(net.createServer({ allowHalfOpen: false }, serve)));
      const given: BlockLine[] = [];
      deeds.push(...someDeeds);
      for (const { blocks } of deliveries) {
        const { delivered } = await deliver(sink, blocks.map(block));
        expect(delivered).toBe(blocks.flat().length);
        for (const rows of blocks)
          for (const labels of new Set(rows.map(({ labels }) => labels)))
            given.push(...rows.filter((row) => row.labels === labels));
      }
      deeds.length = 0;
      const got = received.flat();
      expect(got.map(({ text }) => text)).toEqual(
        given.map(({ text }) => Buffer.from(text).toString('latin1')),
      );
      expect(got.map((message) => without(message, 'priority', 'text'))).toEqual(
        given.map((line) => ({
          time: timeOf(line),
          host: 'h1',
          app: line.labels['container'].replace(/[^\x21-\x7e]/g, '_'),
          id: line.labels['stream'],
          values: { ...line.labels, ...Object.fromEntries(Object.entries(line.fields ?? {})) },
        })),
      );
    }),
    { numRuns: 8 },
  );
});

test('the severity is that of the level', async () => {
  const sink = await open(await listen(net.createServer(serve)));
  const levels = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'what'];
  await deliver(sink, [block(levels.map((level) => ({ labels: A, text: 'x', fields: { level } })))]);
  expect(received.flat().map(({ priority }) => priority - 16 * 8)).toEqual([2, 3, 4, 6, 7, 7, 6]);
});

test('what has no name, a long one, or too much to tell keeps the form', async () => {
  const sink = await open(await listen(net.createServer(serve)), { maxMessageBytes: 1024 });
  const long = 'ü'.repeat(400);
  await deliver(sink, [
    block([
      { labels: { job: 'x' }, text: 'a' },
      { labels: { container: long, host: long, [`n${'a'.repeat(60)}`]: '1' }, text: 'b' },
      { labels: A, text: 'c', fields: { more: 'x'.repeat(5_000) } },
      { labels: { ...A, __tenant__: 't' }, text: 'd' },
    ]),
  ]);
  const all = received.flat();
  expect(all.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
  expect(all[0]).toMatchObject({ host: '-', app: '-', id: '-', values: { job: 'x' } });
  expect(all[1]).toMatchObject({ host: '_'.repeat(255), app: '_'.repeat(48), values: {} });
  expect(all[2].values).toEqual({});
  expect(all[3].values).toEqual(A);
});

test('long messages are cut with a mark, to the byte, and that is told', async () => {
  const told: string[] = [];
  const log = { ...silentLogger, warn: (_: object, text: string) => void told.push(text) };
  const sizes: number[] = [];
  const server = net.createServer((socket) => {
    socket.on('data', (chunk: Buffer) => void sizes.push(Number.parseInt(chunk.toString(), 10)));
    serve(socket);
  });
  const sink = await open(await listen(server), { maxMessageBytes: 1024 }, log);
  await deliver(sink, [block(lines('x'.repeat(5_000)))]);
  await deliver(sink, [block(lines('y'.repeat(100)))]);
  expect(received.flat().map(({ text }) => Buffer.from(text, 'latin1').toString())).toEqual([
    expect.stringMatching(/^x{500,}…\[cut: \d+ bytes\]$/) as string,
    'y'.repeat(100),
  ]);
  const [{ text }] = received.flat();
  const [, missing] = /cut: (\d+) bytes/.exec(text) ?? [];
  expect(/^x+/.exec(text)?.[0].length).toBe(5_000 - Number(missing));
  expect(sizes[0]).toBeLessThanOrEqual(1024);
  expect(sizes[0]).toBeGreaterThan(1020);
  expect(told).toEqual(['sink syslog: messages longer than 1024 bytes were cut.']);
});

describe('not delivered is', () => {
  test('what nobody takes', async () => {
    const server = net.createServer(serve);
    const port = await listen(server);
    servers = [];
    await new Promise((resolve) => server.close(resolve));
    const sink = await open(port);
    await expect(deliverOnce(sink, [block(lines('a'))])).rejects.toMatchObject({
      code: 'SINK_UNREACHABLE',
      retryable: true,
      message: `the syslog receiver at 127.0.0.1:${port} cannot be reached (ECONNREFUSED).`,
    });
  });

  test.each<Deed>(['reset', 'reset in the middle', 'leave at once'])(
    'what a receiver does not read: %s',
    async (deed) => {
      const sink = await open(await listen(net.createServer(serve)));
      deeds.push(deed);
      const blocks = [block(lines('a', 'b'))];
      await expect(deliverOnce(sink, blocks)).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
      expect((await deliver(sink, blocks)).delivered).toBe(2);
      expect(received.flat().map(({ text }) => text)).toEqual(['a', 'b']);
    },
  );

  test('what a receiver never ends', async () => {
    const sink = await open(
      await listen(
        net.createServer(
          { allowHalfOpen: true },
          (socket) => void sockets.add(socket.resume().on('error', () => {})),
        ),
      ),
      {
        timeoutMs: 100,
      },
    );
    await expect(deliverOnce(sink, [block(lines('a'))])).rejects.toMatchObject({
      code: 'SINK_UNREACHABLE',
      message: expect.stringMatching(/did not read everything within 0.1 s/) as string,
    });
  });

  test('what the end of the agent cuts off', async () => {
    const server = net.createServer(
      { allowHalfOpen: true },
      (socket) => void sockets.add(socket.resume().on('error', () => {})),
    );
    const sink = await open(await listen(server));
    const stop = new AbortController();
    const delivering = sink.deliver([block(lines('a'))], [], stop.signal);
    await once(server, 'connection');
    stop.abort();
    await expect(delivering).rejects.toMatchObject({ code: 'SINK_UNREACHABLE', retryable: true });
  });
});

describe('TLS', () => {
  const secure = (options: tls.TlsOptions = {}): tls.Server =>
    tls.createServer(
      { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')), ...options },
      serve,
    );
  const trusting = { caFile: file('ca.pem'), serverName: 'loki.test', insecureSkipVerify: false };

  test.each([
    ['whom we trust gets the lines', trusting, 'ok'],
    ['whom we do not trust gets none', { insecureSkipVerify: false }, 'SINK_REFUSED'],
    ['a file that is not there', { ...trusting, caFile: file('gone.pem') }, 'SECRET_UNREADABLE'],
  ])('%s', async (_, tls, expected) => {
    const sink = await open(await listen(secure()), { tls });
    const delivering = deliverOnce(sink, [block(lines('a', 'b'))]);
    if (expected === 'ok') expect((await delivering).delivered).toBe(2);
    else await expect(delivering).rejects.toMatchObject({ code: expected });
    expect(received.flat().map(({ text }) => text)).toEqual(expected === 'ok' ? ['a', 'b'] : []);
  });

  test('a receiver without it is told as such', async () => {
    const sink = await open(
      await listen(
        net.createServer(
          (socket) =>
            void sockets.add(
              socket
                .on('error', () => {})
                .resume()
                .end('220 hello\n'),
            ),
        ),
      ),
      { tls: trusting },
    );
    await expect(deliverOnce(sink, [block(lines('a'))])).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      remedy: expect.stringMatching(/plain text/) as string,
    });
  });
});

test('nothing stays open behind it', async () => {
  const sink = await open(await listen(net.createServer(serve)));
  for (let i = 0; i < 5; i++) await deliver(sink, [block(lines('a'))]);
  expect(scope.holdings()).toMatchObject({ socket: 0, timer: 0 });
  // The sink's own scope.
  expect([...scope.census()]).toEqual([['scope', 1]]);
});
