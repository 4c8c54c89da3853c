/** What the functions of this folder open is owned, and each says truly what it holds. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepConnections, openRequest } from './requests.js';
import { Scope } from './scope.js';
import { closeServer, ServerSockets } from './servers.js';
import { watchPath } from './watch.js';

let scope: Scope;

beforeEach(() => {
  scope = Scope.root('test', (error) => expect.fail(String(error)));
});

afterEach(() => scope.close());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server that answers after it is let to; not owned by `scope`. */
async function answering(): Promise<{ port: number; answer: () => void; stop: () => Promise<void> }> {
  const waiting: (() => void)[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200);
    response.write('x');
    waiting.push(() => response.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, answer: () => waiting.shift()?.(), stop: () => closeServer(server) };
}

test('a server holds its own socket and its connections, until they are closed', async () => {
  const server = createServer();
  const sockets = new ServerSockets();
  sockets.add(server);
  scope.own('server', 'http', () => closeServer(server), sockets.holds);
  expect(scope.holdings().socket).toBe(0);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  expect(scope.holdings().socket).toBe(1);
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(server, 'connection');
  expect(scope.holdings().socket).toBe(2);
  client.destroy();
  while (scope.holdings().socket > 1) await turn();
  const other = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(server, 'connection');
  await scope.close();
  expect(sockets.holds()).toEqual({ socket: 0 });
  other.destroy();
});

test('a request with a connection of its own holds it, and closing ends it', async () => {
  const { port, stop } = await answering();
  const options = { host: '127.0.0.1', port, agent: false as const };
  const { outgoing } = openRequest(scope, '/', false, options);
  outgoing.end();
  await once(outgoing, 'response');
  expect(scope.holdings().socket).toBe(1);
  const closed = once(outgoing, 'close');
  await scope.close();
  await closed;
  expect(outgoing.socket?.destroyed).toBe(true);
  await stop();
});

test('kept connections are held by who keeps them, in use or not', async () => {
  const { port, answer, stop } = await answering();
  const agent = keepConnections(scope, 'connections', false, 2);
  const { outgoing, owned } = openRequest(scope, '/', false, { host: '127.0.0.1', port, agent });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  expect(scope.holdings().socket).toBe(1);
  answer();
  for await (const _ of response);
  await owned.release();
  expect(scope.holdings().socket).toBe(1);
  await scope.close();
  while (Object.keys(agent.freeSockets).length > 0) await turn();
  await stop();
});

test('a watch tells of changes and is gone with its release; what cannot be watched leaves nothing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-watch-'));
  let told!: (name: string | null) => void;
  const change = new Promise((resolve) => {
    told = resolve;
  });
  const owned = watchPath(scope, folder, { onChange: (name) => told(name), onError: () => {} });
  expect(scope.holdings().watcher).toBe(1);
  writeFileSync(path.join(folder, 'new'), '');
  expect(await change).toBe('new');
  await owned.release();
  expect(scope.holdings().watcher).toBe(0);
  rmSync(folder, { recursive: true });
  expect(() => watchPath(scope, folder, { onChange: () => {}, onError: () => {} })).toThrow('ENOENT');
  expect(scope.census().size).toBe(0);
});
