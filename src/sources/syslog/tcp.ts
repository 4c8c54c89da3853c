/** Syslog over TCP, and over TLS: a framer a connection. A connection whose lines the journal is behind with is not read. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { SyslogSourceConfig, SyslogTlsConfig } from '../../config/types.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { followCertificate, readCertificate } from '../../runtime/server-certificate.js';
import { ServerSockets } from '../../runtime/servers.js';
import { takeUnread } from '../../runtime/unread.js';
import { Framer } from './framing.js';

/** A sender that went without a word is found out. */
const KEEP_ALIVE_MS = 60_000;

export interface TcpEvents {
  /** One message of `peer`, whose first bytes are data[from .. to). */
  readonly onMessage: (data: Buffer, from: number, to: number, bytes: number, peer: string) => void;
  /** The messages of a chunk were told: takes them on; a promise asks the connection to wait. */
  readonly push: () => Promise<void> | undefined;
  /** One more connection than there may be was refused. */
  readonly onRefused: () => void;
}

export interface TcpContext {
  /** Of the source. */
  readonly name: string;
  readonly log: Logger;
}

/** Listens until `scope` closes. Throws the system's error where it cannot, and SECRET_UNREADABLE. */
export async function listenTcp(
  scope: Scope,
  config: SyslogSourceConfig,
  events: TcpEvents,
  { name, log }: TcpContext,
): Promise<void> {
  const { host, tcpPort, tls, maxConnections } = config;
  const connections = new Map<Socket, () => void>();
  const onConnection = (socket: Socket): void => {
    const finish = readMessages(socket, config, events);
    connections.set(socket, finish);
    socket.once('close', () => {
      if (connections.delete(socket)) finish();
    });
  };
  const key = `sources.${name}.tls`;
  const tlsServer = tls && createTlsServer(tlsOptions(tls, key), onConnection);
  const server: Server = tlsServer ?? createServer(onConnection);
  server.maxConnections = maxConnections;
  server.on('drop', events.onRefused);
  // Who does not speak TLS here, or is not trusted, is sent away; it is for the sender to say so.
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  const sockets = new ServerSockets();
  sockets.add(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(tcpPort, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const [socket, finish] of connections) {
        connections.delete(socket);
        finish();
        socket.destroy();
      }
    });
  scope.own('server', 'syslog over TCP', close, sockets.holds);
  if (tls && tlsServer) followCertificate(scope, tlsServer, tls, key, log);
}

/** Answers what takes the rest, once nothing more will come. */
function readMessages(socket: Socket, config: SyslogSourceConfig, events: TcpEvents): () => void {
  const { maxLineBytes, idleTimeoutMs } = config;
  const { remoteAddress = '' } = socket;
  const peer = remoteAddress.replace(/^::ffff:/, '');
  const framer = new Framer(maxLineBytes, (data, from, to, bytes) =>
    events.onMessage(data, from, to, bytes, peer),
  );
  const push = (): void => {
    const wait = events.push();
    if (!wait) return;
    socket.pause();
    void wait.then(() => socket.resume());
  };
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  if (idleTimeoutMs !== undefined)
    socket.setTimeout(idleTimeoutMs).on('timeout', () => {
      // It is we who are slow where it is not read.
      if (socket.isPaused()) socket.setTimeout(idleTimeoutMs);
      else socket.destroy();
    });
  socket.on('data', (chunk) => {
    framer.feed(chunk);
    push();
  });
  // Its end is told by `close`, whatever it was.
  socket.on('error', () => {});
  return () => {
    socket.removeAllListeners('data');
    for (const rest of takeUnread(socket)) framer.feed(rest);
    framer.end();
    void events.push();
  };
}

function tlsOptions(files: SyslogTlsConfig, key: string): TlsOptions {
  const isClientAsked = files.clientCaFile !== undefined;
  return { ...readCertificate(files, key), requestCert: isClientAsked, rejectUnauthorized: isClientAsked };
}
