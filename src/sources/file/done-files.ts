/**
 * The last files of a log that were read to their end. Whoever compresses or copies one later may give that a time of its own,
 * by which it looks like something new.
 */
import { type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import type { DoneFile } from './position.js';

const MOST = 8;
/** What gzip tells of the size of its text is modulo this. */
const SIZES = 2 ** 32;

export class DoneFiles {
  #list: readonly DoneFile[];

  constructor(saved: readonly DoneFile[] = []) {
    this.#list = saved;
  }

  /** Oldest first. */
  get list(): readonly DoneFile[] {
    return this.#list;
  }

  add(file: LogFile): void {
    if (file instanceof PlainFile) file.stat();
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
