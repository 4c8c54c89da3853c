/**
 * Metrics on a port of their own, for scrapers that have no login. A port that cannot be had is a warning: /metrics of the
 * main server has them always.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsConfig } from '../config/types.js';
import { describeError } from '../runtime/errors.js';
import { listenError } from '../runtime/listening.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { closeServer, ServerSockets } from '../runtime/servers.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import { isLoopback, shownUrl } from './address.js';
import { createHostGuard } from './guard.js';

const MAX_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 10_000;
const HOW = { port: 'metrics.port (0 for none)', host: 'metrics.host' };

export interface MetricsServerOptions extends MetricsConfig {
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Listens until `scope` closes. Answers where, with the port that was really taken; undefined where it does not listen. */
export async function startMetricsServer(
  scope: Scope,
  { host, port, metrics, log }: MetricsServerOptions,
): Promise<string | undefined> {
  if (port === 0) return undefined;
  // Elsewhere scrapers come by names that nobody here knows, such as those of a compose file.
  const isAllowed = isLoopback(host) ? createHostGuard(host) : () => true;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(request, response, isAllowed, metrics, log);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new ServerSockets();
  sockets.add(server);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    const { code, message, remedy } = listenError(host, port, error, HOW);
    log.warn({ code }, `Metrics are at /metrics of the main port only: ${message} ${remedy}`);
    return undefined;
  }
  server.on('error', (error) => log.warn({ err: error }, `The metrics port: ${describeError(error)}`));
  scope.own('server', 'metrics', () => closeServer(server), sockets.holds);
  return `${shownUrl(host, (server.address() as AddressInfo).port)}/metrics`;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  isAllowed: (host: string | undefined) => boolean,
  metrics: Metrics,
  log: Logger,
): Promise<void> {
  const say = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  };
  if (!isAllowed(request.headers.host)) return say(403, 'This name is not served here; use localhost.\n');
  if (request.url?.split('?')[0] !== '/metrics') return say(404, 'There is /metrics only.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'Only GET is served.\n');
  try {
    const text = await metrics.exposition();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch (error) {
    log.error({ err: error }, `The metrics could not be told: ${describeError(error)}`);
    say(500, 'The agent could not tell its metrics; its log says why.\n');
  }
}
