import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batch } from '../pipeline/batch.js';
import { StreamTable } from '../pipeline/streams.js';
import type { Logger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { type Alert, readAlert } from './alert.js';
import { AlertDesk } from './desk.js';
import { AlertStore } from './store.js';

type Reply = (response: ServerResponse, body: string) => void;
const answer =
  (status: number): Reply =>
  (response) =>
    void response.writeHead(status).end('x'.repeat(100_000));
const hang: Reply = () => {};
const breakOff: Reply = (response) => void response.socket?.destroy();

const streams = new StreamTable();
const web = streams.acquire({ container: 'web', stream: 'stdout' });
const PACE = { timeoutMs: 300, pausesMs: [1, 1] };

let root: Scope;
let receiver: Server;
let url: string;
/** What the receiver does, request after request; the last one for ever. */
let replies: Reply[];
let received: { method: string | undefined; path: string | undefined; body: string }[];
let said: string[];
let directory: string;
let now: number;

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  replies = [answer(200)];
  received = [];
  said = [];
  now = 1_000_000;
  receiver = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push({ method: request.method, path: request.url, body });
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response, body);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?key=secret`;
  directory = mkdtempSync(path.join(tmpdir(), 'log-capturer-alerts-'));
});

afterEach(async () => {
  await root.close();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

const log = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [
    level,
    (_fields: unknown, text: string) => said.push(`${level}: ${text}`),
  ]),
) as unknown as Logger;

function desk(configured: readonly Alert[] = []): AlertDesk {
  const store = new AlertStore(path.join(directory, 'alerts.json'));
  return new AlertDesk({ scope: root, log, configured, store, now: () => now, wall: () => 1000, pace: PACE });
}

function given(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'slow', query: 'timeout', threshold: 2, webhook: { type: 'json', url }, ...more };
}

function push(on: AlertDesk, ...lines: string[]): void {
  const batch = new Batch(Buffer.alloc(64 * 1024), 100);
  let at = 0;
  for (const line of lines) {
    const end = at + batch.arena.write(line, at);
    batch.add(at, end, web.id, 1, 0, 0);
    at = end;
  }
  on.onBatch(batch, (id) => streams.get(id));
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

const outcomes = (on: AlertDesk) =>
  on.list()[0].deliveries.map(({ ok, status, attempts }) => [ok, status, attempts]);

describe('delivery', () => {
  test('that it is over is told after it fired, where that is wanted, and shown in any case', async () => {
    const alerts = desk();
    alerts.create(given({ name: 'told', sendResolved: true }));
    alerts.create(given({ name: 'quiet' }));
    replies = [hang, answer(200)];
    push(alerts, 'timeout 1', 'timeout 2');
    now += 61_000;
    // While the first message of each is on its way.
    push(alerts, 'nothing');
    const views = () =>
      alerts
        .list()
        .map(({ lastFired, lastResolved, deliveries }) => [
          lastFired !== null,
          lastResolved !== null,
          deliveries.length,
        ]);
    await until(() => alerts.list()[0].deliveries.length === 2 && alerts.list()[1].deliveries.length === 1);
    expect(views()).toEqual([
      [true, true, 2],
      [true, true, 1],
    ]);
    const posted = received.map(
      ({ body }) => JSON.parse(body) as { alert: { name: string }; resolved: boolean },
    );
    const of = (wanted: string) =>
      posted.filter(({ alert: { name } }) => name === wanted).map(({ resolved }) => resolved);
    // One of them was not answered, and posted again.
    expect(new Set(of('quiet'))).toEqual(new Set([false]));
    expect([of('told')[0], of('told').at(-1)]).toEqual([false, true]);
    expect(of('told').filter(Boolean)).toHaveLength(1);
    now += 300_000;
    push(alerts, 'timeout 3', 'timeout 4');
    expect(alerts.list().map(({ lastResolved }) => lastResolved)).toEqual([null, null]);
    await until(() => alerts.list().every(({ deliveries }, i) => deliveries.length === 3 - i));
  });

  test('of what happens while a message is on its way the last firing is told, and then that it is over', async () => {
    const alerts = desk();
    alerts.create(given({ sendResolved: true }));
    replies = [hang, answer(200)];
    for (const line of ['timeout 1', 'timeout 2', 'timeout 3']) {
      push(alerts, line, line);
      now += 300_000;
    }
    push(alerts, 'nothing');
    await until(() => alerts.list()[0].deliveries.length === 3);
    const told = received.map(
      ({ body }) => JSON.parse(body) as { resolved: boolean; lines: { line: string }[] },
    );
    expect(told.map(({ resolved, lines }) => [resolved, lines.at(-1)?.line])).toEqual([
      [false, 'timeout 1'],
      [false, 'timeout 1'],
      [false, 'timeout 3'],
      [true, undefined],
    ]);
  });

  test('an alert that fires is posted once', async () => {
    const alerts = desk();
    alerts.create(given());
    push(alerts, 'a timeout', 'b');
    expect(alerts.list()[0]).toMatchObject({ state: 'ok', matches: 1, lastFired: null });
    push(alerts, 'c Timeout', 'd timeout');
    await until(() => alerts.list()[0].deliveries.length === 1);
    expect(received.map(({ method, path }) => [method, path])).toEqual([['POST', '/hook?key=secret']]);
    expect(JSON.parse(received[0].body)).toMatchObject({
      matches: 3,
      lines: [{ line: 'a timeout' }, { line: 'c Timeout' }, { line: 'd timeout' }],
    });
    expect(outcomes(alerts)).toEqual([[true, 200, 1]]);
    expect(alerts.list()[0]).toMatchObject({ state: 'firing', matches: 3, lastFired: expect.any(String) });
    expect(alerts.figures).toEqual({
      fired: new Map([['slow', 1]]),
      delivered: new Map([['slow', 1]]),
      failed: new Map(),
    });
    expect(said).toEqual([]);
  });

  test.each<[string, Reply[], [boolean, number | null, number]]>([
    ['answers 500, then 200', [answer(500), answer(200)], [true, 200, 2]],
    ['breaks off, then is too busy, then takes it', [breakOff, answer(429), answer(204)], [true, 204, 3]],
    ['does not answer, then does', [hang, answer(200)], [true, 200, 2]],
    ['answers 500 for ever', [answer(500)], [false, 500, 3]],
    ['never answers', [hang], [false, null, 3]],
    ['refuses', [answer(404)], [false, 404, 1]],
    ['sends elsewhere', [answer(302)], [false, 302, 1]],
  ])('a receiver that %s', async (_, given_, [ok, status, attempts]) => {
    replies = given_;
    const alerts = desk();
    alerts.create(given({ threshold: 1 }));
    push(alerts, 'timeout');
    await until(() => alerts.list()[0].deliveries.length === 1);
    expect(outcomes(alerts)).toEqual([[ok, status, attempts]]);
    expect(received.length).toBe(attempts);
    expect(alerts.list()[0].deliveries[0].error === null).toBe(ok);
    expect(JSON.stringify(alerts.list())).not.toContain('secret');
    expect(alerts.figures[ok ? 'delivered' : 'failed']).toEqual(new Map([['slow', 1]]));
  });

  test('one that is not there is told once, and once more when it is back: no line for each time', async () => {
    replies = [breakOff];
    const alerts = desk();
    alerts.create(given({ threshold: 1, coolDownSeconds: 10 }));
    for (let i = 1; i <= 3; i++) {
      push(alerts, 'timeout');
      await until(() => alerts.list()[0].deliveries.length === i);
      now += 10_000;
    }
    replies = [answer(200)];
    push(alerts, 'timeout');
    await until(() => alerts.list()[0].deliveries.length === 4);
    expect(said).toEqual([
      expect.stringMatching(/^error: The alert slow fired, and could not be delivered: /),
      'info: The alert slow was delivered again.',
    ]);
  });

  test('while a message is on its way the newest of the later ones waits for it', async () => {
    let finish = (): void => {};
    replies = [(response) => void (finish = () => response.end()), answer(200)];
    const alerts = desk();
    alerts.create(given({ threshold: 1, coolDownSeconds: 10, windowSeconds: 3600 }));
    for (let i = 0; i < 3; i++) {
      push(alerts, 'timeout');
      now += 10_000;
    }
    await until(() => received.length === 1);
    finish();
    await until(() => alerts.list()[0].deliveries.length === 2);
    expect(received.map(({ body }) => JSON.parse(body).matches)).toEqual([1, 3]);
  });

  test('an agent that stops does not wait for a receiver, and leaves nothing', async () => {
    replies = [hang];
    const alerts = desk();
    alerts.create(given({ threshold: 1 }));
    push(alerts, 'timeout');
    await until(() => received.length === 1);
    await root.close();
    expect([...root.census().values()].every((count) => count === 0)).toBe(true);
  });

  test('a test is sent once and shown', async () => {
    replies = [answer(500)];
    const alerts = desk();
    const { id } = alerts.create(given({ enabled: false }));
    expect(await alerts.test(id)).toMatchObject({ ok: false, status: 500, attempts: 1 });
    expect(JSON.parse(received[0].body)).toMatchObject({ test: true });
    expect(outcomes(alerts)).toEqual([[false, 500, 1]]);
    expect(await alerts.test('nobody')).toBeUndefined();
  });

  test('keeps the last 20', async () => {
    const alerts = desk();
    const { id } = alerts.create(given());
    replies = [...Array.from({ length: 5 }, () => answer(500)), answer(200)];
    for (let i = 0; i < 25; i++) await alerts.test(id);
    expect(outcomes(alerts)).toEqual(Array.from({ length: 20 }, () => [true, 200, 1]));
  });
});

describe('the list', () => {
  test('what is made on the page outlives the agent, readable by its user alone, and is never shown whole', () => {
    const file = path.join(directory, 'alerts.json');
    const first = desk();
    const { id } = first.create(given());
    first.create(given({ name: 'other', threshold: 5 }));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    first.replace(id, { threshold: 7, webhook: { type: 'slack', url: first.get(id)?.webhook.url } });
    const shown = first.list();
    expect(shown.map(({ name, threshold, webhook }) => [name, threshold, webhook.type])).toEqual([
      ['slow', 7, 'slack'],
      ['other', 5, 'json'],
    ]);
    expect(JSON.stringify(shown)).not.toContain('secret');
    expect(readFileSync(file, 'utf8')).toContain(url);
    expect(desk().list()).toEqual(shown);
    expect(first.remove(id)).toBe(true);
    expect(first.remove(id)).toBe(false);
    expect(desk().list()).toEqual([shown[1]]);
  });

  test('a changed one is watched as it is now, and one that is off is not watched', () => {
    const alerts = desk();
    const { id } = alerts.create(given({ threshold: 100 }));
    push(alerts, 'timeout', 'other');
    expect(alerts.get(id)?.matches).toBe(1);
    alerts.replace(id, { query: '|= "other"' });
    expect(alerts.get(id)).toMatchObject({ matches: 0, query: '|= "other"', threshold: 100 });
    push(alerts, 'timeout', 'other');
    expect(alerts.get(id)?.matches).toBe(1);
    alerts.replace(id, { enabled: false });
    const never = new Proxy({} as Batch, {
      get: () => {
        throw new Error('looked at');
      },
    });
    alerts.onBatch(never, () => undefined);
    expect(root.census().get('timer') ?? 0).toBe(0);
  });

  test('those of the configuration are shown and watched, and not changed here', () => {
    const configured: Alert = {
      id: 'config:slow',
      name: 'slow',
      query: '',
      threshold: 2,
      windowSeconds: 60,
      coolDownSeconds: 60,
      sendResolved: false,
      webhook: { type: 'json', url },
      enabled: true,
    };
    const alerts = desk([configured]);
    expect(alerts.list()).toMatchObject([{ id: 'config:slow', origin: 'config', state: 'ok' }]);
    expect(alerts.replace('config:slow', { threshold: 1 })).toBeUndefined();
    expect(alerts.remove('config:slow')).toBe(false);
    expect(() => alerts.create(given())).toThrow('There is an alert with the name slow already.');
  });

  test('a damaged file is put aside and told', () => {
    const file = path.join(directory, 'alerts.json');
    writeFileSync(file, '{"version":1,"alerts":[{"id":"1","name":""}]}');
    const alerts = desk();
    expect(alerts.list()).toEqual([]);
    expect(said).toEqual([expect.stringContaining('cannot be read (name must be a line')]);
    alerts.create(given());
    expect(readFileSync(`${file}.damaged`, 'utf8')).toContain('"name":""');
    expect(desk().list().length).toBe(1);
  });

  test('what is no alert is refused with a reason', () => {
    const alerts = desk();
    const wrong: [unknown, string][] = [
      [null, 'An alert must be an object.'],
      [{}, 'name must be a line'],
      [given({ name: 'a\nb' }), 'name must be a line'],
      [given({ query: 5 }), 'query must be a text'],
      [given({ query: '|~ "("' }), 'a ( is not closed'],
      [given({ threshold: 0 }), 'threshold must be a whole number from 1 to 1000000.'],
      [given({ threshold: 1.5 }), 'threshold must be'],
      [given({ windowSeconds: 3601 }), 'windowSeconds must be'],
      [given({ coolDownSeconds: 9 }), 'coolDownSeconds must be'],
      [given({ enabled: 1 }), 'enabled must be'],
      [given({ id: 'x' }), 'Unknown field id'],
      [given({ webhook: undefined }), 'webhook must be an object.'],
      [given({ webhook: { type: 'mail', url } }), 'webhook.type must be one of slack, discord, ntfy, json.'],
      [given({ webhook: { type: 'json' } }), 'webhook.url must be'],
      [given({ webhook: { type: 'json', url: 'file:///etc/passwd' } }), 'webhook.url must be'],
      [given({ webhook: { type: 'json', url: 'javascript:alert(1)' } }), 'webhook.url must be'],
    ];
    for (const [value, message] of wrong) expect(() => alerts.create(value), message).toThrow(message);
    expect(alerts.list()).toEqual([]);
    for (let i = 0; i < 50; i++) alerts.create(given({ name: `a${i}` }));
    expect(() => alerts.create(given())).toThrow('There are 50 alerts already.');
  });
});

describe('another configuration', () => {
  const configured = (name: string, more: Partial<Alert> = {}): Alert =>
    readAlert(given({ name, ...more }), `config:${name}`);

  test('those that stay as they are keep what they counted, and those of the page stay', () => {
    const alerts = desk([configured('stays'), configured('changes'), configured('goes')]);
    alerts.create(given({ name: 'of the page' }));
    push(alerts, 'a timeout');
    alerts.configure([configured('stays'), configured('changes', { threshold: 3 }), configured('comes')]);
    const views = alerts
      .list()
      .map(({ name, origin, matches, threshold }) => [name, origin, matches, threshold]);
    expect(views).toEqual([
      ['stays', 'config', 1, 2],
      ['changes', 'config', 0, 3],
      ['comes', 'config', 0, 2],
      ['of the page', 'page', 1, 2],
    ]);
    push(alerts, 'b timeout');
    expect(alerts.list().map(({ name, matches }) => [name, matches])).toEqual([
      ['stays', 2],
      ['changes', 1],
      ['comes', 1],
      ['of the page', 2],
    ]);
  });

  test('none any more costs nothing', () => {
    const alerts = desk([configured('goes')]);
    expect(root.holdings().timer).toBe(1);
    alerts.configure([]);
    expect([alerts.list(), root.holdings().timer]).toEqual([[], 0]);
  });
});
