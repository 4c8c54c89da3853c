/**
 * The way to a server over HTTP: a pool of connections of one sink alone, through TLS and a proxy where wanted. TLS files are
 * read for each new connection, so that exchanged certificates need no restart. Errors show no credentials.
 *
 * Through a proxy: to http addresses as requests with the whole address, to https addresses through a tunnel (CONNECT).
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { HttpWayConfig, LoginConfig, TlsConfig } from '../../config/types.js';
import { AgentError } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import { within } from '../../runtime/within.js';
import { connectionError, GOES_ON } from '../connection-error.js';
import { tlsOptions } from '../tls.js';
import { proxyFor } from './proxy.js';
import { MAX_BODY_BYTES, type Received } from './reply.js';
import { buildConnector, Client, Pool } from './undici.js';

const CONNECT_MS = 10_000;
/** Less than the idle limits of the usual proxies. */
const KEEP_ALIVE_MS = 30_000;
const CLOSE_MS = 1_000;

type Connector = ReturnType<typeof buildConnector>;
type Headers = Readonly<Record<string, string>>;

export interface Target {
  /** What it is for people: `Loki`. */
  readonly who: string;
  /** Where requests go; user and password in it are secrets. */
  readonly url: URL;
  /** Of every request, beside those of the login. */
  readonly headers: Headers;
  /** Most at the same time. */
  readonly connections: number;
  /** What is read of an answer; undefined: MAX_BODY_BYTES. */
  readonly maxBodyBytes?: number;
}

export class Connection {
  /** Where requests go, without user and password. */
  readonly address: string;
  readonly #target: Target;
  readonly #way: HttpWayConfig;
  readonly #scope: Scope;
  readonly #pool: Pool;
  readonly #tunnel: Client | undefined;
  /** Before every path: of the server where a proxy is to find it. */
  readonly #origin: string;
  readonly #headers: Headers;
  readonly #sockets = new Set<Socket>();
  /** Of the sockets those that are no TLS within another one. */
  #connections = 0;

  /** Opens nothing yet. What it opens ends with `scope`. */
  constructor(target: Target, way: HttpWayConfig & LoginConfig, scope: Scope, env: NodeJS.ProcessEnv) {
    const { url } = target;
    const proxy = proxyFor(url, way.proxyUrl, env);
    const proxyAuth = proxy && basicOf(proxy);
    const isTunnel = proxy !== undefined && url.protocol === 'https:';
    this.#target = target;
    this.#way = way;
    this.#scope = scope;
    this.address = `${url.origin}${url.pathname}`;
    this.#origin = proxy && !isTunnel ? url.origin : '';
    this.#headers = {
      'user-agent': 'log-capturer',
      ...authorizationOf(url, way),
      ...target.headers,
      ...(proxy && !isTunnel ? { host: url.host, ...proxyAuth } : {}),
    };
    const connector = this.#connector(way.tls);
    if (proxy && isTunnel) {
      this.#tunnel = new Client(proxy.origin, {
        connect: this.#connector(undefined),
        headersTimeout: Math.min(CONNECT_MS, way.timeoutMs),
      });
    }
    this.#pool = new Pool(proxy && !isTunnel ? proxy.origin : url.origin, {
      connections: target.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The whole request has one deadline, see post.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: this.#tunnel ? tunnelled(this.#tunnel, url, proxyAuth, connector) : connector,
    });
    scope.own(
      'socket',
      `connections to ${target.who}`,
      () => this.#destroy(),
      () => ({ socket: this.#connections }),
    );
  }

  /**
   * Sends one request and reads its answer, within the configured time. `path` where it does not go to the target's url.
   * Throws SINK_UNREACHABLE, retryable, where no answer came, SINK_REFUSED where TLS does not want it, SECRET_UNREADABLE.
   */
  async post(body: Buffer, headers: Headers, signal: AbortSignal, path?: string): Promise<Received> {
    const { who, url, maxBodyBytes = MAX_BODY_BYTES } = this.#target;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const deadline = this.#scope.timeout(`answer of ${who}`, this.#way.timeoutMs, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: this.#origin + (path ?? `${url.pathname}${url.search}`),
        headers: { ...this.#headers, ...headers },
        body,
        signal: ending.signal,
      });
      const retryAfter = answer.headers['retry-after'];
      const bytes = await readLimited(answer.body, maxBodyBytes);
      return {
        status: answer.statusCode,
        body: bytes.toString(),
        bytes,
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      };
    } catch (error) {
      throw this.#explain(error, ending.signal.aborted, signal.aborted);
    } finally {
      signal.removeEventListener('abort', end);
      await deadline.release();
    }
  }

  /** Lets requests in flight end for a second, then closes. Idempotent. */
  async close(): Promise<void> {
    await within(CLOSE_MS, this.#pool.closed ? Promise.resolve() : this.#pool.close());
    await this.#destroy();
  }

  async #destroy(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#tunnel?.destroy()]);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connects as the pool wants, and knows the socket from its beginning: the pool does not while it connects. */
  #connector(tls: TlsConfig | undefined): Connector {
    return (options, callback) => {
      let connect: Connector;
      try {
        connect = buildConnector({
          timeout: Math.min(CONNECT_MS, this.#way.timeoutMs),
          maxCachedSessions: 0,
          ...(options.protocol === 'https:' ? tlsOptions(tls) : {}),
        });
      } catch (error) {
        callback(error as Error, null);
        return;
      }
      // Its type says nothing of the socket that it answers.
      const socket = connect(options, callback) as unknown as Socket;
      const counts = options.httpSocket ? 0 : 1;
      this.#sockets.add(socket);
      this.#connections += counts;
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#connections -= counts;
      });
    };
  }

  #explain(error: unknown, isEnded: boolean, isStopped: boolean): AgentError {
    if (error instanceof AgentError) return error;
    const { who } = this.#target;
    if (!isEnded) return connectionError(error, `${who} at ${this.address}`);
    const why = isStopped ? 'before the agent stopped' : `within ${this.#way.timeoutMs / 1000} s`;
    return new AgentError('SINK_UNREACHABLE', `${who} at ${this.address} did not answer ${why}.`, {
      remedy: GOES_ON,
      retryable: true,
      cause: error,
    });
  }
}

function authorizationOf(url: URL, { username, password, bearerToken }: LoginConfig): Headers {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
  if (username !== undefined) return { authorization: basic(username, password ?? '') };
  const { 'proxy-authorization': authorization } = basicOf(url) ?? {};
  return authorization === undefined ? {} : { authorization };
}

function basicOf({ username, password }: URL): { 'proxy-authorization': string } | undefined {
  if (username === '') return undefined;
  return { 'proxy-authorization': basic(decoded(username), decoded(password)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A tunnel through the proxy, and TLS with the server inside it. */
function tunnelled(
  proxy: Client,
  { hostname, port }: URL,
  headers: Record<string, string> | undefined,
  secure: Connector,
): Connector {
  const target = `${hostname}:${port || '443'}`;
  return (options, callback) => {
    proxy.connect({ path: target, headers: { host: target, ...headers } }, (error, data) => {
      if (error) return callback(error, null);
      const { socket, statusCode } = data as unknown as { socket: Socket; statusCode: number };
      if (statusCode === 200) return secure({ ...options, httpSocket: socket }, callback);
      socket.once('error', () => undefined);
      socket.destroy();
      const remedy = 'Check proxy_url, user and password in it, and what the proxy allows.';
      callback(
        new AgentError('SINK_REFUSED', `The proxy answered ${statusCode} to a tunnel to ${target}.`, {
          remedy,
        }),
        null,
      );
    });
  };
}

/** Reads a body to its end, or closes the connection beyond what anybody reads of it. */
async function readLimited(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
