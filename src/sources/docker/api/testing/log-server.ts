/** For the tests of this folder: the log of one container on a fake engine, and readers that read it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { Position, SourceKey } from '../../../../pipeline/contract.js';
import { silentLogger } from '../../../../runtime/log.js';
import { Scope } from '../../../../runtime/scope.js';
import { Engine } from '../../engine.js';
import { FakePipeline } from '../../json-file/testing/test-support.js';
import type { ContainerLog, Notice } from '../../json-file/types.js';
import { type FakeEngine, fakeEngine, json } from '../../testing/fake-engine.js';
import { ApiReaders } from '../index.js';
import type { ApiOptions } from '../types.js';
import { frame, type ServedRecord, servedFor, stamped } from './model-log.js';

export const ID = 'c1';
const logsPath = (id: string): string => `/containers/${id}/logs`;

export class LogServer {
  readonly records: ServedRecord[] = [];
  readonly followers = new Set<ServerResponse>();
  isRunning = true;
  /** Of new records, since 1970. */
  seconds = 1_795_300_000;
  /** New records reach no follower. */
  isDeaf = false;
  /** The record before this one is damaged: what is read from before it ends there. */
  damagedBefore = 0;
  readonly #tty: boolean;
  #nanos = 0;

  constructor(engine: FakeEngine, tty = false, id = ID) {
    this.#tty = tty;
    engine.routes.set(logsPath(id), (request, response) => this.#answer(request, response));
  }

  line(text: string, options: Partial<ServedRecord> = {}): void {
    this.#nanos += 1000;
    const record = {
      text,
      endsLine: true,
      isStderr: false,
      seconds: this.seconds,
      nanos: this.#nanos,
      ...options,
    };
    this.records.push(record);
    if (!this.isDeaf) for (const follower of this.followers) follower.write(this.#bytes(record));
  }

  lines(from: number, to: number): void {
    for (let i = from; i < to; i++) this.line(`line ${i}`);
  }

  /** As if so many lines had been written before. */
  later(lines: number): void {
    this.#nanos += 1000 * lines;
  }

  /** The container ends, and with it every stream. */
  stop(): void {
    this.isRunning = false;
    for (const follower of this.followers) follower.end();
  }

  /** Every connection breaks. */
  cut(): void {
    for (const follower of this.followers) follower.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const query = new URL(request.url ?? '', 'http://docker').searchParams;
    const tail = query.get('tail');
    const since = query.get('since');
    const range = {
      ...(tail === null || tail === 'all' ? {} : { tail: Number(tail) }),
      ...(since === null ? {} : { since }),
    };
    response.writeHead(200).flushHeaders();
    const served = servedFor(this.records, range);
    const readable = this.damagedBefore - (this.records.length - served.length);
    for (const record of readable > 0 ? served.slice(0, readable) : served)
      response.write(this.#bytes(record));
    if (query.get('follow') !== '1' || !this.isRunning) {
      response.end();
      return;
    }
    this.followers.add(response);
    response.on('close', () => this.followers.delete(response));
  }

  #bytes(record: ServedRecord): Buffer {
    return this.#tty ? stamped(record) : frame(record);
  }
}

export interface BedOptions extends Partial<ApiOptions> {
  readonly tty?: boolean;
  /** The log option max-size: the log rotates. */
  readonly maxSize?: string;
  /** How long the head of an answer is waited for. */
  readonly deadlineMs?: number;
}

/** An engine with one container, and readers connected to it. */
export class ReadersBed {
  readonly fake: FakeEngine;
  readonly server: LogServer;
  readonly pipeline: FakePipeline;
  readonly readers: ApiReaders;
  readonly notices: Notice[] = [];
  readonly warnings: string[] = [];
  readonly #scope: Scope;
  readonly #failures: unknown[] = [];
  #engine: Engine | undefined;

  static async start(
    options: BedOptions = {},
    positions?: ReadonlyMap<SourceKey, Position>,
  ): Promise<ReadersBed> {
    const bed = new ReadersBed(await fakeEngine(), options, positions);
    const url = `unix://${bed.fake.socket}`;
    const endpoint = { url, target: { socketPath: bed.fake.socket } };
    bed.#engine = new Engine(bed.#scope.child('session'), endpoint, options.deadlineMs);
    await bed.#engine.connect();
    bed.connect();
    return bed;
  }

  private constructor(
    fake: FakeEngine,
    { tty, maxSize, ...options }: BedOptions,
    positions?: ReadonlyMap<SourceKey, Position>,
  ) {
    this.fake = fake;
    this.server = new LogServer(fake, tty);
    this.pipeline = new FakePipeline(positions);
    this.#setFacts(ID, tty, maxSize);
    this.readers = new ApiReaders({
      pipeline: this.pipeline,
      log: { ...silentLogger, warn: (_fields, message) => this.warnings.push(message) },
      startAt: { kind: 'beginning' },
      maxStreams: 50,
      streamMaxAgeMs: 300_000,
      onNotice: (notice) => this.notices.push(notice),
      ...options,
    });
    this.#scope = Scope.root('test', (error) => this.#failures.push(error));
    void this.#scope.run('readers', () => this.readers.run(this.#scope));
  }

  /** The log of another container. */
  addServer(id: string): LogServer {
    this.#setFacts(id);
    return new LogServer(this.fake, false, id);
  }

  /** Names of the timers that all readers share. */
  get timers(): string[] {
    return this.#scope.tree().resources.flatMap(({ kind, name }) => (kind === 'timer' ? [name] : []));
  }

  connect(): void {
    if (this.#engine) this.readers.connected(this.#engine);
  }

  add(log: Partial<ContainerLog> = {}): void {
    const labels = { container: 'web' };
    this.readers.add({ id: ID, path: '', labels, existedAtFirstStart: false, ...log });
  }

  #setFacts(id: string, tty = false, maxSize?: string): void {
    const limits = maxSize === undefined ? {} : { 'max-size': maxSize, 'max-file': '3' };
    const HostConfig = { LogConfig: { Type: 'json-file', Config: limits } };
    this.fake.routes.set(`/containers/${id}/json`, json({ Config: { Tty: tty }, HostConfig }));
  }

  /** Asks the engine for something else, and waits for the answer. */
  async roundTrip(): Promise<void> {
    await this.#engine?.list();
  }

  async lines(count: number): Promise<string[]> {
    await this.pipeline.until(() => this.pipeline.lines.length >= count);
    return this.pipeline.lines.map(({ text }) => text);
  }

  /** What was asked of the log, as `tail` and `follow`. */
  get asked(): string[] {
    return this.fake.asked
      .filter((path) => path.includes(logsPath(ID)))
      .map((path) => {
        const query = new URL(path, 'http://docker').searchParams;
        return `${query.get('since') ? 'since' : query.get('tail')}${query.get('follow') === '1' ? ' follow' : ''}`;
      });
  }

  /** Closes everything: nothing may be left. */
  async stop(): Promise<void> {
    await this.#scope.close();
    await this.fake.dispose();
    expect(this.#failures).toEqual([]);
    expect([...this.#scope.census().entries()]).toEqual([]);
    expect(this.pipeline.streams.size).toBe(0);
  }
}
