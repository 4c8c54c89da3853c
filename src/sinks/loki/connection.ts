/**
 * The way to Loki: a pool of connections of this sink alone, through TLS and a proxy where wanted. TLS files are read for
 * each new connection, so that exchanged certificates need no restart. Errors show no credentials.
 *
 * Through a proxy: to http addresses as requests with the whole address, to https addresses through a tunnel (CONNECT).
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { buildConnector, Client, Pool } from 'undici';
import type { LokiSinkConfig, TlsConfig } from '../../config/types.js';
import { LANES } from '../../pipeline/streams.js';
import { AgentError, describeError, systemCode } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import { within } from '../../runtime/within.js';
import { MAX_BODY_BYTES, type Reply } from './answer.js';
import { proxyFor } from './proxy.js';

/** Most requests in flight for one lane. */
export const REQUESTS_PER_LANE = 4;
const PUSH_PATH = '/loki/api/v1/push';
const CONNECT_MS = 10_000;
/** Less than the idle limits of the usual proxies. */
const KEEP_ALIVE_MS = 30_000;
const CLOSE_MS = 1_000;

type Connector = ReturnType<typeof buildConnector>;

export class Connection {
  /** Of the push endpoint, without user and password. */
  readonly address: string;
  readonly #config: LokiSinkConfig;
  readonly #scope: Scope;
  readonly #pool: Pool;
  readonly #tunnel: Client | undefined;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #sockets = new Set<Socket>();
  /** Of the sockets those that are no TLS within another one. */
  #connections = 0;

  /** Opens nothing yet. What it opens ends with `scope`. */
  constructor(config: LokiSinkConfig, scope: Scope, env: NodeJS.ProcessEnv) {
    const url = pushUrl(config.url);
    const proxy = proxyFor(url, config.proxyUrl, env);
    const proxyAuth = proxy && basicOf(proxy);
    const isTunnel = proxy !== undefined && url.protocol === 'https:';
    this.#config = config;
    this.#scope = scope;
    this.address = `${url.origin}${url.pathname}`;
    this.#path = `${proxy && !isTunnel ? url.origin : ''}${url.pathname}${url.search}`;
    this.#headers = {
      'content-type': 'application/x-protobuf',
      'user-agent': 'log-capturer',
      ...authorizationOf(url, config),
      ...(proxy && !isTunnel ? { host: url.host, ...proxyAuth } : {}),
    };
    const connector = this.#connector(config.tls);
    if (proxy && isTunnel) {
      this.#tunnel = new Client(proxy.origin, {
        connect: this.#connector(undefined),
        headersTimeout: Math.min(CONNECT_MS, config.timeoutMs),
      });
    }
    this.#pool = new Pool(proxy && !isTunnel ? proxy.origin : url.origin, {
      connections: LANES * REQUESTS_PER_LANE,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The whole request has one deadline, see post.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: this.#tunnel ? tunnelled(this.#tunnel, url, proxyAuth, connector) : connector,
    });
    scope.own(
      'socket',
      'connections to Loki',
      () => this.#destroy(),
      () => ({ socket: this.#connections }),
    );
  }

  /**
   * Sends one request and reads its answer, within the configured time. Throws SINK_UNREACHABLE, retryable, where none
   * came, SINK_REFUSED where TLS does not want it, SECRET_UNREADABLE.
   */
  async post(body: Buffer, tenant: string | undefined, signal: AbortSignal): Promise<Reply> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const deadline = this.#scope.timeout('answer of Loki', this.#config.timeoutMs, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: tenant === undefined ? this.#headers : { ...this.#headers, 'x-scope-orgid': tenant },
        body,
        signal: ending.signal,
      });
      const { statusCode: status, headers } = answer;
      const retryAfter = headers['retry-after'];
      return {
        status,
        body: await readLimited(answer.body),
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
          timeout: Math.min(CONNECT_MS, this.#config.timeoutMs),
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
    const remedy =
      'Delivery goes on by itself when Loki is there; nothing is lost while the journal has room.';
    const code = systemCode(error);
    if (isEnded) {
      const why = isStopped ? 'before the agent stopped' : `within ${this.#config.timeoutMs / 1000} s`;
      return new AgentError('SINK_UNREACHABLE', `Loki at ${this.address} did not answer ${why}.`, {
        remedy,
        retryable: true,
        cause: error,
      });
    }
    if (code !== undefined && TLS_TROUBLE.test(code)) {
      const speaksPlain = NOT_TLS.test(`${code} ${describeError(error)}`);
      return new AgentError('SINK_REFUSED', `No TLS connection to Loki at ${this.address}: ${code}.`, {
        remedy: speaksPlain
          ? 'What answers there speaks plain http: write http:// in url, or give the port that has TLS.'
          : 'Check tls.ca_file, tls.server_name and the certificates.',
        cause: error,
      });
    }
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      const { hostname } = error as { hostname?: string };
      const unknown = `Loki at ${this.address} cannot be reached: the name ${hostname ?? ''} cannot be resolved (${code}).`;
      return new AgentError('SINK_UNREACHABLE', unknown, {
        remedy: `Check the name, and the DNS and the network of where the agent runs. ${remedy}`,
        retryable: true,
        cause: error,
      });
    }
    const happened = `Loki at ${this.address} cannot be reached (${code ?? describeError(error)}).`;
    return new AgentError('SINK_UNREACHABLE', happened, { remedy, retryable: true, cause: error });
  }
}

const TLS_TROUBLE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS|EPROTO|SIGNATURE|PRX_TLS/;
/** As OpenSSL says it of an answer that is text. */
const NOT_TLS = /wrong.version.number|packet.length.too.long/i;

/** The push endpoint of what `url` names: Loki, a folder where it is, or the endpoint itself. Throws CONFIG_INVALID. */
export function pushUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AgentError('CONFIG_INVALID', 'The url of the Loki sink is no http or https address.', {
      remedy: 'Write it like http://127.0.0.1:3100.',
    });
  }
  if (!url.pathname.endsWith('/push')) url.pathname = `${url.pathname.replace(/\/+$/, '')}${PUSH_PATH}`;
  return url;
}

function authorizationOf(url: URL, config: LokiSinkConfig): Record<string, string> {
  if (config.bearerToken !== undefined) return { authorization: `Bearer ${config.bearerToken}` };
  if (config.username !== undefined) return { authorization: basic(config.username, config.password ?? '') };
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

/** Throws SECRET_UNREADABLE. */
function tlsOptions(tls: TlsConfig | undefined) {
  return {
    ...(tls?.caFile === undefined ? {} : { ca: readPem(tls.caFile) }),
    ...(tls?.certFile === undefined ? {} : { cert: readPem(tls.certFile) }),
    ...(tls?.keyFile === undefined ? {} : { key: readPem(tls.keyFile) }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AgentError('SECRET_UNREADABLE', `${file} cannot be read (${systemCode(cause)}).`, {
      remedy: 'Check the tls section of the sink, and who may read the file.',
      cause,
    });
  }
}

/** A tunnel through the proxy, and TLS with Loki inside it. */
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
async function readLimited(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BODY_BYTES);
}
