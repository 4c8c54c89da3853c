/** The HTTP server: health, metrics, the API, the live tail and the window. Nothing here changes the agent but what is private (private.ts). */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerConfig } from '../config/types.js';
import { AgentError } from '../runtime/errors.js';
import { listenError } from '../runtime/listening.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { ServerSockets } from '../runtime/servers.js';
import type { SearchService } from '../search/service.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import { isLoopback, shownUrl } from './address.js';
import { underBasePath } from './base-path.js';
import { Login } from './login/login.js';
import { keptToken } from './login/token.js';
import { addRoutes } from './routes.js';
import type { TailHub } from './tail/hub.js';
import { createTlsServer } from './tls.js';
import type { AgentView } from './view.js';
import type { WindowFile } from './window.js';

/** Port 0 takes any free one. */
export interface ServerOptions extends ServerConfig {
  /** Where a token that nobody gave is kept. */
  readonly dataDir: string;
  readonly agent: AgentView;
  readonly metrics: Metrics;
  readonly tail: TailHub;
  readonly search: Pick<SearchService, 'ask' | 'isFull'>;
  readonly log: Logger;
  /** Default: what was built. */
  readonly window?: ReadonlyMap<string, WindowFile>;
}

export interface RunningServer {
  /** With the port that was really taken, and the base path; no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Logs in who opens it. Only where the agent made the token itself: one that was given is known, and not shown. */
  readonly loginUrl?: string;
}

const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1024;
const HOW = { port: '--port', host: '--host' };
/** No route has a schema. Fastify loads ajv and what it compiles answers with unless it is given others; the build leaves both out. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };

/** Listens until `scope` closes. Throws PORT_TAKEN, PORT_NOT_ALLOWED or SECRET_UNREADABLE. */
export async function startServer(scope: Scope, options: ServerOptions): Promise<RunningServer> {
  const { host, port, basePath, tls, log } = options;
  const token = tokenFor(options);
  const isSecure = tls !== undefined;
  const login = token === undefined ? undefined : new Login(token, { basePath, isSecure });
  const owner = scope.child('server');
  const { fastify } = await import('fastify');
  const sockets = new ServerSockets();
  const app = fastify({
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    bodyLimit: MAX_BODY_BYTES,
    schemaController: NO_SCHEMAS,
    // It is called once for each address that the name of the host has.
    serverFactory: (handler) => {
      const listener = underBasePath(basePath, handler);
      const settings = { requestTimeout: REQUEST_TIMEOUT_MS };
      const server = tls
        ? createTlsServer(owner, tls, settings, listener, log)
        : createServer(settings, listener);
      server.maxConnections = MAX_CONNECTIONS;
      return sockets.add(server) as Server;
    },
  });
  owner.own('server', 'http', () => app.close(), sockets.holds);
  addRoutes(app, owner, options, login);
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(host, port, error, HOW);
  }
  const taken = (app.server.address() as AddressInfo).port;
  const url = shownUrl(host, taken, isSecure ? 'https' : 'http') + basePath;
  const isOurs = token !== undefined && options.token === undefined;
  return { url, port: taken, ...(isOurs && { loginUrl: `${url}/?token=${encodeURIComponent(token)}` }) };
}

function noSchemas(): never {
  throw new AgentError('INTERNAL', 'Routes check their requests themselves: there are no schemas here.');
}

/** Undefined where no login is required. A given token is one to be asked for, also on loopback. */
function tokenFor({ auth, token, host, dataDir }: ServerOptions): string | undefined {
  if (auth === 'none') return undefined;
  if (token !== undefined) return token;
  return auth === 'auto' && isLoopback(host) ? undefined : keptToken(dataDir);
}
