/** Outgoing connections over TCP or TLS, which a scope owns. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Owned, Scope } from './scope.js';

export interface OwnedConnection {
  /** Not connected yet. Its errors may be heard; nobody has to. */
  readonly socket: Socket;
  readonly owned: Owned;
}

/** `tls`: through TLS, with these options. */
export function openConnection(
  scope: Scope,
  name: string,
  host: string,
  port: number,
  tls?: ConnectionOptions,
): OwnedConnection {
  const socket = tls ? connectTls({ host, port, ...tls }) : connect({ host, port });
  socket.on('error', () => {});
  const owned = scope.own(
    'socket',
    name,
    () => void socket.destroy(),
    () => ({ socket: socket.destroyed ? 0 : 1 }),
  );
  return { socket, owned };
}
