/**
 * One answer of the engine, read to its end: chunks are collected for a moment and decoded together. While the
 * pipeline asks to wait, little is collected and then nothing is read.
 */
import type { IncomingMessage } from 'node:http';
import type { Gate } from '../json-file/gate.js';
import type { RecordDecoder, RecordSink } from './records.js';

/** Collected, so much is decoded at once. */
export const ENOUGH_BYTES = 64 * 1024;

/** `complete`: the engine ended it. `cut`: the connection broke. `stopped`: by us. */
export type StreamEnd = 'complete' | 'cut' | 'stopped';

/** What all streams share. */
export interface StreamHost {
  readonly gate: Gate;
  /** Where a stream's chunks are put together: nobody keeps a reference to it. */
  readonly arena: Buffer;
  /** Calls `drain` soon. */
  schedule(stream: LogStream): void;
}

/** Where the records go: after each buffer it is told, and answers whether it wants more. */
export interface StreamSink extends RecordSink {
  drained(): boolean;
}

export class LogStream {
  readonly openedMs = Date.now();
  /** Of performance.now(). */
  lastDataAt = performance.now();
  /** Since when nothing is read; 0 while it is. */
  pausedAt = 0;
  readonly #response: IncomingMessage;
  readonly #decoder: RecordDecoder;
  readonly #sink: StreamSink;
  readonly #host: StreamHost;
  readonly #onDrained: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isComplete = false;
  #end: StreamEnd | 'failed' | undefined;
  #failure: unknown;
  readonly #ended = new AbortController();

  constructor(
    response: IncomingMessage,
    decoder: RecordDecoder,
    sink: StreamSink,
    host: StreamHost,
    onDrained = () => {},
  ) {
    this.#response = response;
    this.#decoder = decoder;
    this.#sink = sink;
    this.#host = host;
    this.#onDrained = onDrained;
  }

  /** Resolves when the stream has ended and what it brought is with the sink. Throws what the decoder and the sink throw. */
  async run(): Promise<StreamEnd> {
    const response = this.#response;
    await new Promise<void>((resolve) => {
      response.on('data', (chunk: Buffer) => this.#collect(chunk));
      response.on('end', () => {
        this.#isComplete = response.complete;
      });
      response.on('error', () => {});
      response.on('close', resolve);
      if (response.destroyed) resolve();
    });
    while (this.#bytes > 0 && !this.#end) {
      await this.#host.gate.pass(this.#ended.signal);
      // Another one was let pass before, and has to wait again.
      if (this.#host.gate.isHeld) continue;
      const before = this.#bytes;
      this.drain();
      if (this.#bytes === before) break;
    }
    if (this.#end === 'failed') throw this.#failure;
    return this.#end ?? (this.#isComplete ? 'complete' : 'cut');
  }

  /** Ends it now; what was collected and not decoded is dropped. */
  stop(): void {
    this.#finish('stopped');
  }

  /** Decodes what was collected. */
  drain(): void {
    if (this.#end || this.#host.gate.isHeld) return;
    if (this.#bytes === 0 || (this.#bytes < this.#decoder.needed && !this.#isComplete)) return this.#resume();
    const { arena } = this.#host;
    const buf = this.#bytes <= arena.length ? arena : Buffer.allocUnsafe(this.#bytes);
    const starts: number[] = [];
    let length = 0;
    for (const chunk of this.#chunks) {
      starts.push(length);
      chunk.copy(buf, length);
      length += chunk.length;
    }
    try {
      this.#consume(this.#decoder.decode(buf, length, starts, this.#isComplete, this.#sink));
    } catch (error) {
      // Called by events: whoever runs the stream hears of it.
      this.#failure = error;
      this.#finish('failed');
      return;
    }
    if (this.#sink.drained()) this.#onDrained();
    else this.#finish('stopped');
    // The pipeline asked to wait: nobody else brings the rest, or reads on.
    if ((this.#bytes > 0 || this.pausedAt > 0) && this.#host.gate.isHeld) this.#host.schedule(this);
    this.#resume();
  }

  #collect(chunk: Buffer): void {
    if (this.#end) return;
    this.lastDataAt = performance.now();
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < ENOUGH_BYTES || this.#bytes < this.#decoder.needed) {
      this.#host.schedule(this);
    } else if (this.#host.gate.isHeld) {
      this.#response.pause();
      this.pausedAt ||= performance.now();
      this.#host.schedule(this);
    } else {
      this.drain();
    }
  }

  #resume(): void {
    if (this.pausedAt === 0 || this.#end || this.#host.gate.isHeld) return;
    this.pausedAt = 0;
    this.lastDataAt = performance.now();
    this.#response.resume();
  }

  #consume(bytes: number): void {
    this.#bytes -= bytes;
    let first = 0;
    while (first < this.#chunks.length && bytes >= this.#chunks[first].length)
      bytes -= this.#chunks[first++].length;
    this.#chunks.splice(0, first);
    if (bytes > 0) this.#chunks[0] = this.#chunks[0].subarray(bytes);
  }

  #finish(end: StreamEnd | 'failed'): void {
    this.#end ??= end;
    this.#chunks = [];
    this.#bytes = 0;
    this.#response.destroy();
    this.#ended.abort();
  }
}
