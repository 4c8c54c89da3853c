/** The HTTP server: health, the API, the live tail and the page. It only reads: nothing here changes the agent. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AgentError, describeError, systemCode } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { createHostGuard, SECURITY_HEADERS } from './guard.js';
import type { TailHub } from './tail-hub.js';
import { parseTailQuery } from './tail-query.js';
import { serveTail } from './tail-route.js';
import type { AgentView } from './view.js';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly agent: AgentView;
  readonly tail: TailHub;
  readonly log: Logger;
}

export interface RunningServer {
  /** With the port that was really taken. */
  readonly url: string;
  readonly port: number;
}

const MAX_CONNECTIONS = 256;
const MAX_TAIL_CLIENTS = 64;
const REQUEST_TIMEOUT_MS = 10_000;

const PAGE = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
] as const;

/** Listens until `scope` closes. Throws PORT_TAKEN or PORT_NOT_ALLOWED. */
export async function startServer(scope: Scope, options: ServerOptions): Promise<RunningServer> {
  const { host, port, log } = options;
  const owner = scope.child('server');
  const { fastify } = await import('fastify');
  const app = fastify({
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: 1024,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  owner.own('server', 'http', () => app.close());

  guard(app, host, owner);
  addPage(app);
  addApi(app, options);
  addTail(app, owner, options);
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(host, port, error);
  }
  const taken = (app.server.address() as AddressInfo).port;
  if (!isLoopback(host)) {
    log.warn({ host }, `Everybody who can reach ${host}:${taken} can read all lines: there is no login yet.`);
  }
  return { url: `http://${shownHost(host)}:${taken}`, port: taken };
}

function guard(app: FastifyInstance, boundHost: string, owner: Scope): void {
  const isAllowed = createHostGuard(boundHost);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
    if (owner.isClosing) return refuse(reply, 503, 'STOPPING', 'The agent is stopping.');
    if (isAllowed(request.headers.host)) return undefined;
    return refuse(
      reply,
      403,
      'HOST_REFUSED',
      'This name is not served here; use http://localhost or the IP address.',
    );
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, 'NOT_FOUND', `There is no ${request.method} ${request.url.slice(0, 200)}.`),
  );
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    return refuse(reply, status, status < 500 ? 'BAD_REQUEST' : 'INTERNAL', describeError(error));
  });
}

function addPage(app: FastifyInstance): void {
  for (const [url, file, type] of PAGE) {
    const body = readFileSync(new URL(`page/${file}`, import.meta.url));
    app.get(url, (_request, reply) => reply.type(type).send(body));
  }
}

function addApi(app: FastifyInstance, { agent }: ServerOptions): void {
  app.get('/health', (_request, reply) => {
    const status = agent.health.overall;
    const components = Object.fromEntries(agent.health.components());
    return answer(reply.code(status === 'unhealthy' ? 503 : 200), { status, components, build: agent.build });
  });
  app.get('/ready', (_request, reply) => answer(reply, { ready: true }));
  app.get('/api/v1/build', (_request, reply) => answer(reply, agent.build));
  app.get('/api/v1/containers', (_request, reply) => answer(reply, { containers: agent.containers() }));
  app.get('/api/v1/sinks', (_request, reply) => answer(reply, { sinks: agent.sinks() }));
  app.get('/api/v1/journal', (_request, reply) => answer(reply, agent.journal.stats));
}

function addTail(app: FastifyInstance, owner: Scope, { tail, log }: ServerOptions): void {
  app.get('/api/v1/tail', (request: FastifyRequest, reply: FastifyReply) => {
    const wanted = parseTailQuery(new URL(request.url, 'http://localhost').searchParams);
    if (typeof wanted === 'string') return refuse(reply, 400, 'BAD_REQUEST', wanted);
    if (tail.clients >= MAX_TAIL_CLIENTS) {
      return refuse(reply, 503, 'TOO_MANY', `${MAX_TAIL_CLIENTS} clients follow the tail already.`);
    }
    const client = owner.child('tail client');
    reply.hijack();
    reply.raw.once('close', () => {
      client
        .close()
        .catch((error: unknown) => log.error({ err: error }, 'A client of the tail did not close.'));
    });
    void client.run('tail', () => serveTail(client, tail, wanted, request.raw, reply.raw));
    return reply;
  });
}

function answer(reply: FastifyReply, value: unknown): FastifyReply {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Map ? Object.fromEntries(part) : part,
  );
  return reply.type('application/json; charset=utf-8').send(text);
}

function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return answer(reply.code(status), { error: { code, message } });
}

function listenError(host: string, port: number, cause: unknown): AgentError {
  const code = systemCode(cause);
  if (code === 'EADDRINUSE') {
    return new AgentError('PORT_TAKEN', `Port ${port} on ${host} is taken by another program.`, {
      remedy: 'Stop that one, or choose another port with --port.',
      cause,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AgentError('PORT_NOT_ALLOWED', `This user may not listen on port ${port}.`, {
      remedy: 'Choose a port above 1023 with --port.',
      cause,
    });
  }
  return new AgentError('PORT_NOT_ALLOWED', `Cannot listen on ${host}:${port} (${describeError(cause)}).`, {
    remedy: 'Name an address of this machine with --host, such as 127.0.0.1.',
    cause,
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
