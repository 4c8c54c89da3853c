/** The HTTP server: health, metrics, the API, the live tail and the page. Nothing here changes the agent but what is private (private.ts). */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerConfig } from '../config/types.js';
import { describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { ServerSockets } from '../runtime/servers.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import { isLoopback, listenError, shownUrl } from './address.js';
import { answer, refuse } from './answers.js';
import { addDeadLetters } from './dead-letters/routes.js';
import { addDebug } from './debug/routes.js';
import { createHostGuard, SECURITY_HEADERS } from './guard.js';
import { Login } from './login/login.js';
import { addLogin, isLoggedIn } from './login/routes.js';
import { keptToken } from './login/token.js';
import type { TailHub } from './tail-hub.js';
import { parseTailQuery } from './tail-query.js';
import { serveTail } from './tail-route.js';
import type { AgentView } from './view.js';

/** Port 0 takes any free one. */
export interface ServerOptions extends ServerConfig {
  /** Where a token that nobody gave is kept. */
  readonly dataDir: string;
  readonly agent: AgentView;
  readonly metrics: Metrics;
  readonly tail: TailHub;
  readonly log: Logger;
}

export interface RunningServer {
  /** With the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** Logs in who opens it. Only where the agent made the token itself: one that was given is known, and not shown. */
  readonly loginUrl?: string;
}

const MAX_CONNECTIONS = 256;
const MAX_TAIL_CLIENTS = 64;
const REQUEST_TIMEOUT_MS = 10_000;
const HOW = { port: '--port', host: '--host' };

const PAGE = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
] as const;

/** Listens until `scope` closes. Throws PORT_TAKEN, PORT_NOT_ALLOWED or SECRET_UNREADABLE. */
export async function startServer(scope: Scope, options: ServerOptions): Promise<RunningServer> {
  const { host, port, log } = options;
  const token = tokenFor(options);
  const login = token === undefined ? undefined : new Login(token);
  const owner = scope.child('server');
  const { fastify } = await import('fastify');
  const sockets = new ServerSockets();
  const app = fastify({
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    // It is called once for each address that the name of the host has.
    serverFactory: (handler) => {
      const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, handler);
      server.maxConnections = MAX_CONNECTIONS;
      return sockets.add(server);
    },
  });
  owner.own('server', 'http', () => app.close(), sockets.holds);

  guard(app, options, owner);
  if (login) addLogin(app, login, log);
  addPage(app);
  addStatus(app, options, login);
  addApi(app, options);
  addTail(app, owner, options);
  const hasLogin = login !== undefined;
  const { agent } = options;
  const sinks = (): string[] => agent.sinks().map(({ name }) => name);
  addDeadLetters(app, { host, hasLogin, desk: agent.deadLetters, sinks });
  addDebug(app, owner, { ...options, hasLogin });
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(host, port, error, HOW);
  }
  const taken = (app.server.address() as AddressInfo).port;
  const url = shownUrl(host, taken);
  const isOurs = token !== undefined && options.token === undefined;
  return { url, port: taken, ...(isOurs && { loginUrl: `${url}/?token=${encodeURIComponent(token)}` }) };
}

/** Undefined where no login is required. A given token is one to be asked for, also on loopback. */
function tokenFor({ auth, token, host, dataDir }: ServerOptions): string | undefined {
  if (auth === 'none') return undefined;
  if (token !== undefined) return token;
  return auth === 'auto' && isLoopback(host) ? undefined : keptToken(dataDir);
}

function guard(app: FastifyInstance, { host, allowedHosts }: ServerOptions, owner: Scope): void {
  const isAllowed = createHostGuard(host, allowedHosts);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
    if (owner.isClosing) return refuse(reply, 503, 'STOPPING', 'The agent is stopping.');
    if (isAllowed(request.headers.host)) return undefined;
    return refuse(
      reply,
      403,
      'HOST_REFUSED',
      'This name is not served here.',
      'Use http://localhost or the IP address, or put the name into server.allowed_hosts.',
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

/** What also those hear who are not logged in, so that a supervisor can ask: states, but neither names nor reasons. */
function addStatus(app: FastifyInstance, { agent }: ServerOptions, login: Login | undefined): void {
  app.get('/health', (request, reply) => {
    const status = agent.health.overall;
    reply.code(status === 'unhealthy' ? 503 : 200);
    if (!isLoggedIn(login, request)) return answer(reply, { status });
    return answer(reply, { status, components: agent.health.components(), build: agent.build });
  });
  app.get('/ready', (_request, reply) => answer(reply, { ready: true }));
}

function addApi(app: FastifyInstance, { agent, metrics }: ServerOptions): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.exposition();
    return reply.type(metrics.contentType).send(text);
  });
  app.get('/api/v1/build', (_request, reply) => answer(reply, agent.build));
  app.get('/api/v1/config', (_request, reply) => answer(reply, agent.config()));
  app.get('/api/v1/containers', (_request, reply) => answer(reply, { containers: agent.containers() }));
  app.get('/api/v1/sinks', (_request, reply) => answer(reply, { sinks: agent.sinks() }));
  app.get('/api/v1/ledger', (_request, reply) => answer(reply, agent.ledger()));
  app.get('/api/v1/gaps', (_request, reply) => answer(reply, agent.gaps()));
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
