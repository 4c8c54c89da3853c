/** The file sink's store and tidying over a filesystem in memory, and a journal of numbered lines that feeds it. */
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { FileSinkConfig } from '../../src/config/types.js';
import type { Cursor } from '../../src/pipeline/contract.js';
import { type Logger, silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { parseFileName } from '../../src/sinks/file/names.js';
import { OutputStore } from '../../src/sinks/file/output-store.js';
import { Tidy } from '../../src/sinks/file/tidy.js';
import { MemoryFiles, seeded } from './memory-files.js';

export const DIRECTORY = '/logs';
const CONFIG: FileSinkConfig = {
  type: 'file',
  directory: DIRECTORY,
  format: 'text',
  maxBytes: 60,
  maxAgeMs: 50_000,
  maxFiles: 1000,
  maxTotalBytes: 1e9,
  compress: true,
};
export const OUTPUTS = ['web', 'db', 'web.catch-up'];
/** Lanes of the journal: each output has its own. */
export const ALL_LANES = [...OUTPUTS.keys()];

/** The lines of an output in the order of its generations, links and temporary files aside. */
export function linesOf(files: MemoryFiles, output: string): string[] {
  const generations = new Map<number, string>();
  for (const path of files.paths()) {
    const [, root, directory, name] = path.split('/');
    if (root !== 'logs' || directory !== output || !name) continue;
    const identity = parseFileName(output, name);
    const data = files.content(path);
    if (!identity || identity.kind === 'partial' || !data) continue;
    const text = String(identity.kind === 'compressed' ? gunzipSync(data) : data);
    const twin = generations.get(identity.generation);
    // Between the renaming and the removal both are there, and say the same.
    if (twin !== undefined) expect(text).toBe(twin);
    generations.set(identity.generation, text);
  }
  const text = [...generations.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text)
    .join('');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

export class OutputBench {
  files: MemoryFiles;
  store!: OutputStore;
  tidy!: Tidy;
  clockMs = 1_000_000;
  isOpen = false;
  readonly warnings: string[] = [];
  readonly config: FileSinkConfig;
  #scope!: Scope;
  #boot = 0;
  #position: number[] = OUTPUTS.map(() => 0);
  #retained: Cursor | undefined;
  readonly #log: Logger = { ...silentLogger, warn: (_, message) => void this.warnings.push(message) };

  constructor(config: Partial<FileSinkConfig> = {}, seed = 1) {
    this.config = { ...CONFIG, ...config };
    this.files = new MemoryFiles(seeded(seed), () => this.clockMs);
  }

  get position(): Cursor {
    return this.#position;
  }

  async start(): Promise<void> {
    this.isOpen = false;
    this.#scope = Scope.root('test', () => undefined);
    const { files, config } = this;
    const now = (): number => this.clockMs;
    const log = this.#log;
    this.store = new OutputStore({ config, files, bootId: `boot-${this.#boot}`, log, now }, this.#scope);
    this.tidy = new Tidy(this.store, config, files, now);
    const cursor = await this.store.open();
    // The journal still has everything from what was called durable, so the sink may not ask for more.
    for (const [lane, retained] of this.#retained?.entries() ?? []) {
      expect(cursor?.[lane]).toBeGreaterThanOrEqual(retained);
    }
    this.#position = cursor ? [...cursor] : OUTPUTS.map(() => 0);
    this.isOpen = true;
  }

  /** Delivers the next `count` lines to each of `lanes` in one commit. */
  async deliver(lanes: readonly number[], count = 1): Promise<void> {
    const cursor = [...this.#position];
    const appends = lanes.map((lane) => {
      const text = Array.from({ length: count }, () => `${OUTPUTS[lane]} ${cursor[lane]++}\n`).join('');
      return { output: OUTPUTS[lane], length: text.length, bytes: () => Buffer.from(text) };
    });
    await this.store.commit(appends, cursor, lanes.length * count);
    this.#position = cursor;
  }

  /** Delivers, trying again as delivery does. */
  async insist(lanes: readonly number[], count = 1): Promise<void> {
    await this.deliver(lanes, count).catch(() => this.deliver(lanes, count));
  }

  async compressAll(): Promise<void> {
    for (let more = true; more; ) more = await this.tidy.compressOne(new AbortController().signal);
  }

  /** What was called durable now must never be asked for again. */
  remember(): void {
    const retained = this.store.durable;
    for (const [lane, before] of this.#retained?.entries() ?? []) {
      expect(retained?.[lane]).toBeGreaterThanOrEqual(before);
    }
    this.#retained = retained;
  }

  /** The process died: what is left for the next one. */
  afterwards(powerFailed: boolean): void {
    if (powerFailed) this.#boot++;
    this.files = this.files.restart(powerFailed);
    this.isOpen = false;
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.store.close();
    await this.#scope.close();
  }

  numbered(output: string, from: number, to: number): string[] {
    return Array.from({ length: to - from }, (_, i) => `${output} ${from + i}`);
  }

  /** What the sink believes to have closed is what there is, all of it compressed. */
  checkClosed(): void {
    for (const output of this.store.outputs.all.values()) {
      const believed = [...output.closed.keys()].map((generation) => output.pathOf(generation, true));
      const live = output.length > 0 ? [output.path] : [];
      const there = this.files.paths().filter((path) => path.startsWith(`${output.directory}/`));
      expect(there).toEqual([...believed, ...live].sort());
    }
  }

  /** Everything delivered is there once, in order. */
  check(): void {
    for (const [lane, output] of OUTPUTS.entries()) {
      expect(linesOf(this.files, output)).toEqual(this.numbered(output, 0, this.#position[lane]));
    }
  }
}
