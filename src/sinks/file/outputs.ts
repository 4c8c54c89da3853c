/**
 * The outputs in memory: each one's live generation, and the closed ones behind it as they are on the disk.
 */
import type { OutputState } from './commit-log.js';
import type { Files } from './files.js';
import { fileName, parseFileName, STATE_DIRECTORY } from './names.js';

export interface ClosedFile {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly compressed: boolean;
}

export class Output implements OutputState {
  readonly name: string;
  readonly directory: string;
  generation: number;
  length: number;
  openedMs: number;
  /** Milliseconds since 1970 of the last write. */
  writtenMs = 0;
  /** Generations below this one are durable and will never be written again. */
  durableGeneration: number;
  readonly closed = new Map<number, ClosedFile>();

  constructor(root: string, name: string, { generation, length, openedMs }: OutputState) {
    this.name = name;
    this.directory = `${root}/${name}`;
    this.generation = generation;
    this.length = length;
    this.openedMs = openedMs;
    this.durableGeneration = generation;
  }

  get path(): string {
    return this.pathOf(this.generation);
  }

  pathOf(generation: number, compressed = false): string {
    return `${this.directory}/${fileName(this.name, generation, compressed)}`;
  }

  /** Closes the live generation: its file will not change any more. The next one has no file yet. */
  roll(): void {
    if (this.length > 0) {
      const { length: bytes, writtenMs: modifiedMs } = this;
      this.closed.set(this.generation, { bytes, modifiedMs, compressed: false });
    }
    this.generation++;
    this.length = 0;
    this.openedMs = 0;
  }
}

/** What was found missing when the disk was compared with the records. */
export interface Missing {
  readonly path: string;
  readonly bytes: number;
}

export class Outputs {
  readonly all = new Map<string, Output>();
  readonly #files: Files;
  readonly #root: string;

  constructor(files: Files, root: string) {
    this.#files = files;
    this.#root = root;
  }

  add(name: string, state: OutputState): Output {
    const output = new Output(this.#root, name, state);
    this.all.set(name, output);
    return output;
  }

  /** The generation for an output that the records do not know: behind whatever lies there. */
  async firstGeneration(name: string): Promise<number> {
    const names = await this.#files.list(`${this.#root}/${name}`);
    return Math.max(0, ...names.map((file) => parseFileName(name, file)?.generation ?? 0)) + 1;
  }

  /** Knows also the outputs which are on the disk only. */
  async adopt(): Promise<void> {
    for (const name of await this.#files.list(this.#root)) {
      if (name === STATE_DIRECTORY || this.all.has(name)) continue;
      if ((await this.#files.stat(`${this.#root}/${name}`))?.kind !== 'directory') continue;
      const generation = await this.firstGeneration(name);
      if (generation > 1) this.add(name, { generation, length: 0, openedMs: 0 });
    }
  }

  /**
   * Makes the disk what the records say: deletes generations that do not count, cuts the live ones, and goes on behind
   * what was changed from outside. Can be stopped anywhere and repeated.
   */
  async cutBack(): Promise<Missing[]> {
    const missing: Missing[] = [];
    for (const output of this.all.values()) {
      await this.#scan(output, true);
      const stat = await this.#files.stat(output.path);
      const size = stat?.size ?? 0;
      output.writtenMs = stat?.modifiedMs ?? output.openedMs;
      if (size > output.length) {
        const file = await this.#files.open(output.path);
        try {
          await file.truncate(output.length);
        } finally {
          await file.close();
        }
      } else if (size < output.length) {
        missing.push({ path: output.path, bytes: output.length - size });
        output.length = size;
        if (size > 0) output.roll();
      }
    }
    return missing;
  }

  /** Leaves everything on the disk as it is, and goes on in a new generation of each output. */
  async goBehind(): Promise<void> {
    for (const output of this.all.values()) {
      await this.#scan(output, false);
      const lastUsed = output.length > 0 ? output.generation : output.generation - 1;
      output.generation = Math.max(lastUsed, ...output.closed.keys()) + 1;
      output.length = 0;
      output.openedMs = 0;
    }
  }

  /** Finds the closed generations; when `cut`, those from the live one on do not count and are removed. */
  async #scan(output: Output, cut: boolean): Promise<void> {
    output.closed.clear();
    for (const name of await this.#files.list(output.directory)) {
      const identity = parseFileName(output.name, name);
      if (!identity) continue;
      const { generation, kind } = identity;
      const path = `${output.directory}/${name}`;
      const isLive = generation === output.generation && kind === 'plain';
      if (kind === 'partial' || (cut && generation >= output.generation && !isLive)) {
        await this.#files.remove(path);
      } else if (!cut || generation < output.generation) {
        // Compressed files are complete once they have their name; the original was about to be removed.
        if (kind === 'compressed' && output.closed.has(generation))
          await this.#files.remove(output.pathOf(generation));
        const stat = await this.#files.stat(path);
        if (!stat) continue;
        const compressed = kind === 'compressed';
        output.closed.set(generation, { bytes: stat.size, modifiedMs: stat.modifiedMs, compressed });
      }
    }
  }
}
