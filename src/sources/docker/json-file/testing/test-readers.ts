/** For the tests of this folder: the readers on a fake pipeline. */
import { expect } from 'vitest';
import type { Position, SourceKey } from '../../../../pipeline/contract.js';
import { silentLogger } from '../../../../runtime/log.js';
import { Scope } from '../../../../runtime/scope.js';
import { type ContainerLog, JsonFileReaders, type Notice } from '../index.js';
import type { JsonFileOptions } from '../types.js';
import { FakePipeline, type LogWriter } from './test-support.js';

export const ID = 'c1';
export const LABELS = { container: 'web' };

export class TestReaders {
  readonly pipeline: FakePipeline;
  readonly notices: Notice[] = [];
  readonly readers: JsonFileReaders;
  readonly scope: Scope;
  readonly failures: unknown[] = [];
  #told: (() => void)[] = [];

  readonly #path: string;

  /** `path` is that of the one log with the id ID; `positions` are what a restart finds. */
  constructor(
    path: string,
    positions?: ReadonlyMap<SourceKey, Position>,
    options: Partial<JsonFileOptions> = {},
  ) {
    this.#path = path;
    this.pipeline = new FakePipeline(positions);
    this.readers = new JsonFileReaders({
      pipeline: this.pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      onNotice: (notice) => {
        this.notices.push(notice);
        for (const resolve of this.#told.splice(0)) resolve();
      },
      ...options,
    });
    this.scope = Scope.root('test', (error) => this.failures.push(error));
    void this.scope.run('readers', () => this.readers.run(this.scope));
    this.readers.ready();
  }

  add(log: Partial<ContainerLog> = {}): void {
    this.readers.add({ id: ID, path: this.#path, labels: LABELS, existedAtFirstStart: false, ...log });
  }

  async lines(count: number): Promise<string[]> {
    await this.pipeline.until(() => this.pipeline.lines.length >= count);
    return this.pipeline.lines.map((line) => line.text);
  }

  async told(kind: Notice['kind']): Promise<Notice> {
    for (;;) {
      const notice = this.notices.find((notice) => notice.kind === kind);
      if (notice) return notice;
      await new Promise<void>((resolve) => this.#told.push(resolve));
    }
  }

  /** Closes everything: nothing may be left. */
  async stop(): Promise<void> {
    await this.scope.close();
    expect(this.failures).toEqual([]);
    expect([...this.scope.census().entries()]).toEqual([]);
    expect(this.pipeline.streams.size).toBe(0);
  }
}

export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
}

export function writeLines(log: LogWriter, from: number, to: number): void {
  for (const line of numbered(from, to)) log.line(line);
}

/** For what no push tells. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Never: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
