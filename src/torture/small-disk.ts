/** Fills a filesystem to its last byte, and makes room again. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemCode } from '../runtime/errors.js';

const CHUNKS = [1024 * 1024, 4096, 1];

export class Filler {
  readonly #file: string;

  /** In the root of that filesystem. */
  constructor(folder: string) {
    this.#file = path.join(folder, 'filler');
  }

  /** True where not one byte more went in. */
  fill(): boolean {
    const fd = openSync(this.#file, 'a');
    try {
      return CHUNKS.map((bytes) => writeUntilFull(fd, Buffer.alloc(bytes))).at(-1) ?? false;
    } finally {
      closeSync(fd);
    }
  }

  empty(): void {
    rmSync(this.#file, { force: true });
  }
}

function writeUntilFull(fd: number, chunk: Buffer): boolean {
  for (;;) {
    try {
      if (writeSync(fd, chunk) < chunk.length) return true;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') return true;
      throw error;
    }
  }
}
