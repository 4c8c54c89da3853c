/**
 * Stands between an agent and its receiver and hands bytes on as they are, but for the requests that the weather befalls:
 * what is announced befalls the next requests, one each, in the order in which their heads come. What has happened is
 * counted when it has, not when it was announced; where a connection ends before, as that of an agent that is killed, it
 * befalls the next request.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Scope } from '../../runtime/scope.js';
import type { Weather } from '../plan.js';
import { type Frame, RequestFrames } from './request-frames.js';

export type WeatherKind = Weather['kind'];

export interface ProxyOptions {
  readonly receiverPort: number;
  /** The answer to the last request of the connection that the receiver knows by `port` has got through. */
  readonly onAnswered: (port: number) => void;
  /** A body that was swallowed behind a 204. */
  readonly onLie: (body: Buffer) => void;
}

const HEAD_END = '\r\n\r\n';
const ANSWERS: Readonly<Record<number, readonly [reason: string, body: string]>> = {
  204: ['No Content', ''],
  400: ['Bad Request', 'Bad Request\n'],
  429: [
    'Too Many Requests',
    'Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest, reduce log volume or contact your Loki administrator to see if the limit can be increased\n',
  ],
  500: ['Internal Server Error', 'rpc error: code = DeadlineExceeded desc = context deadline exceeded\n'],
};

export class FaultyProxy {
  readonly #options: ProxyOptions;
  readonly #scope: Scope;
  readonly #clients = new Set<Socket>();
  readonly #announced: Weather[] = [];
  readonly #happened = new Map<WeatherKind, number>();
  #port = 0;
  #requests = 0;

  private constructor(scope: Scope, options: ProxyOptions) {
    this.#scope = scope;
    this.#options = options;
  }

  /** Listens on loopback until `scope` closes. */
  static async start(scope: Scope, options: ProxyOptions): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(scope, options);
    const server = createServer((client) => proxy.#serve(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    proxy.#port = (server.address() as AddressInfo).port;
    scope.own('server', 'proxy before the receiver', async () => {
      for (const client of proxy.#clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests whose heads have come. */
  get requests(): number {
    return this.#requests;
  }

  /** Weather that no request has met yet. */
  get ahead(): number {
    return this.#announced.length;
  }

  /** Of each kind: how many requests it has befallen. */
  get happened(): ReadonlyMap<WeatherKind, number> {
    return this.#happened;
  }

  announce(weather: readonly Weather[]): void {
    this.#announced.push(...weather);
  }

  #serve(client: Socket): void {
    this.#clients.add(client);
    const passage = new Passage(client, this.#scope, this.#options, (kind) =>
      this.#happened.set(kind, (this.#happened.get(kind) ?? 0) + 1),
    );
    const frames = new RequestFrames(() => {
      this.#requests++;
      return this.#announced.shift();
    });
    client.on('data', (chunk: Buffer) => {
      for (const frame of frames.feed(chunk)) passage.take(frame);
    });
    client.on('error', () => {});
    client.once('close', () => {
      this.#clients.delete(client);
      const spared = passage.end();
      if (spared) this.#announced.unshift(spared);
    });
  }
}

/** One connection of the agent, and the one to the receiver that belongs to it. */
class Passage {
  readonly #client: Socket;
  readonly #scope: Scope;
  readonly #options: ProxyOptions;
  readonly #count: (kind: WeatherKind) => void;
  #receiver: Socket | undefined;
  /** Of the request that is not answered yet. */
  #weather: Weather | undefined;
  /** It has not struck yet. */
  #isAhead = false;
  /** What is swallowed of a request. */
  #swallowed: Buffer[] = [];
  /** Of the receiver's, held back. */
  #answer: Buffer[] = [];

  constructor(client: Socket, scope: Scope, options: ProxyOptions, onHappened: (kind: WeatherKind) => void) {
    this.#client = client;
    this.#scope = scope;
    this.#options = options;
    this.#count = onHappened;
  }

  take({ request: weather, bytes, from, size }: Frame<Weather | undefined>): void {
    if (this.#client.destroyed) return;
    if (from === 0) this.#isAhead = weather !== undefined;
    this.#weather = weather;
    const isLast = from + bytes.length === size;
    switch (weather?.kind) {
      case 'reset':
        this.#reset('reset');
        break;
      case 'cut-request': {
        const end = Math.max(1, Math.floor(size * weather.share));
        if (from < end) this.#pass(bytes.subarray(0, end - from));
        if (from + bytes.length >= end) this.#reset('cut-request');
        break;
      }
      case 'stall':
        if (from === 0) this.#onHappened('stall');
        break;
      case 'answer':
      case 'lie':
        this.#swallowed.push(bytes);
        if (isLast) this.#answerAlone(weather);
        break;
      default:
        this.#pass(bytes);
    }
  }

  /** Answers the weather that has not struck. */
  end(): Weather | undefined {
    this.#receiver?.destroy();
    return this.#isAhead ? this.#weather : undefined;
  }

  #onHappened(kind: WeatherKind): void {
    this.#isAhead = false;
    this.#count(kind);
  }

  #pass(bytes: Buffer): void {
    this.#receiver ??= this.#connect();
    this.#receiver.write(bytes);
  }

  #connect(): Socket {
    const receiver = connect(this.#options.receiverPort, '127.0.0.1');
    receiver.on('data', (bytes: Buffer) => this.#answered(bytes, receiver.localPort ?? 0));
    receiver.on('error', () => {});
    receiver.once('close', () => this.#client.destroy());
    return receiver;
  }

  #reset(kind: WeatherKind): void {
    this.#onHappened(kind);
    this.#client.resetAndDestroy();
  }

  #answerAlone(weather: Weather & { readonly kind: 'answer' | 'lie' }): void {
    const status = weather.kind === 'lie' ? 204 : weather.status;
    const [reason, body] = ANSWERS[status];
    const request = Buffer.concat(this.#swallowed);
    this.#swallowed = [];
    if (weather.kind === 'lie')
      this.#options.onLie(request.subarray(request.indexOf(HEAD_END) + HEAD_END.length));
    const length = status === 204 ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    this.#client.write(`HTTP/1.1 ${status} ${reason}\r\n${length}${HEAD_END.slice(2)}${body}`);
    this.#onHappened(weather.kind);
  }

  /** By the receiver, to the request at hand. */
  #answered(bytes: Buffer, port: number): void {
    const weather = this.#weather;
    this.#answer.push(bytes);
    if (!Buffer.concat(this.#answer).includes(HEAD_END)) return;
    const answer = Buffer.concat(this.#answer);
    this.#answer = [];
    switch (weather?.kind) {
      case 'cut-answer':
        this.#onHappened('cut-answer');
        this.#client.end(answer.subarray(0, weather.bytes));
        break;
      case 'late-answer':
        this.#onHappened('late-answer');
        break;
      case 'slow':
        if (this.#scope.isClosing) return;
        this.#scope.timeout('slow answer', weather.ms, () => {
          if (this.#client.destroyed) return;
          this.#onHappened('slow');
          this.#handOn(answer, port);
        });
        break;
      default:
        this.#handOn(answer, port);
    }
  }

  #handOn(answer: Buffer, port: number): void {
    if (this.#client.destroyed) return;
    this.#client.write(answer);
    this.#options.onAnswered(port);
  }
}
