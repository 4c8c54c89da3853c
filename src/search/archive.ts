/**
 * The segment files as the worker reads them, with its own descriptors, synchronously: it has nothing else to do, and the
 * thread pool is the journal's, whose fsync must not wait behind searches.
 *
 * Invariants:
 * - nothing is kept open while no search is working, so that what retention removes is freed on the disk;
 * - how many files are open is told in `open` before it is so, and until it is not: the main thread owns that number;
 * - what is remembered of segments is bounded: the indexes used last, up to INDEX_BYTES.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { HistoryFile } from '../journal/types.js';
import { systemCode } from '../runtime/errors.js';
import { SegmentIndex } from './segment-index.js';

const OPEN_FILES = 8;
const INDEX_BYTES = 32 * 1024 ** 2;

/** Whether what failed to be read may be read later, when the machine is not short of something any more. */
export function isShortage(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes(systemCode(error) ?? '');
}

/** A count that both threads see. */
export interface SharedCount {
  add(difference: number): void;
}

export class Archive {
  readonly #open: SharedCount;
  /** Those used last at the end. */
  readonly #files = new Map<string, number>();
  readonly #indexes = new Map<number, SegmentIndex>();

  constructor(open: SharedCount) {
    this.#open = open;
  }

  /** Of what the file has up to its `bytes` at least. Undefined where retention has taken it. Fails with system errors. */
  async index(file: HistoryFile): Promise<SegmentIndex | undefined> {
    let index = this.#indexes.get(file.base);
    if (!index || index.bytes < file.bytes) {
      const fd = this.#fd(file.path);
      if (fd === undefined) return undefined;
      index ??= new SegmentIndex(file.base);
      await index.extend({ read: async (bytes, at) => readFully(fd, bytes, at) }, file.bytes);
    }
    this.#indexes.delete(file.base);
    this.#indexes.set(file.base, index);
    this.#forget();
    return index;
  }

  /** Fills `bytes` from `at` on. Answers how many there were; undefined where retention has taken the file. Fails with system errors. */
  read(file: HistoryFile, bytes: Buffer, at: number): number | undefined {
    const fd = this.#fd(file.path);
    return fd === undefined ? undefined : readFully(fd, bytes, at);
  }

  /** Closes all files; they are opened again when they are needed. */
  rest(): void {
    for (const [path, fd] of this.#files) this.#close(path, fd);
  }

  #fd(path: string): number | undefined {
    let fd = this.#files.get(path);
    this.#files.delete(path);
    if (fd === undefined) {
      this.#open.add(1);
      try {
        fd = openSync(path, 'r');
      } catch (error) {
        this.#open.add(-1);
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    }
    this.#files.set(path, fd);
    if (this.#files.size > OPEN_FILES) {
      const [[oldest, its]] = this.#files;
      this.#close(oldest, its);
    }
    return fd;
  }

  #close(path: string, fd: number): void {
    this.#files.delete(path);
    closeSync(fd);
    this.#open.add(-1);
  }

  #forget(): void {
    let bytes = 0;
    for (const index of this.#indexes.values()) bytes += index.memory;
    for (const [base, index] of this.#indexes) {
      if (bytes <= INDEX_BYTES || this.#indexes.size === 1) return;
      bytes -= index.memory;
      this.#indexes.delete(base);
    }
  }
}

function readFully(fd: number, bytes: Buffer, at: number): number {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(fd, bytes, done, bytes.length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
