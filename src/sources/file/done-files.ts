/**
 * The last files of a log that were read to their end. Whoever compresses or copies one later may give that a time of its own,
 * by which it looks like something new.
 */
import { type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { SIZES } from './identity.js';
import type { DoneFile, SavedLog } from './position.js';

const MOST = 8;

export class DoneFiles {
  #list: readonly DoneFile[];
  #olderMs: number;

  constructor({ done, olderMs }: Pick<SavedLog, 'done' | 'olderMs'>) {
    this.#list = done;
    this.#olderMs = olderMs;
  }

  /** As a position has it, oldest first. */
  get saved(): Pick<SavedLog, 'done' | 'olderMs'> {
    return { done: this.#list, olderMs: this.#olderMs };
  }

  add(file: LogFile): void {
    const { modifiedMs } = file instanceof PlainFile ? file.stat() : file;
    this.#olderMs = Math.max(this.#olderMs, modifiedMs);
    const [length, crc] = file.fingerprint(file.size);
    if (length > 0) this.#list = [...this.#list, [length, crc, file.size] as const].slice(-MOST);
  }

  /** Whether it begins as one of them, and is as long. Where a file does not tell its size, it is not known. */
  has(file: LogFile): boolean {
    return this.#list.some((done) => {
      const [length, crc, size] = done;
      return size % SIZES === file.size % SIZES && file.matches([length, crc]);
    });
  }
}
