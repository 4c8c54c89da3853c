import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Logger, silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { CensusTaker } from '../../telemetry/census/census.js';
import { thisProcess } from '../../telemetry/census/process-view.js';
import { resourceReport } from '../../telemetry/census/report.js';
import { type RunningServer, type ServerOptions, startServer } from '../server.js';
import { fakeAgent, serverOptions } from '../testing/server-options.js';

/** Only a hang misses it. */
const PATIENCE_MS = 20_000;

const TOKEN = 'a-token-of-the-test';
/** More than the tests' runner has of anything but promises. */
const LEAKED = 5_000;
/** A container may be called anything. */
const HOSTILE = 'reader \u001b[31m\nof web';

let root: Scope;
let work: Scope;
let dataDir: string;
let server: RunningServer;
let said: string[];

beforeEach(async () => {
  said = [];
  root = Scope.root('agent', (error) => {
    throw error;
  });
  work = root.child('sources');
  dataDir = mkdtempSync(path.join(tmpdir(), 'log-capturer-debug-'));
  await start();
});

afterEach(async () => {
  await root.close();
  rmSync(dataDir, { recursive: true });
});

async function start(given: Partial<ServerOptions> = {}): Promise<void> {
  // The tests' runner has timers of its own.
  const active = (): string[] => thisProcess.active().filter((type) => type !== 'Timeout');
  const census = new CensusTaker(
    { sleep: (ms) => root.sleep(ms), holdings: () => ({ ...root.holdings(), timer: 0 }) },
    { ...thisProcess, active },
  );
  census.begin();
  const log: Logger = { ...silentLogger, error: (_, message) => void said.push(message) };
  const agent = fakeAgent({ resources: (collects) => resourceReport(root, census, collects) });
  server = await startServer(root, serverOptions({ dataDir, agent, log, ...given }));
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function send(target: string, headers: Record<string, string> = {}): ClientRequest {
  return request({ host: '127.0.0.1', port: server.port, path: target, headers, agent: false }).end();
}

async function ask(target: string, headers: Record<string, string> = {}): Promise<Answer> {
  const [response] = (await once(send(target, headers), 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

const NAMES = ['resources', 'objects', 'profile?seconds=0.01', 'heap'];

describe('who may look into the process', () => {
  test('nobody, where everybody could', async () => {
    await start({ host: '0.0.0.0', auth: 'none' });
    for (const name of NAMES) {
      const { status, body } = await ask(`/debug/${name}`);
      expect([name, status]).toEqual([name, 403]);
      expect(JSON.parse(body)).toEqual({
        error: {
          code: 'DEBUG_REFUSED',
          message: 'Everybody on the network could look into the agent here, so nobody may.',
          remedy: 'Set server.auth to token, or listen on 127.0.0.1.',
        },
      });
    }
  });

  test('who is logged in', async () => {
    await start({ host: '0.0.0.0', token: TOKEN });
    for (const name of NAMES) expect([name, (await ask(`/debug/${name}`)).status]).toEqual([name, 401]);
    const { status } = await ask('/debug/resources', { authorization: `Bearer ${TOKEN}` });
    expect(status).toBe(200);
  });

  test('pages of other sites may not', async () => {
    for (const name of NAMES) {
      const { status } = await ask(`/debug/${name}`, { host: 'evil.example' });
      expect([name, status]).toEqual([name, 403]);
    }
  });

  test('nor may the browser of somebody here be made to ask, which has the cookie for a page of another port', async () => {
    const open = { 'sec-fetch-site': 'none' };
    for (const site of ['cross-site', 'same-site']) {
      for (const name of NAMES) {
        const { status } = await ask(`/debug/${name}`, { 'sec-fetch-site': site });
        expect([name, status]).toEqual([name, 403]);
      }
    }
    expect((await ask('/debug/resources', open)).status).toBe(200);
    await start({ token: TOKEN });
    const login = { authorization: `Bearer ${TOKEN}` };
    expect((await ask('/debug/resources', { ...login, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await ask('/debug/resources', { ...login, ...open })).status).toBe(200);
  });

  test('through a proxy on this machine everybody could come: who is logged in only', async () => {
    for (const header of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
      const { status } = await ask('/debug/resources', { [header]: '127.0.0.1' });
      expect([header, status]).toEqual([header, 403]);
    }
    await start({ token: TOKEN });
    const headers = { authorization: `Bearer ${TOKEN}`, via: '1.1 proxy' };
    expect((await ask('/debug/resources', headers)).status).toBe(200);
  });
});

describe('resources', () => {
  test('as JSON: who owns what, and what the process really holds', async () => {
    work.child('reader').own(
      'watcher',
      'log',
      () => {},
      () => ({}),
    );
    for (const target of ['/debug/resources', '/debug/resources?collect=true', '/api/v1/resources']) {
      const { status, headers, body } = await ask(target);
      expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
      const report = JSON.parse(body);
      expect(report).toMatchObject({
        now: expect.stringMatching(/^\d{4}-.*Z$/),
        resources: { watcher: 1 },
        unowned: { file: 0, watcher: 0, worker: 0, pipe: 0 },
        memory: { heapUsed: expect.any(Number) },
        tree: {
          name: 'agent',
          scopes: expect.arrayContaining([
            expect.objectContaining({
              name: 'sources',
              scopes: [
                expect.objectContaining({
                  name: 'reader',
                  resources: [expect.objectContaining({ kind: 'watcher', name: 'log', count: 1 })],
                }),
              ],
            }),
          ]),
        },
      });
    }
  });

  test('as text: one row for each scope, with nothing of what a name may hold', async () => {
    const reader = work.child(HOSTILE);
    for (let i = 0; i < 3; i++) reader.timeout('wait', 1e6, () => {});
    reader.own('listener', 'x', () => {});
    const byQuery = await ask('/debug/resources?text');
    const byHeader = await ask('/debug/resources', { accept: 'text/plain' });
    for (const { headers, body } of [byQuery, byHeader]) {
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
      const rows = body.split('\n');
      expect(rows.find((row) => row.startsWith('  sources'))).toMatch(/^ {2}sources \(\d\.\d s\)$/);
      expect(rows.find((row) => row.includes('of web'))).toMatch(
        /^ {4}reader \?\[31m\?of web \(\d\.\d s\): 3 timer wait \(\d\.\d s\), 1 listener x \(\d\.\d s\)$/,
      );
      expect(rows.find((row) => row.startsWith('file'))).toMatch(/^file( +\d+){3} +0$/);
    }
  });
});

describe('objects', () => {
  test('of the classes that leak, by number', async () => {
    const leaked = Array.from({ length: LEAKED }, () => ({
      timer: setTimeout(() => {}, 1e6).unref(),
      controller: new AbortController(),
      promise: new Promise(() => {}),
      scope: root.child('forgotten'),
    }));
    const counts = JSON.parse((await ask('/debug/objects')).body);
    for (const { timer } of leaked) clearTimeout(timer);
    for (const name of ['Timeout', 'AbortController', 'AbortSignal', 'Promise', 'Scope'])
      expect([name, counts[name] >= LEAKED]).toEqual([name, true]);
    for (const name of [
      'Socket',
      'Server',
      'FSWatcher',
      'FileHandle',
      'Worker',
      'MessagePort',
      'ClientRequest',
    ])
      expect([name, counts[name] < LEAKED]).toEqual([name, true]);
  });
});

describe('profile', () => {
  test('is what the tools read', async () => {
    const { status, headers, body } = await ask('/debug/profile?seconds=0.05');
    expect(status).toBe(200);
    expect(headers['content-disposition']).toContain('.cpuprofile');
    const { nodes, samples, startTime, endTime } = JSON.parse(body);
    expect(nodes.length).toBeGreaterThan(1);
    expect(samples.length).toBeGreaterThan(1);
    expect(endTime - startTime).toBeGreaterThan(40_000);
  });

  test.each(['0', '-1', '61', 'x', '1e1', ''])('not of %j seconds', async (seconds) => {
    expect((await ask(`/debug/profile?seconds=${seconds}`)).status).toBe(400);
  });

  test('one at a time; it ends when the client goes', async () => {
    const first = send('/debug/profile?seconds=60');
    first.on('error', () => {});
    await vi.waitFor(() => expect(isProfiling()).toBe(true), PATIENCE_MS);
    expect((await ask('/debug/profile?seconds=1')).status).toBe(409);
    first.destroy();
    await vi.waitFor(() => expect(isProfiling()).toBe(false), PATIENCE_MS);
    await vi.waitFor(
      async () => expect((await ask('/debug/profile?seconds=0.01')).status).toBe(200),
      PATIENCE_MS,
    );
  });

  test('ends when the agent does', async () => {
    const sent = send('/debug/profile?seconds=60');
    sent.on('error', () => {});
    await vi.waitFor(() => expect(isProfiling()).toBe(true), PATIENCE_MS);
    await root.close();
    expect(said).toEqual([]);
  });
});

function isProfiling(): boolean {
  return root.tree().scopes.some(({ scopes }) => scopes.some(({ name }) => name === 'profile'));
}

describe('heap', () => {
  test('is a snapshot that the tools read', async () => {
    const { status, headers, body } = await ask('/debug/heap');
    expect(status).toBe(200);
    expect(headers['content-disposition']).toContain('.heapsnapshot');
    expect(Object.keys(JSON.parse(body))).toEqual(
      expect.arrayContaining(['snapshot', 'nodes', 'edges', 'strings']),
    );
  });

  test('one at a time; it ends when the client goes', async () => {
    const first = send('/debug/heap');
    first.on('error', () => {});
    const [response] = (await once(first, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    expect((await ask('/debug/heap')).status).toBe(409);
    first.destroy();
    await vi.waitFor(() => expect(root.census().get('task') ?? 0).toBe(0), PATIENCE_MS);
  });
});

test('looking leaves nothing behind', async () => {
  const look = async () => JSON.parse((await ask('/debug/resources?collect=true')).body);
  // The first time loads what stays.
  await ask('/debug/profile?seconds=0.001');
  const before = await look();
  for (let i = 0; i < 10; i++) {
    await ask('/debug/resources?text');
    await ask('/debug/profile?seconds=0.001');
  }
  await ask('/debug/heap');
  const after = await look();
  for (const figures of ['resources', 'holdings', 'real', 'unowned'])
    expect(after[figures]).toEqual(before[figures]);
});
