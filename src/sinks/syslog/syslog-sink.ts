/**
 * Syslog over TCP. It has no answer: that the system took the bytes says nothing of the receiver. So each delivery is a
 * connection of its own, which is ended when all is written, and counts as delivered when the receiver has ended it too: who
 * does that has read to our end, and one that closes with something unread resets the connection instead. One that ends it by
 * itself before our end is heard of, for that end waits SETTLE_MS behind the last line.
 *
 * What that leaves: what a receiver has read and not stored is lost when it is killed, and what was not ended is sent again as
 * a whole, so lines may be there twice. One connection at a time, so all is in order.
 */
import type { SyslogSinkConfig } from '../../config/types.js';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { openConnection } from '../../runtime/connections.js';
import { AgentError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { connectionError, GOES_ON } from '../connection-error.js';
import { pause } from '../pause.js';
import { tlsOptions } from '../tls.js';
import { ToldLines } from '../told-lines.js';
import { messagesOf } from './messages.js';

/** More than the way there and back takes. */
const SETTLE_MS = 50;
const NOTHING_REJECTED: ReadonlyMap<string, number> = new Map();

export class SyslogSink implements Sink {
  readonly name: string;
  readonly concurrency = 1;
  readonly maxRawBytes = 1024 * 1024;
  readonly batchWaitMs: number;
  readonly retained = undefined;
  readonly #config: SyslogSinkConfig;
  readonly #log: Logger;
  readonly #lines = new BlockLines();
  readonly #told = new ToldLines();
  /** `the syslog receiver at h:514` */
  readonly #whom: string;
  #scope: Scope | undefined;

  constructor(name: string, config: SyslogSinkConfig, log: Logger) {
    this.name = name;
    this.batchWaitMs = config.batchWaitMs;
    this.#config = config;
    this.#log = log;
    this.#whom = `the syslog receiver at ${config.host}:${config.port}`;
  }

  /** Resolves at once: the receiver need not be there. */
  async open(scope: Scope): Promise<undefined> {
    this.#scope = scope;
  }

  /** Throws SINK_UNREACHABLE, retryable; SINK_REFUSED where TLS does not want it; SECRET_UNREADABLE; JOURNAL_DAMAGED. */
  async deliver(blocks: readonly Block[], _cursor: Cursor, signal: AbortSignal): Promise<Delivered> {
    const parts: Buffer[] = [];
    let delivered = 0;
    let cut = 0;
    for (const block of blocks) {
      // Other work comes in between.
      if (parts.length > 0) await new Promise(setImmediate);
      decodeBlock(block.payload, this.#lines);
      const messages = messagesOf(this.#lines, this.#config);
      parts.push(messages.bytes);
      delivered += this.#lines.length;
      cut += messages.cut;
    }
    if (delivered > 0) await this.#send(Buffer.concat(parts), signal);
    if (cut > 0) this.#tellCut(cut);
    return { delivered, rejected: NOTHING_REJECTED };
  }

  async close(): Promise<void> {}

  /** Resolves when the receiver has read it all and ended the connection. */
  async #send(bytes: Buffer, signal: AbortSignal): Promise<void> {
    const scope = this.#scope;
    if (!scope) throw new TypeError(`sink ${this.name} is not open`);
    const { host, port, tls, timeoutMs } = this.#config;
    const { socket, owned } = openConnection(
      scope,
      `connection to ${this.#whom}`,
      host,
      port,
      tls && tlsOptions(tls),
    );
    const late = (): void =>
      void socket.destroy(this.#unreachable(`did not read everything within ${timeoutMs / 1000} s`));
    const deadline = scope.timeout(`end of ${this.#whom}`, timeoutMs, late);
    const stop = (): void =>
      void socket.destroy(this.#unreachable('had not read everything when the agent stopped'));
    signal.addEventListener('abort', stop);
    try {
      const ended = new Promise<void>((resolve, reject) => {
        socket.once('error', (error) => reject(connectionError(error, this.#whom)));
        socket.once('close', () =>
          reject(this.#unreachable('closed the connection and did not read to its end')),
        );
        socket.once('end', () => {
          if (socket.writableEnded) resolve();
          else reject(this.#unreachable('ended the connection before it had everything'));
        });
      });
      // Whatever comes first is told; the others are heard of as well.
      ended.catch(() => undefined);
      if (signal.aborted) stop();
      // It says nothing; without this its end is not heard.
      socket.resume();
      await Promise.race([ended, new Promise<void>((resolve) => void socket.write(bytes, () => resolve()))]);
      await Promise.race([ended, pause(scope, SETTLE_MS, signal)]);
      socket.end();
      await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      await deadline.release();
      await owned.release();
    }
  }

  #unreachable(what: string): AgentError {
    return new AgentError('SINK_UNREACHABLE', `${this.#whom} ${what}.`, { remedy: GOES_ON, retryable: true });
  }

  #tellCut(cut: number): void {
    const lines = this.#told.add('cut', cut, performance.now());
    if (lines === undefined) return;
    const { maxMessageBytes } = this.#config;
    this.#log.warn(
      { sink: this.name, lines },
      `sink ${this.name}: messages longer than ${maxMessageBytes} bytes were cut.`,
    );
  }
}
