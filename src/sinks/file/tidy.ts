/**
 * What keeps the output directory in order, apart from deliveries: links to the live files, closing by age, compression of
 * closed files, and the limits. Touches only generations that are durable and closed; every step can be stopped anywhere and
 * repeated.
 */

import type { FileSinkConfig } from '../../config/types.js';
import { systemCode } from '../../runtime/errors.js';
import type { Files } from './files.js';
import { fileName, linkName } from './names.js';
import type { OutputStore } from './output-store.js';
import type { ClosedFile, Output } from './outputs.js';

/** An output without a line for this long may lose its last file too when space is needed. */
const IDLE_MS = 3_600_000;

export class Tidy {
  readonly #store: OutputStore;
  readonly #config: FileSinkConfig;
  readonly #files: Files;
  readonly #now: () => number;

  constructor(store: OutputStore, config: FileSinkConfig, files: Files, now: () => number) {
    this.#store = store;
    this.#config = config;
    this.#files = files;
    this.#now = now;
  }

  /** Lets `<dir>/<output>.log` point to the live file. Leaves alone what is there and is no link. */
  async link(): Promise<void> {
    for (const output of this.#store.unlinked) {
      const { name, generation, length } = output;
      if (length === 0) continue;
      const path = `${this.#config.directory}/${linkName(name)}`;
      const stat = await this.#files.stat(path);
      if (!stat || stat.kind === 'link') {
        const fresh = `${this.#config.directory}/.${linkName(name)}.new`;
        await this.#files.remove(fresh);
        await this.#files.symlink(`${name}/${fileName(name, generation)}`, fresh);
        await this.#files.rename(fresh, path);
      }
      if (output.generation === generation) this.#store.unlinked.delete(output);
    }
  }

  async rollAged(): Promise<void> {
    const aged = this.#outputs.filter((output) => this.#store.isAged(output));
    if (aged.length > 0) await this.#store.roll(aged);
  }

  /** Removes the oldest closed files beyond the limits, and forgets outputs that have none left. */
  async limit(): Promise<void> {
    const { maxFiles, maxTotalBytes } = this.#config;
    for (const output of this.#outputs) {
      const surplus = removable(output).slice(0, Math.max(0, output.closed.size - Math.max(0, maxFiles - 1)));
      for (const [generation] of surplus) await this.#remove(output, generation);
    }
    let excess = this.#totalBytes() - maxTotalBytes;
    if (excess <= 0) return;
    const oldest = this.#outputs
      .flatMap((output) =>
        removable(output).map(([generation, { bytes, modifiedMs }]) => ({
          output,
          generation,
          bytes,
          modifiedMs,
        })),
      )
      .sort((a, b) => a.modifiedMs - b.modifiedMs || a.generation - b.generation);
    for (const { output, generation, bytes } of oldest) {
      if (excess <= 0) return;
      await this.#remove(output, generation);
      excess -= bytes;
    }
    await this.#retire(excess);
  }

  /** Compresses one closed file; false when there is none. */
  async compressOne(signal: AbortSignal): Promise<boolean> {
    if (!this.#config.compress) return false;
    for (const output of this.#outputs) {
      const next = removable(output).find(([, { compressed }]) => !compressed);
      if (!next) continue;
      await this.#compress(output, ...next, signal);
      return true;
    }
    return false;
  }

  async #compress(
    output: Output,
    generation: number,
    { modifiedMs }: ClosedFile,
    signal: AbortSignal,
  ): Promise<void> {
    const plain = output.pathOf(generation);
    const compressed = output.pathOf(generation, true);
    const partial = `${compressed}.partial`;
    try {
      await this.#files.gzip(plain, partial, signal);
      await this.#files.rename(partial, compressed);
      await this.#files.syncDirectory(output.directory);
    } catch (error) {
      await this.#files.remove(partial);
      if (systemCode(error) !== 'ENOENT' || (await this.#files.stat(plain))) throw error;
    }
    await this.#files.remove(plain);
    const stat = await this.#files.stat(compressed);
    if (stat) output.closed.set(generation, { bytes: stat.size, modifiedMs, compressed: true });
    else output.closed.delete(generation);
  }

  /** Closes the last files of the outputs that were quiet longest, as many as the excess needs; they go next time. */
  async #retire(excess: number): Promise<void> {
    const since = this.#now() - IDLE_MS;
    const idle = this.#outputs
      .filter(({ writtenMs }) => writtenMs < since)
      .sort((a, b) => a.writtenMs - b.writtenMs);
    let left = excess;
    const retired: Output[] = [];
    const empty: Output[] = [];
    for (const output of idle) {
      if (output.length === 0 && output.closed.size === 0) empty.push(output);
      else if (left > 0 && output.length > 0) {
        retired.push(output);
        left -= output.length;
      }
    }
    if (retired.length > 0) await this.#store.roll(retired);
    if (empty.length > 0) await this.#forget(empty);
  }

  async #forget(outputs: readonly Output[]): Promise<void> {
    await this.#store.forget(outputs);
    for (const { name, directory } of outputs) {
      if (this.#store.outputs.all.has(name)) continue;
      const link = `${this.#config.directory}/${linkName(name)}`;
      if ((await this.#files.stat(link))?.kind === 'link') await this.#files.remove(link);
      await this.#files.removeDirectory(directory);
    }
  }

  async #remove(output: Output, generation: number): Promise<void> {
    const file = output.closed.get(generation);
    await this.#files.remove(output.pathOf(generation, file?.compressed));
    output.closed.delete(generation);
  }

  get #outputs(): Output[] {
    return [...this.#store.outputs.all.values()];
  }

  #totalBytes(): number {
    let total = 0;
    for (const { length, closed } of this.#store.outputs.all.values()) {
      total += length;
      for (const { bytes } of closed.values()) total += bytes;
    }
    return total;
  }
}

/** Closed generations that no recovery will want back, oldest first. */
function removable({ closed, durableGeneration }: Output): [number, ClosedFile][] {
  return [...closed].filter(([generation]) => generation < durableGeneration).sort(([a], [b]) => a - b);
}
