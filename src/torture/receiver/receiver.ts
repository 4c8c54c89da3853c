/**
 * A receiver of Loki pushes that keeps one of Loki's rules: entries of the same stream, timestamp and line are one. It
 * refuses nothing that can be decoded, so that whatever is missing in the end was not sent to it, or not by a whole request.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import { closeServer, ServerSockets } from '../../runtime/servers.js';
import { decodePush, type Entry, type PushStream } from './wire.js';

/** About what a Loki at some distance needs for a push: at once would leave hardly a request in flight. */
const ANSWER_MS = 50;

/** A request that was taken. Times in milliseconds since 1970. */
export interface Push {
  readonly arrivedMs: number;
  /** When its answer got through to the agent; undefined: it did not. */
  answeredMs: number | undefined;
  readonly entries: number;
}

/** `labels` in Prometheus' text form. */
export type OnEntry = (labels: string, entry: Entry) => void;

export class Receiver {
  readonly pushes: Push[] = [];
  /** Bodies that are no push request: what is wrong with each. */
  readonly undecodable: string[] = [];
  /** Entries that came again. */
  repeated = 0;
  readonly #onEntry: OnEntry;
  readonly #known = new Set<string>();
  /** By the port of the connection that it came over: the last one there. */
  readonly #lastOf = new Map<number, Push>();
  #port = 0;

  private constructor(onEntry: OnEntry) {
    this.#onEntry = onEntry;
  }

  /** Listens on loopback until `scope` closes. `onEntry` hears each entry once. */
  static async start(scope: Scope, onEntry: OnEntry): Promise<Receiver> {
    const receiver = new Receiver(onEntry);
    const sockets = new ServerSockets();
    const server = sockets.add(
      createServer((request, response) => receiver.#serve(scope, request, response)),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    receiver.#port = (server.address() as AddressInfo).port;
    scope.own('server', 'receiver', () => closeServer(server), sockets.holds);
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  /** The answer to the last request of the connection from `port` has got through. */
  answered(port: number): void {
    const push = this.#lastOf.get(port);
    if (push) push.answeredMs ??= Date.now();
  }

  /** Takes a whole body; false where it is none. */
  take(body: Buffer, fromPort: number, arrivedMs: number): boolean {
    let streams: readonly PushStream[];
    try {
      streams = decodePush(body);
    } catch (error) {
      this.undecodable.push(`a body of ${body.length} bytes: ${describeError(error)}`);
      return false;
    }
    let entries = 0;
    for (const { labels, entries: own } of streams) {
      entries += own.length;
      for (const entry of own) this.#add(labels, entry);
    }
    const push = { arrivedMs, answeredMs: undefined, entries };
    this.pushes.push(push);
    this.#lastOf.set(fromPort, push);
    return true;
  }

  #add(labels: string, entry: Entry): void {
    const { seconds, nanos, line } = entry;
    const hash = createHash('sha1').update(`${labels} ${seconds} ${nanos} `).update(line).digest('base64');
    if (this.#known.has(hash)) {
      this.repeated++;
      return;
    }
    this.#known.add(hash);
    this.#onEntry(labels, entry);
  }

  #serve(scope: Scope, request: IncomingMessage, response: ServerResponse): void {
    const arrivedMs = Date.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // One that is cut short never ends, and nothing of it is taken.
    request.on('error', () => {});
    request.on('end', () => {
      const isTaken = this.take(Buffer.concat(chunks), request.socket.remotePort ?? 0, arrivedMs);
      const answer = (): unknown => response.writeHead(isTaken ? 204 : 400).end();
      if (!scope.isClosing) scope.timeout('answer', ANSWER_MS, answer);
    });
  }
}
