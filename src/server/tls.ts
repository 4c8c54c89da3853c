/** The server's certificate. One that was renewed is taken within a minute, without a restart. */
import { readFileSync, statSync } from 'node:fs';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { ServerTlsConfig } from '../config/types.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';

const LOOK_MS = 60_000;

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Throws SECRET_UNREADABLE where the files cannot be read, or are no certificate and its key. */
export function createTlsServer(
  scope: Scope,
  files: ServerTlsConfig,
  options: ServerOptions,
  handler: RequestListener,
  log: Logger,
): Server {
  const server = createServer({ ...options, ...readPair(files), minVersion: 'TLSv1.2' }, handler);
  // Scanners, and browsers that do not trust it yet, end the handshake: nothing to do here.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  let seen = stateOf(files);
  scope.interval('certificate', LOOK_MS, () => {
    const now = stateOf(files);
    if (now === seen) return;
    seen = now;
    try {
      server.setSecureContext(readPair(files));
      log.info({}, 'The new certificate of server.tls is in use.');
    } catch (error) {
      log.warn({ err: error }, `The old certificate of server.tls stays in use. ${describeError(error)}`);
    }
  });
  return server;
}

function readPair({ certFile, keyFile }: ServerTlsConfig): Pair {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    throw new AgentError(
      'SECRET_UNREADABLE',
      `${certFile} and ${keyFile} (server.tls) cannot be used as a certificate and its key (${describeError(cause)}).`,
      { remedy: 'Name files in PEM form that this user may read and that belong together.', cause },
    );
  }
}

/** Changes with the files; what cannot be looked at counts as unchanged until it can. */
function stateOf({ certFile, keyFile }: ServerTlsConfig): string | undefined {
  try {
    return [certFile, keyFile].map((file) => statSync(file).mtimeMs).join(' ');
  } catch {
    return undefined;
  }
}
