/** A file source over a folder of its own, and a pipeline that commits when it is told to and forgets the rest at a kill. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import type { FileSourceConfig } from '../../../config/types.js';
import type { Batch } from '../../../pipeline/batch.js';
import type { Origin, Pipeline, Position, SourceKey } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import { type Labels, StreamTable } from '../../../pipeline/streams.js';
import { Scope } from '../../../runtime/scope.js';
import { until } from '../../docker/testing/until.js';
import { FileSource } from '../file-source.js';

export interface SeenLine {
  readonly text: string;
  readonly labels: Labels;
  readonly time: bigint;
  readonly flags: number;
}

export interface SeenGap extends SourceGap {
  readonly labels: Labels;
}

/** In the order in which they came. */
export type Seen = SeenLine | SeenGap;

interface State {
  readonly seen: number;
  readonly positions: ReadonlyMap<SourceKey, Position>;
}

export class CommittingPipeline implements Pipeline {
  streams = new StreamTable();
  readonly seen: Seen[] = [];
  readonly positions = new Map<SourceKey, Position>();
  isFirstStart = true;
  /** What the next pushes answer. */
  wait: Promise<void> | undefined;
  #committed: State = { seen: 0, positions: new Map() };

  push(batch: Batch, key: SourceKey, position: Position, origin: Origin): Promise<void> | undefined {
    for (let row = 0; row < batch.length; row++) {
      this.seen.push({
        text: batch.arena.toString('utf8', batch.start[row], batch.end[row]),
        labels: this.streams.get(batch.stream[row])?.labels ?? {},
        time: BigInt(batch.seconds[row]) * 1_000_000_000n + BigInt(batch.nanos[row]),
        flags: batch.flags[row],
      });
    }
    if (origin.lines !== batch.length) throw new Error(`${origin.lines} lines ended, ${batch.length} came`);
    this.setPosition(key, position);
    return this.wait;
  }

  gap(gap: SourceGap, labels: Labels): void {
    this.seen.push({ ...gap, labels });
  }

  setPosition(key: SourceKey, position: Position | undefined): void {
    // As the journal keeps it.
    if (position === undefined) this.positions.delete(key);
    else this.positions.set(key, JSON.parse(JSON.stringify(position)) as Position);
  }

  position(key: SourceKey): Position | undefined {
    return this.#committed.positions.get(key);
  }

  positionKeys(prefix: string): SourceKey[] {
    return [...this.#committed.positions.keys()].filter((key) => key.startsWith(prefix));
  }

  commit(): void {
    this.#committed = { seen: this.seen.length, positions: new Map(this.positions) };
  }

  /** What was not committed never was. */
  kill(): void {
    this.seen.splice(this.#committed.seen);
    this.positions.clear();
    for (const [key, position] of this.#committed.positions) this.positions.set(key, position);
    this.streams = new StreamTable();
  }

  get lines(): SeenLine[] {
    return this.seen.filter((one): one is SeenLine => 'text' in one);
  }

  get gaps(): SeenGap[] {
    return this.seen.filter((one): one is SeenGap => 'why' in one);
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  /** Lines as they are, a gap as `<reason>`. */
  get story(): string[] {
    return this.seen.map((one) => ('text' in one ? one.text : `<${one.why}>`));
  }
}

export class FileKit {
  readonly folder = mkdtempSync(join(tmpdir(), 'file-source-'));
  readonly pipeline = new CommittingPipeline();
  readonly config: FileSourceConfig;
  readonly messages: string[] = [];
  /** Warnings of the source, as JSON. */
  readonly said: string[] = [];
  source: FileSource;
  ownFolders: string[] = [];
  #scope: Scope | undefined;
  #done: Promise<void> | undefined;

  constructor(config: Partial<FileSourceConfig> = {}) {
    this.config = {
      type: 'file',
      include: [join(this.folder, '*.log')],
      exclude: [],
      format: 'plain',
      encoding: 'utf-8',
      startAt: 'beginning',
      maxHistoryBytes: 64 * 1024 * 1024,
      maxLineBytes: 512 * 1024,
      labels: {},
      ...config,
    };
    this.source = this.#make();
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  start(): void {
    this.source = this.#make();
    const scope = Scope.root('test', (error) => {
      this.messages.push(String(error instanceof Error ? error.stack : error));
    });
    this.#scope = scope;
    this.#done = scope.run('files', () => this.source.run(scope, this.pipeline));
  }

  get census(): ReadonlyMap<string, number> {
    return this.#scope?.census() ?? new Map();
  }

  /** As a kill leaves it: what came after the last commit is lost. */
  async kill(): Promise<void> {
    await this.#close();
    this.pipeline.kill();
  }

  async stop(): Promise<void> {
    await this.#close();
    this.pipeline.commit();
  }

  async end(): Promise<void> {
    await this.#close();
    rmSync(this.folder, { recursive: true, force: true });
    if (this.messages.length > 0) throw new Error(this.messages.join('\n'));
  }

  until(what: string, isTrue: () => boolean): Promise<void> {
    return until(what, isTrue, 20_000).catch((error: unknown) => {
      throw new Error(
        `${String(error)}; seen: ${this.pipeline.story.slice(-20).join(' | ')}; ${this.messages.join('\n')}`,
      );
    });
  }

  /** Starts with `a.log`, which holds `texts`, and reads them. Answers where it is. */
  async reading(...texts: string[]): Promise<string> {
    const path = this.path('a.log');
    writeFileSync(path, lines(...texts));
    this.start();
    await this.untilLines(texts.length);
    return path;
  }

  /** Until that many lines have come. */
  untilLines(lines: number): Promise<void> {
    return this.until(`${lines} lines`, () => this.pipeline.lines.length >= lines);
  }

  async #close(): Promise<void> {
    const scope = this.#scope;
    this.#scope = undefined;
    await scope?.close();
    await this.#done;
    if (scope && scope.census().size > 0)
      throw new Error(`left over: ${JSON.stringify([...scope.census()])}`);
  }

  #make(): FileSource {
    const log = pino({ level: 'warn' }, { write: (text: string) => void this.said.push(text) });
    return new FileSource('files', this.config, {
      log,
      labels: { env: 'ci' },
      ownFolders: () => this.ownFolders,
    });
  }
}

export type Given = Partial<FileSourceConfig> | ((kit: FileKit) => Partial<FileSourceConfig>);

/** For the tests of a file: makes a kit, which ends after the test. */
export function fileKits(): (config?: Given) => FileKit {
  let kit: FileKit | undefined;
  afterEach(() => kit?.end());
  return (config = {}) => {
    kit = new FileKit();
    Object.assign(kit.config, typeof config === 'function' ? config(kit) : config);
    return kit;
  };
}

export const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');
