/**
 * Stands between an agent and its engine, hands bytes on as they are, and counts from outside which logs are asked for.
 * An agent asks by GET without a body, so that what it sends is request heads, one after the other. When one side of a
 * connection has gone, the other is ended too: nothing is held that its client has let go.
 */
import { connect as connectPlain, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Scope } from '../runtime/scope.js';
import { dial } from '../sources/docker/dial.js';
import type { Endpoint } from '../sources/docker/endpoint.js';
import type { ProxyCounts } from './types.js';

/** An agent's request head is a few hundred bytes. */
const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';
const LOGS = /^GET \S*\/containers\/[^/\s]+\/logs\?(\S*) /;

export class CountingProxy {
  readonly #connect: () => Socket;
  readonly #clients = new Set<Socket>();
  #logRequests = 0;
  #followRequests = 0;
  #unheard = 0;

  private constructor(connect: () => Socket) {
    this.#connect = connect;
  }

  /** Listens on `socketPath` until `scope` closes. */
  static async start(scope: Scope, endpoint: Endpoint, socketPath: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(connector(endpoint));
    const server = createServer((client) => proxy.#serve(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(socketPath, resolve);
    });
    scope.own('server', `proxy ${socketPath}`, async () => {
      proxy.killConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return proxy;
  }

  get counts(): ProxyCounts {
    return {
      logRequests: this.#logRequests,
      followRequests: this.#followRequests,
      unheard: this.#unheard,
    };
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Cuts all of them, as a network would. */
  killConnections(): void {
    for (const client of this.#clients) client.destroy();
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    const engine = this.#connect();
    const heads = new RequestHeads((head) => this.#count(head));
    client.on('data', (chunk: Buffer) => heads.feed(chunk));
    client.pipe(engine);
    engine.pipe(client);
    client.on('error', () => {});
    engine.on('error', () => client.destroy());
    client.once('close', () => {
      this.#clients.delete(client);
      if (!heads.isHeard) this.#unheard++;
      engine.destroy();
    });
  }

  #count(head: string): void {
    const query = LOGS.exec(head)?.[1];
    if (query === undefined) return;
    this.#logRequests++;
    if (/(^|&)follow=(1|true)(&|$)/.test(query)) this.#followRequests++;
  }
}

/** Divides what a client sends into request heads. */
class RequestHeads {
  isHeard = false;
  readonly #onHead: (head: string) => void;
  #rest = '';

  constructor(onHead: (head: string) => void) {
    this.#onHead = onHead;
  }

  feed(chunk: Buffer): void {
    this.#rest += chunk.toString('latin1');
    for (let end = this.#rest.indexOf(HEAD_END); end >= 0; end = this.#rest.indexOf(HEAD_END)) {
      this.isHeard = true;
      this.#onHead(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + HEAD_END.length);
    }
    if (this.#rest.length > MAX_HEAD_BYTES) this.#rest = '';
  }
}

function connector(endpoint: Endpoint): () => Socket {
  const { target } = endpoint;
  const place = 'socketPath' in target ? { path: target.socketPath } : target;
  if (!endpoint.tls) return () => connectPlain(place);
  const { ca, cert, key, servername, rejectUnauthorized } = dial(endpoint).options;
  return () => connectTls({ ...place, ca, cert, key, servername, rejectUnauthorized });
}
