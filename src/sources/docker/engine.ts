/**
 * A small client for the engine's API over node:http: JSON answers with a deadline and a size limit, and the event
 * stream, which may be quiet for ever. Its sockets are kept alive and belong to the scope that it is given.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { AgentError } from '../../runtime/errors.js';
import { keepConnections, openRequest } from '../../runtime/requests.js';
import type { Owned, Scope } from '../../runtime/scope.js';
import { type Dial, dial } from './dial.js';
import type { Endpoint } from './endpoint.js';
import { answerError, engineError, silentError } from './engine-errors.js';
import { type ContainerEvent, EVENT_FILTERS, EventDecoder } from './events.js';
import { isContainerId } from './facts.js';
import { object, parseJson, text, textRecord } from './json.js';

const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_SOCKETS = 16;
/** What this client speaks; newer ones too where an engine demands it, as what is asked here has not changed for years. */
const OLDEST_API = '1.24';
const NEWEST_API = '1.47';
/** Of a container's log: gone, being removed, a driver that cannot be read. */
const LOG_STATUSES = [404, 409, 501];
/** Of a ping: a proxy that does not let it through. */
const PING_STATUSES = [401, 403, 404, 405];

export interface EngineInfo {
  /** The engine's own name, usually the host's. */
  readonly name: string;
  readonly version: string;
  /** The negotiated one. */
  readonly apiVersion: string;
  readonly rootDir: string;
  /** URL. */
  readonly endpoint: string;
}

export interface ListedContainer {
  readonly id: string;
  /** With its slash. */
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly state: string;
  readonly createdMs: number;
}

export interface EventStream {
  readonly isOpen: boolean;
  /** Resolves when the stream has ended, which is nothing unusual. */
  readonly ended: Promise<void>;
}

/** Which part of a container's log: the last `tail` records, or those from `since` on (`seconds.nanoseconds`). */
export interface LogRange {
  readonly follow: boolean;
  readonly tail?: number | 'all';
  readonly since?: string;
}

interface Exchange {
  readonly response: IncomingMessage;
  readonly owned: Owned;
  readonly deadline: Owned;
}

/** All methods throw AgentError ENGINE_MISSING, ENGINE_DENIED, ENGINE_SILENT or ENGINE_ANSWER; the constructor SECRET_UNREADABLE. */
export class Engine {
  readonly endpoint: Endpoint;
  readonly #scope: Scope;
  readonly #dial: Dial;
  readonly #agent: Agent;
  readonly #deadlineMs: number;
  #prefix = '';
  #isPodman = false;
  #answeredAt = -Infinity;

  constructor(scope: Scope, endpoint: Endpoint, deadlineMs = DEADLINE_MS) {
    this.endpoint = endpoint;
    this.#scope = scope;
    this.#deadlineMs = deadlineMs;
    this.#dial = dial(endpoint);
    this.#agent = keepConnections(scope, `connections to ${endpoint.url}`, this.#dial.isTls, MAX_SOCKETS);
  }

  /** Agrees on a version; call it before anything else. */
  async connect(): Promise<EngineInfo> {
    const version = object(await this.#get('/version'));
    const apiVersion = this.#negotiate(text(version['ApiVersion']), text(version['MinAPIVersion']));
    this.#prefix = `/v${apiVersion}`;
    this.#isPodman = isPodman(version['Components']);
    const info = object(await this.#get('/info'));
    const rootDir = text(info['DockerRootDir']);
    if (!rootDir) throw answerError(this.endpoint, 'does not say where it keeps its containers');
    return {
      name: text(info['Name']),
      version: text(version['Version']),
      apiVersion,
      rootDir,
      endpoint: this.endpoint.url,
    };
  }

  /** It serves logs in other ways than Docker (docs/podman.md). Known once `connect` has resolved. */
  get isPodman(): boolean {
    return this.#isPodman;
  }

  /** When it answered last, whatever it was asked, or told an event; of performance.now(). */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Throws ENGINE_SILENT where there is no answer within `deadlineMs`. */
  async ping(deadlineMs: number): Promise<void> {
    try {
      await readWhole(await this.#open('/_ping', undefined, PING_STATUSES, deadlineMs));
    } catch (error) {
      throw engineError(this.endpoint, error);
    }
  }

  /** All containers, stopped ones too. */
  async list(): Promise<ListedContainer[]> {
    const answer = await this.#get('/containers/json?all=1');
    if (!Array.isArray(answer))
      throw answerError(this.endpoint, 'gave something else than a list of containers');
    return answer
      .map(object)
      .filter((entry) => isContainerId(text(entry['Id'])))
      .map((entry) => ({
        id: text(entry['Id']),
        name: text(Array.isArray(entry['Names']) ? entry['Names'].find((name) => isOwnName(name)) : ''),
        image: text(entry['Image']),
        labels: textRecord(entry['Labels']),
        state: text(entry['State']),
        createdMs: Number(entry['Created']) * 1000,
      }));
  }

  /** The answer of inspect; undefined where the engine does not know the container (any more). */
  inspect(id: string): Promise<unknown> {
    return this.#get(`/containers/${id}/json`);
  }

  /**
   * A container's log as the engine streams it, timestamps included, over a connection of its own that `scope` owns: it
   * may be quiet for ever, and followers must not keep others waiting. Undefined where the container is gone or being
   * removed. Throws LOG_UNREADABLE where its logging driver cannot be read. `onSent`: the engine
   * is being asked.
   */
  async logs(
    id: string,
    range: LogRange,
    scope: Scope,
    onSent?: () => void,
  ): Promise<IncomingMessage | undefined> {
    const { follow, tail = 'all', since } = range;
    const from = since === undefined ? '' : `&since=${since}`;
    const path = `/containers/${id}/logs?stdout=1&stderr=1&timestamps=1&follow=${follow ? 1 : 0}&tail=${tail}${from}`;
    const { response, owned, deadline } = await this.#open(
      path,
      scope,
      LOG_STATUSES,
      this.#deadlineMs,
      onSent,
    );
    await deadline.release();
    if (response.statusCode === 200) {
      response.once('close', () => void owned.release());
      return response;
    }
    await owned.release();
    if (response.statusCode !== 501) return undefined;
    throw new AgentError('LOG_UNREADABLE', `The logging driver of container ${id} cannot be read.`, {
      remedy: 'Use a driver that `docker logs` can read, such as json-file, local or journald.',
    });
  }

  /**
   * Subscribes to what happens to containers; resolves once subscribed.
   * `since`: seconds since 1970; events from then on, as far as the engine still has them (the last 256), are repeated.
   */
  async events(since: number | undefined, onEvent: (event: ContainerEvent) => void): Promise<EventStream> {
    const filters = encodeURIComponent(JSON.stringify(EVENT_FILTERS));
    const from = since === undefined ? '' : `&since=${since}`;
    const { response, owned, deadline } = await this.#open(`/events?filters=${filters}${from}`);
    await deadline.release();
    const decoder = new EventDecoder(onEvent);
    const ended = new Promise<void>((resolve) => {
      response.on('data', (chunk: Buffer) => {
        this.#answeredAt = performance.now();
        if (!decoder.push(chunk)) response.destroy();
      });
      response.on('error', () => {});
      response.on('close', () => {
        void owned.release();
        resolve();
      });
    });
    return {
      ended,
      get isOpen() {
        return !response.destroyed;
      },
    };
  }

  #negotiate(newest: string, oldest: string): string {
    if (!isVersion(newest)) {
      throw answerError(this.endpoint, 'does not say which API version it speaks');
    }
    if (isOlder(newest, OLDEST_API)) {
      throw answerError(
        this.endpoint,
        `speaks API ${newest}, older than ${OLDEST_API}`,
        'Update Docker to 1.12 or newer.',
      );
    }
    if (isOlder(newest, NEWEST_API)) return newest;
    return isVersion(oldest) && isOlder(NEWEST_API, oldest) ? oldest : NEWEST_API;
  }

  /** The JSON answer; undefined for 404. */
  async #get(path: string): Promise<unknown> {
    const exchange = await this.#open(path);
    try {
      const body = await readWhole(exchange);
      return exchange.response.statusCode === 404 ? undefined : parseJson(body);
    } catch (error) {
      if (error instanceof SyntaxError)
        throw answerError(this.endpoint, `answered ${path} with something that is not JSON`);
      if (error instanceof RangeError)
        throw answerError(this.endpoint, `answered ${path} with more than ${MAX_ANSWER_BYTES} bytes`);
      throw engineError(this.endpoint, error);
    }
  }

  /**
   * The head of the answer, 200 or 404 or what else the caller understands. Whoever gets it releases what comes with it.
   * `ownScope`: who owns the connection, where it is to be one of its own.
   */
  async #open(
    path: string,
    ownScope?: Scope,
    understood: readonly number[] = [404],
    deadlineMs = this.#deadlineMs,
    onSent: () => void = () => {},
  ): Promise<Exchange> {
    const scope = ownScope ?? this.#scope;
    // By its name it is compared: what is asked for of the same thing is another one each time.
    const [name] = path.split('?');
    const { outgoing, owned, end } = openRequest(scope, name, this.#dial.isTls, {
      ...this.#dial.options,
      agent: ownScope ? false : this.#agent,
      path: this.#prefix + path,
      headers: { Host: 'docker' },
    });
    // What is ended before it is connected has never been asked.
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) onSent();
      else socket.once(this.#dial.isTls ? 'secureConnect' : 'connect', onSent);
    });
    const deadline = scope.timeout(`deadline of ${path}`, deadlineMs, () =>
      end(silentError(this.endpoint, `${path} took longer than ${deadlineMs} ms`)),
    );
    try {
      const response = await headOf(outgoing);
      const { statusCode = 0 } = response;
      if (statusCode !== 200 && !understood.includes(statusCode)) {
        const { message, remedy } = complaint(await readBody(response));
        throw answerError(this.endpoint, `answered ${path} with ${statusCode} ${message}`.trim(), remedy);
      }
      this.#answeredAt = performance.now();
      return { response, owned, deadline };
    } catch (error) {
      await deadline.release();
      await owned.release();
      throw engineError(this.endpoint, error);
    }
  }
}

function headOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.once('close', () => reject(new Error('the connection was closed')));
    outgoing.end();
  });
}

/** The rest of an answer, by its deadline. */
async function readWhole({ response, owned, deadline }: Exchange): Promise<string> {
  try {
    return await readBody(response);
  } finally {
    await deadline.release();
    await owned.release();
  }
}

/** Throws a RangeError beyond the size limit. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError('answer too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What an answer that is no success says: the engine's own message, or that of what stands in its place. */
function complaint(body: string): { message: string; remedy: string | undefined } {
  const message = text(object(parseJsonOrNothing(body))['message']);
  if (message || !/HTTPS server/.test(body)) return { message, remedy: undefined };
  return {
    message: 'and wants TLS',
    remedy: 'Use https:// instead of tcp://, give tls in the docker source, or set DOCKER_TLS_VERIFY=1.',
  };
}

function parseJsonOrNothing(source: string): unknown {
  try {
    return parseJson(source);
  } catch {
    return undefined;
  }
}

/** Links of other containers look like names too: `/other/alias`. */
function isOwnName(name: unknown): boolean {
  return typeof name === 'string' && name.lastIndexOf('/') <= 0;
}

function isVersion(version: string): boolean {
  return /^\d+\.\d+$/.test(version);
}

function isOlder(a: string, b: string): boolean {
  const [aMajor, aMinor] = a.split('.').map(Number);
  const [bMajor, bMinor] = b.split('.').map(Number);
  return aMajor === bMajor ? aMinor < bMinor : aMajor < bMajor;
}

function isPodman(components: unknown): boolean {
  return (
    Array.isArray(components) && components.some((component) => object(component)['Name'] === 'Podman Engine')
  );
}
