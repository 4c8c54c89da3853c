/** Stands between an agent and an engine's socket, hands bytes on, and does on demand what networks and engines do. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** `GET /v1.41/containers/<id>/logs?…`, on a connection of its own. */
const ASKS_FOR_A_LOG = /^GET \S*\/logs\?/;

export class FaultyProxy {
  readonly endpoint: string;
  readonly #engineSocket: string;
  readonly #clients = new Set<Socket>();
  readonly #held = new Set<Socket>();
  #holdsLogs = false;

  private constructor(socket: string, engineSocket: string) {
    this.endpoint = `unix://${socket}`;
    this.#engineSocket = engineSocket;
  }

  /** Listens on `socket` until the test is over. */
  static async start(socket: string, engineSocket: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(socket, engineSocket);
    const server = createServer((client) => proxy.#serve(client));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
    onTestFinished(() => {
      server.close();
      proxy.cut();
    });
    return proxy;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const client of this.#clients) client.destroy();
  }

  /** From now on requests for logs are not answered. Streams that are open go on. */
  holdLogs(): void {
    this.#holdsLogs = true;
  }

  /** Breaks what was held; what is asked from now on is answered. */
  letGo(): void {
    this.#holdsLogs = false;
    for (const client of this.#held) client.destroy();
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => {});
    client.once('close', () => {
      this.#clients.delete(client);
      this.#held.delete(client);
    });
    client.once('data', (head: Buffer) => {
      if (this.#holdsLogs && ASKS_FOR_A_LOG.test(head.toString('latin1'))) this.#held.add(client);
      else this.#forward(client, head);
    });
  }

  #forward(client: Socket, head: Buffer): void {
    const engine = connect(this.#engineSocket);
    engine.on('error', () => client.destroy());
    engine.once('close', () => client.destroy());
    client.once('close', () => engine.destroy());
    engine.write(head);
    client.pipe(engine).pipe(client);
  }
}
