/**
 * For the tests of this folder: a log of several files as an engine keeps it, and its follower, which may go on in a new file
 * without the rest of the old one, may lose sight of files altogether, and may serve a file again from its beginning.
 */
import type { ServedRecord } from './model-log.js';

export class RotatingLog {
  /** All that was ever written. */
  readonly written: ServedRecord[] = [];
  readonly #maxFiles: number;
  #files: ServedRecord[][] = [[]];

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  /** What the engine serves where it does not follow. */
  get kept(): readonly ServedRecord[] {
    return this.#files.flat();
  }

  get current(): readonly ServedRecord[] {
    return this.#files[this.#files.length - 1];
  }

  write(record: ServedRecord): void {
    this.written.push(record);
    this.#files[this.#files.length - 1].push(record);
  }

  rotate(): void {
    this.#files = [...this.#files, []].slice(-this.#maxFiles);
  }

  /** Behind all that there is now. */
  follow(): Follower {
    return new Follower(this);
  }
}

export class Follower {
  readonly #log: RotatingLog;
  #file: readonly ServedRecord[];
  #at: number;

  constructor(log: RotatingLog) {
    this.#log = log;
    this.#file = log.current;
    this.#at = this.#file.length;
  }

  /** At most so many of the next records of the file that it has open. */
  read(most = Infinity): readonly ServedRecord[] {
    const records = this.#file.slice(this.#at, this.#at + most);
    this.#at += records.length;
    return records;
  }

  /** It has heard of a rotation: goes on with the file that is the newest now. */
  goOn(): void {
    if (this.#file === this.#log.current) return;
    this.#file = this.#log.current;
    this.#at = 0;
  }

  /** It takes the file for another one. */
  repeat(): void {
    this.#at = 0;
  }
}
