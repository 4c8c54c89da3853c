/** What listening servers hold: their own sockets and the connections that they have accepted. */
import type { Server, Socket } from 'node:net';
import type { Holdings } from './scope.js';

export class ServerSockets {
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Socket>();

  /** Counts for `server`, which has no connection yet, until it is closed. */
  add<S extends Server>(server: S): S {
    this.#servers.add(server);
    server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.once('close', () => this.#servers.delete(server));
    return server;
  }

  readonly holds = (): Holdings => {
    let socket = 0;
    // A destroyed one is not held any more, though its end is told later.
    for (const { destroyed } of this.#connections) if (!destroyed) socket++;
    for (const server of this.#servers) if (server.listening) socket++;
    return { socket };
  };
}

/** Stops listening, ends what is connected, and resolves when all of it is gone. */
export function closeServer(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections?.();
  });
}
