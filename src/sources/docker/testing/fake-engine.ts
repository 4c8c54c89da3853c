/** An engine for tests: answers on a unix socket in a folder of its own, as its routes say. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Route = (request: IncomingMessage, response: ServerResponse) => void;

export function json(body: unknown, status = 200): Route {
  return (_request, response) => response.writeHead(status).end(JSON.stringify(body));
}

export function raw(body: string, status = 200): Route {
  return (_request, response) => response.writeHead(status).end(body);
}

/** Never answers. */
export const silence: Route = () => {};

export interface FakeEngine {
  readonly dir: string;
  readonly socket: string;
  /** By path without version and query. */
  readonly routes: Map<string, Route>;
  /** Paths with queries, as asked. */
  readonly asked: string[];
  /** Open event streams. */
  readonly streams: Set<ServerResponse>;
  readonly connections: number;
  emit(event: object): void;
  /** Stops listening and cuts every connection. */
  stop(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

/** Speaks API 1.41, has no containers and keeps them in `<dir>/root`. */
export async function fakeEngine(): Promise<FakeEngine> {
  const dir = await mkdtemp(join(tmpdir(), 'fake-engine-'));
  const socket = join(dir, 'docker.sock');
  const asked: string[] = [];
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const routes = new Map<string, Route>([
    ['/version', json({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' })],
    ['/info', json({ Name: 'box', DockerRootDir: join(dir, 'root') })],
    ['/containers/json', json([])],
    [
      '/events',
      (_request, response) => {
        response.writeHead(200).flushHeaders();
        streams.add(response);
        response.on('close', () => streams.delete(response));
      },
    ],
  ]);
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
    (routes.get(path) ?? json({ message: `no such thing: ${path}` }, 404))(request, response);
  });
  server.on('connection', (connection) => {
    connections++;
    sockets.add(connection);
    connection.on('close', () => sockets.delete(connection));
  });
  const engine = {
    dir,
    socket,
    routes,
    asked,
    streams,
    get connections() {
      return connections;
    },
    emit: (event: object) => {
      for (const stream of streams) stream.write(`${JSON.stringify(event)}\n`);
    },
    start: () => new Promise<void>((resolve) => server.listen(socket, resolve)),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const connection of sockets) connection.destroy();
      }),
    dispose: async () => {
      if (server.listening) await engine.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  await engine.start();
  return engine;
}
