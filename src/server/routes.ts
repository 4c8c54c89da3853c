/** What the server answers, and who may ask: the guards come first, then each part of the API adds its own routes. */

import type { FastifyInstance } from 'fastify';
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { buildOnDisk } from '../telemetry/build-info.js';
import { addAlerts } from './alerts/routes.js';
import { answer, refuse } from './answers.js';
import { addConfigRoutes } from './config-route.js';
import { addDeadLetters } from './dead-letters/routes.js';
import { addDebug } from './debug/routes.js';
import { createHostGuard, followsLink, isFromOtherSite, SECURITY_HEADERS } from './guard.js';
import type { Login } from './login/login.js';
import { addLogin, isLoggedIn } from './login/routes.js';
import { addOpenApi } from './openapi/document.js';
import { addSearch } from './search/routes.js';
import type { ServerOptions } from './server.js';
import { addTail } from './tail/route.js';
import { addWindow, readWindow } from './window.js';

/** `login` is undefined where none is required. What routes open ends with `owner`. */
export function addRoutes(
  app: FastifyInstance,
  owner: Scope,
  options: ServerOptions,
  login: Login | undefined,
): void {
  const { host, agent, log } = options;
  const window = options.window ?? readWindow();
  const hasLogin = login !== undefined;
  guard(app, options, owner);
  if (login) addLogin(app, login, window.get('login.html')?.content.toString() ?? '', log);
  addWindow(app, window);
  addStatus(app, options, login);
  addFigures(app, options);
  addConfigRoutes(app, owner, { host, hasLogin, config: agent.config, reload: () => agent.reload() });
  addTail(app, owner, options);
  addSearch(app, owner, options);
  const sinks = (): string[] => agent.sinks().map(({ name }) => name);
  addDeadLetters(app, { host, hasLogin, desk: agent.deadLetters, sinks });
  addAlerts(app, { host, hasLogin, alerts: agent.alerts });
  addDebug(app, owner, { ...options, hasLogin });
  addOpenApi(app, agent.build.version, options.basePath);
}

function guard(app: FastifyInstance, { host, allowedHosts }: ServerOptions, owner: Scope): void {
  const isAllowed = createHostGuard(host, allowedHosts);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
    if (owner.isClosing) return refuse(reply, 503, 'STOPPING', 'The agent is stopping.');
    if (!isAllowed(request.headers.host)) {
      return refuse(
        reply,
        403,
        'HOST_REFUSED',
        'This name is not served here.',
        'Use http://localhost or the IP address, or put the name into server.allowed_hosts.',
      );
    }
    if (!isFromOtherSite(request) || followsLink(request)) return undefined;
    const remedy = 'Open the page by its own address; a proxy in between must pass the Host header on.';
    return refuse(reply, 403, 'SITE_REFUSED', 'A page of another site asks for this.', remedy);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, 'NOT_FOUND', `There is no ${request.method} ${request.url.slice(0, 200)}.`),
  );
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    return refuse(reply, status, status < 500 ? 'BAD_REQUEST' : 'INTERNAL', describeError(error));
  });
}

/** What also those hear who are not logged in, so that a supervisor can ask: states, but neither names nor reasons. */
function addStatus(app: FastifyInstance, { agent }: ServerOptions, login: Login | undefined): void {
  const open = { config: { isOpen: true } };
  app.get('/health', open, (request, reply) => {
    const status = agent.health.overall;
    reply.code(status === 'unhealthy' ? 503 : 200);
    if (!isLoggedIn(login, request)) return answer(reply, { status });
    return answer(reply, { status, components: agent.health.components(), build: agent.build });
  });
  app.get('/ready', open, (_request, reply) => answer(reply, { ready: true }));
}

function addFigures(app: FastifyInstance, { agent, metrics }: ServerOptions): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.exposition();
    return reply.type(metrics.contentType).send(text);
  });
  const figures: Readonly<Record<string, () => unknown>> = {
    build: () => ({ ...agent.build, onDisk: buildOnDisk()?.digest ?? null }),
    config: () => agent.config.view(),
    containers: () => ({ containers: agent.containers() }),
    flow: () => agent.flow(),
    sinks: () => ({ sinks: agent.sinks() }),
    ledger: () => agent.ledger(),
    gaps: () => agent.gaps(),
    journal: () => agent.journal.stats,
    'resources/history': () => agent.resourceHistory(),
  };
  for (const [name, tell] of Object.entries(figures)) {
    app.get(`/api/v1/${name}`, (_request, reply) => answer(reply, tell()));
  }
}
