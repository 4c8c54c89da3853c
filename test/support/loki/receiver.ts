/**
 * A stand-in for Loki that keeps the real one's rules and messages (3.7.6: docs/loki-checked.md), and what it was given, so that
 * tests can compare.
 *
 * POST /loki/api/v1/push, GET /ready, 404 for the rest. Nothing of the agent's own code is used in it. On purpose not there:
 * queries, chunks on disk and what depends on them, several ingesters, streams forgotten when idle.
 */
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from '../ports.js';
import { Distributor } from './distributor.js';
import { type OnTaken, Refusal } from './ingester.js';
import { Ledger, type TakenStream } from './ledger.js';
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from './limits.js';
import { whatIsWrongWithTenant } from './tenant.js';
import { decodePush, type Push } from './wire.js';

export interface LokiOptions {
  /** Of loopback; any free one when left out. */
  readonly port?: number;
  /** Those that are not named are Loki's defaults. */
  readonly limits?: 'none' | 'default' | Partial<Limits>;
  /** Whether X-Scope-OrgID is asked for; else everybody is the tenant `fake`. */
  readonly multiTenant?: boolean;
  /** Milliseconds since 1970, for the rules about time. */
  readonly now?: () => number;
}

/** One push request, as it was answered. Times in milliseconds since 1970. */
export interface PushRecord {
  readonly tenant: string;
  readonly headers: IncomingHttpHeaders;
  readonly arrivedMs: number;
  /** Undefined while it is in flight, and for ever where the client or a trouble ended it. */
  answeredMs: number | undefined;
  status: number | undefined;
  answer: string;
  bytes: number;
  rawBytes: number;
  streams: number;
  entries: number;
  /** Those that were taken, repeated ones included. */
  taken: number;
}

/** What goes wrong with one request: refused unread, or stored and yet answered wrongly or not at all. */
interface Trouble {
  readonly stores: boolean;
  /** Undefined: the connection is cut instead. */
  readonly answer: { status: number; body: string; headers: Record<string, string> } | undefined;
}

const FAKE_TENANT = 'fake';

/** Starts a receiver on loopback. Close it. Nobody else gets its port while it is dead. */
export async function startLoki(options: LokiOptions = {}): Promise<LokiReceiver> {
  const receiver = new LokiReceiver({ port: await freePort(), ...options });
  await receiver.revive();
  return receiver;
}

export class LokiReceiver {
  readonly requests: PushRecord[] = [];
  readonly ledger = new Ledger();
  /** Most requests that were in flight at one moment. */
  maxInFlight = 0;
  readonly #limits: Limits;
  readonly #multiTenant: boolean;
  readonly #now: () => number;
  readonly #tenants = new Map<string, Distributor>();
  readonly #troubles: Trouble[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #held: (() => void)[] = [];
  readonly #delayed = new Set<NodeJS.Timeout>();
  #server: http.Server | undefined;
  readonly #port: number;
  #inFlight = 0;
  #delayMs = 0;
  #isHanging = false;

  /** Does nothing yet: `startLoki`. */
  constructor({
    port,
    limits = 'default',
    multiTenant = false,
    now = Date.now,
  }: LokiOptions & { readonly port: number }) {
    this.#port = port;
    this.#limits =
      limits === 'none' ? NO_LIMITS : { ...DEFAULT_LIMITS, ...(limits === 'default' ? {} : limits) };
    this.#multiTenant = multiTenant;
    this.#now = now;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Streams that have all of these labels, with what they took. */
  streams(labels: Readonly<Record<string, string>> = {}): TakenStream[] {
    return this.ledger.streams(labels);
  }

  /** Lines of all streams with these labels, stream by stream, as text. */
  lines(labels: Readonly<Record<string, string>> = {}): string[] {
    return this.streams(labels).flatMap(({ entries }) => entries.map(({ line }) => line.toString('utf8')));
  }

  /** How many distinct entries there are in all streams with these labels. */
  count(labels: Readonly<Record<string, string>> = {}): number {
    return this.streams(labels).reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** Listens, at first or again on the same port. */
  async revive(): Promise<void> {
    if (this.#server) return;
    const server = http.createServer((request, response) => this.#onRequest(request, response));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Refuses connections from now on, and cuts those that are open. */
  async die(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#held.length = 0;
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Ends everything; what was taken stays to be looked at. */
  async close(): Promise<void> {
    await this.die();
  }

  cutConnections(): void {
    this.#server?.closeAllConnections();
  }

  /** Takes requests and never answers, until `resume`. */
  hang(): void {
    this.#isHanging = true;
  }

  /** Answers again, those first that are still waiting for it. */
  resume(): void {
    this.#isHanging = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** Stores at once and answers this much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Answers the next `times` requests with this, without looking at them. */
  fail(times: number, status: number, body = '', headers: Record<string, string> = {}): void {
    this.#trouble(times, { stores: false, answer: { status, body, headers } });
  }

  /** Stores the next `times` requests and yet answers 500, as Loki does after its own deadline. */
  failAfterStoring(times: number): void {
    const body = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded\n';
    this.#trouble(times, { stores: true, answer: { status: 500, body, headers: {} } });
  }

  /** Stores the next `times` requests and cuts their connections instead of answering. */
  cutAfterStoring(times: number): void {
    this.#trouble(times, { stores: true, answer: undefined });
  }

  #trouble(times: number, trouble: Trouble): void {
    for (let i = 0; i < times; i++) this.#troubles.push(trouble);
  }

  /** Resolves once `condition` holds; it is tried whenever a request has come or ended. Rejects after `deadlineMs`. */
  async until(condition: () => boolean, deadlineMs: number, what = 'what was waited for'): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
      };
      const wake = (): void => {
        if (!condition()) return;
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        const { taken, repeated } = this.ledger;
        const statuses = this.requests
          .slice(-5)
          .map(({ status, answer }) => `${status} ${answer.slice(0, 300)}`);
        const seen = `${this.requests.length} requests, ${taken} entries taken, ${repeated} of them again`;
        reject(
          new Error(
            `Not within ${deadlineMs} ms at Loki: ${what}. ${seen}; the last answers: ${statuses.join(' | ')}`,
          ),
        );
      }, deadlineMs);
      this.#waiters.add(wake);
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/ready' && request.method === 'GET') return plain(response, 200, 'ready');
    if (path !== '/loki/api/v1/push') return plain(response, 404, '404 page not found');
    if (request.method !== 'POST') return void response.writeHead(405).end();
    this.maxInFlight = Math.max(this.maxInFlight, ++this.#inFlight);
    const { headers } = request;
    const record: PushRecord = {
      tenant: this.#multiTenant ? headerOf(headers, 'x-scope-orgid') : FAKE_TENANT,
      headers,
      arrivedMs: Date.now(),
      answeredMs: undefined,
      status: undefined,
      answer: '',
      bytes: 0,
      rawBytes: 0,
      streams: 0,
      entries: 0,
      taken: 0,
    };
    this.requests.push(record);
    response.once('close', () => {
      this.#inFlight--;
      this.#wake();
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A client that went away in the middle is no news: its response closes.
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      record.bytes = body.length;
      if (this.#isHanging) this.#held.push(() => this.#onBody(record, body, response));
      else this.#onBody(record, body, response);
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }

  #onBody(record: PushRecord, body: Buffer, response: ServerResponse): void {
    if (response.destroyed) return;
    const trouble = this.#troubles.shift();
    const verdict = !trouble || trouble.stores ? this.#take(record, body) : undefined;
    const answer = trouble ? trouble.answer : verdict;
    if (!answer) {
      response.destroy();
      return;
    }
    const { status } = answer;
    const send = (): void => {
      if (response.destroyed) return;
      record.answeredMs = Date.now();
      record.status = status;
      record.answer = answer.body;
      response.writeHead(status, {
        'Content-Type': 'text/plain; charset=utf-8',
        'X-Content-Type-Options': 'nosniff',
        ...answer.headers,
      });
      response.end(status === 204 ? undefined : answer.body);
    };
    if (this.#delayMs === 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      send();
    }, this.#delayMs);
    this.#delayed.add(timer);
  }

  /** Everything that the rules say, and their answer. */
  #take(record: PushRecord, body: Buffer): { status: number; body: string; headers: Record<string, string> } {
    const answer = (status: number, text: string) => ({ status, body: `${text}\n`, headers: {} });
    const { tenant, headers } = record;
    if (tenant === '') return answer(401, 'no org id');
    const wrong = whatIsWrongWithTenant(tenant);
    if (wrong !== undefined) return answer(400, wrong);
    let push: Push;
    try {
      push = decodePush(body, headerOf(headers, 'content-type'), headerOf(headers, 'content-encoding'));
    } catch (error) {
      return answer(400, (error as Error).message);
    }
    record.rawBytes = push.rawBytes;
    record.streams = push.streams.length;
    record.entries = push.streams.reduce((sum, { entries }) => sum + entries.length, 0);
    const taken: Parameters<OnTaken>[] = [];
    try {
      this.#tenant(tenant).push(push.streams, this.#now(), (...one) => taken.push(one));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answer(error.status, error.message);
    } finally {
      record.taken += taken.length;
      // Shards of a stream are stored one after the other; what came in one request came in its order.
      const order = new Map(push.streams.flatMap(({ entries }) => entries).map((entry, i) => [entry, i]));
      taken.sort(([, a], [, b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
      for (const [stream, entry, stored] of taken) this.ledger.add(tenant, stream, entry, stored, Date.now());
    }
    return { status: 204, body: '', headers: {} };
  }

  #tenant(name: string): Distributor {
    let tenant = this.#tenants.get(name);
    if (!tenant) {
      tenant = new Distributor(name, this.#limits, this.#now());
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
