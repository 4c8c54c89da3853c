/**
 * What the sink does to a filesystem, small enough for tests to stop it at any operation. Everything is asynchronous, in
 * the thread pool. Errors are Node's, with their `code`.
 */
import { constants, createReadStream, createWriteStream } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  symlink,
} from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { systemCode } from '../../runtime/errors.js';

export interface FileStat {
  readonly inode: number;
  readonly size: number;
  readonly modifiedMs: number;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

export interface OpenFile {
  readonly inode: number;
  /** All of `bytes` at `position`, or an error. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Files {
  /** For writing; made when missing. */
  open(path: string): Promise<OpenFile>;
  /** Undefined when missing. */
  read(path: string): Promise<Buffer | undefined>;
  /** Undefined when missing. Does not follow links. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Names, sorted; none when missing. */
  list(directory: string): Promise<string[]>;
  /** With its parents; fine when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Fine when missing; fails when not empty. */
  removeDirectory(path: string): Promise<void>;
  /** Fine when missing. */
  remove(path: string): Promise<void>;
  /** Within one directory. */
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  /** Makes the content of a file durable; fine when missing. */
  sync(path: string): Promise<void>;
  /** Makes the names in a directory durable; fine when missing. */
  syncDirectory(path: string): Promise<void>;
  /** Compresses `from` into the new file `to` and makes its content durable. */
  gzip(from: string, to: string, signal: AbortSignal): Promise<void>;
}

export const nodeFiles: Files = {
  async open(path) {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o640);
    try {
      return new NodeFile(handle, (await handle.stat()).ino);
    } catch (error) {
      await handle.close();
      throw error;
    }
  },
  read: (path) => unlessMissing(readFile(path), undefined),
  async stat(path) {
    const stat = await unlessMissing(lstat(path), undefined);
    if (!stat) return undefined;
    const kind = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'link'
          : 'other';
    return { inode: stat.ino, size: stat.size, modifiedMs: stat.mtimeMs, kind };
  },
  list: async (directory) => (await unlessMissing(readdir(directory), [])).sort(),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o750 });
  },
  removeDirectory: (path) => unlessMissing(rmdir(path), undefined),
  remove: (path) => rm(path, { force: true }),
  rename,
  symlink: (target, path) => symlink(target, path),
  sync: (path) => unlessMissing(syncPath(path, constants.O_RDWR), undefined),
  syncDirectory: (path) =>
    unlessMissing(syncPath(path, constants.O_RDONLY | constants.O_DIRECTORY), undefined),
  gzip: (from, to, signal) =>
    pipeline(createReadStream(from), createGzip(), createWriteStream(to, { mode: 0o640, flush: true }), {
      signal,
    }),
};

class NodeFile implements OpenFile {
  readonly inode: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, inode: number) {
    this.#handle = handle;
    this.inode = inode;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function syncPath(path: string, flags: number): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T, M>(promise: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await promise;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return missing;
    throw error;
  }
}
