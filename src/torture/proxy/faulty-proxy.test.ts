/** The proxy between a client and the receiver, both real: what arrives there, and what the client hears. */
import http from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import protobuf from 'protobufjs';
import { compressSync } from 'snappy';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Scope } from '../../runtime/scope.js';
import type { Weather } from '../plan.js';
import { Receiver } from '../receiver/receiver.js';
import { decodePush } from '../receiver/wire.js';
import { FaultyProxy } from './faulty-proxy.js';

const PATIENCE_MS = 100;
const SCHEMA = `syntax = "proto3";
message Push { repeated Stream streams = 1; }
message Stream { string labels = 1; repeated Entry entries = 2; }
message Entry { Timestamp timestamp = 1; string line = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }`;
const Push = protobuf.parse(SCHEMA).root.lookupType('Push');

function push(...lines: string[]): Buffer {
  const entries = lines.map((line, i) => ({ timestamp: { seconds: 5, nanos: i }, line }));
  const raw = Push.encode({ streams: [{ labels: '{container="c", stream="stdout"}', entries }] }).finish();
  return compressSync(Buffer.from(raw));
}

let scope: Scope;
let receiver: Receiver;
let proxy: FaultyProxy;
let received: string[];
let lies: Buffer[];
let agent: http.Agent;

beforeEach(async () => {
  received = [];
  lies = [];
  agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  scope = Scope.root('test', (error) => {
    throw error;
  });
  receiver = await Receiver.start(scope, (_labels, { line }) => received.push(line.toString()));
  proxy = await FaultyProxy.start(scope, {
    receiverPort: receiver.port,
    onAnswered: (port) => receiver.answered(port),
    onLie: (body) => lies.push(body),
  });
});

afterEach(async () => {
  agent.destroy();
  await scope.close();
});

/** The status, or what was wrong; once `giveUp` is aborted `silence`. */
function send(body: Buffer, giveUp?: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const request = http.request(`${proxy.url}/loki/api/v1/push`, {
      method: 'POST',
      agent,
      headers: { 'content-length': body.length },
    });
    giveUp?.addEventListener('abort', () => request.destroy(new Error('silence')));
    request.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.end(body);
  });
}

/** Where no answer is to come, it is waited for a while after the weather has struck. */
async function through(weather: Weather, ...lines: string[]): Promise<number | string> {
  proxy.announce([weather]);
  if (weather.kind !== 'stall' && weather.kind !== 'late-answer') return send(push(...lines));
  const patience = new AbortController();
  const outcome = send(push(...lines), patience.signal);
  await vi.waitUntil(() => proxy.happened.has(weather.kind), { timeout: 20_000, interval: 10 });
  await Promise.race([outcome, sleep(PATIENCE_MS)]);
  patience.abort();
  return outcome;
}

test('hands on what no weather befalls, over one connection, and knows which answers got through', async () => {
  expect([await send(push('a', 'b')), await send(push('c'))]).toEqual([204, 204]);
  expect(received).toEqual(['a', 'b', 'c']);
  expect(receiver.pushes.map(({ entries, answeredMs }) => [entries, answeredMs !== undefined])).toEqual([
    [2, true],
    [1, true],
  ]);
  expect([proxy.requests, proxy.happened.size]).toEqual([2, 0]);
});

describe('weather', () => {
  const unseen: [Weather, number | string][] = [
    [{ kind: 'reset' }, 'ECONNRESET'],
    [{ kind: 'cut-request', share: 0.5 }, 'ECONNRESET'],
    [{ kind: 'cut-request', share: 0.99 }, 'ECONNRESET'],
    [{ kind: 'stall' }, 'silence'],
    [{ kind: 'answer', status: 400 }, 400],
    [{ kind: 'answer', status: 429 }, 429],
    [{ kind: 'answer', status: 500 }, 500],
    [{ kind: 'lie' }, 204],
  ];
  test.each(unseen)(
    '%j: the receiver has nothing of it, and the next request is as ever',
    async (weather, heard) => {
      expect(await through(weather, 'a', 'b')).toBe(heard);
      expect(proxy.happened).toEqual(new Map([[weather.kind, 1]]));
      expect(await send(push('c'))).toBe(204);
      expect(received).toEqual(['c']);
      expect(proxy.ahead).toBe(0);
    },
  );

  const stored: [Weather, number | string][] = [
    [{ kind: 'cut-answer', bytes: 12 }, 'ECONNRESET'],
    [{ kind: 'late-answer' }, 'silence'],
  ];
  test.each(stored)('%j: the receiver has it, and its answer did not get through', async (weather, heard) => {
    const outcome = await through(weather, 'a', 'b');
    // A head that ends in its midst is one or the other, by how the client reads.
    expect([heard, 'HPE_INVALID_EOF_STATE']).toContain(outcome);
    expect(received).toEqual(['a', 'b']);
    expect(receiver.pushes.map(({ answeredMs }) => answeredMs)).toEqual([undefined]);
    expect(proxy.happened).toEqual(new Map([[weather.kind, 1]]));
    // Sent again it is known.
    expect(await send(push('a', 'b'))).toBe(204);
    expect([received, receiver.repeated]).toEqual([['a', 'b'], 2]);
  });

  test('slow: the answer comes, later', async () => {
    const before = performance.now();
    expect(await through({ kind: 'slow', ms: 150 }, 'a')).toBe(204);
    // A timer may come a millisecond early.
    expect(performance.now() - before).toBeGreaterThan(145);
    expect([received, receiver.pushes[0]?.answeredMs !== undefined]).toEqual([['a'], true]);
  });

  test('a lie is told with what was swallowed', async () => {
    await through({ kind: 'lie' }, 'a', 'b');
    await through({ kind: 'lie' }, 'c');
    const lines = lies.map((body) =>
      decodePush(body).flatMap(({ entries }) => entries.map(({ line }) => line.toString())),
    );
    expect(lines).toEqual([['a', 'b'], ['c']]);
  });

  test('befalls one request each, in the order in which it was announced', async () => {
    proxy.announce([{ kind: 'answer', status: 500 }, { kind: 'lie' }]);
    expect([await send(push('a')), await send(push('b')), await send(push('c'))]).toEqual([500, 204, 204]);
    expect(received).toEqual(['c']);
  });
});

const patient: Weather[] = [
  { kind: 'slow', ms: 60_000 },
  { kind: 'cut-request', share: 0.9 },
  { kind: 'answer', status: 500 },
];
test.each(patient)(
  '%j that has not struck when the client goes befalls the next request',
  async (weather) => {
    proxy.announce([weather]);
    const body = push('a');
    const client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    client.on('error', () => {});
    const head = `POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`;
    // Of the last two not so much that they could strike.
    client.write(Buffer.concat([Buffer.from(head), weather.kind === 'slow' ? body : body.subarray(0, 1)]));
    await vi.waitUntil(() => proxy.ahead === 0 && (weather.kind !== 'slow' || received.length > 0), 20_000);
    client.destroy();
    await vi.waitUntil(() => proxy.ahead === 1, 20_000);
    expect(proxy.happened.size).toBe(0);
  },
);

test('what the client leaves is not held', async () => {
  expect(await through({ kind: 'stall' }, 'a')).toBe('silence');
  await scope.close();
});
