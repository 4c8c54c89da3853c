/** HTTPS in place of HTTP. */
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { ServerTlsConfig } from '../config/types.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { followCertificate, readCertificate } from '../runtime/server-certificate.js';

const KEY = 'server.tls';

/** Throws SECRET_UNREADABLE where the files cannot be read, or are no certificate and its key. */
export function createTlsServer(
  scope: Scope,
  files: ServerTlsConfig,
  options: ServerOptions,
  handler: RequestListener,
  log: Logger,
): Server {
  const server = createServer({ ...options, ...readCertificate(files, KEY) }, handler);
  // Scanners, and browsers that do not trust it yet, end the handshake: nothing to do here.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  followCertificate(scope, server, files, KEY, log);
  return server;
}
