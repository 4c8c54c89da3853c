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
import type { Stream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { systemCode } from '../../runtime/errors.js';
import type { Holdings } from '../../runtime/scope.js';

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
  /** What is open now for the length of one call; what `open` gives is its caller's. */
  holds(): Holdings;
}

/** The system's. */
export class NodeFiles implements Files {
  readonly rename = rename;
  readonly symlink = symlink;
  #held = 0;

  holds(): Holdings {
    return { file: this.#held };
  }

  async open(path: string): Promise<OpenFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o640);
    try {
      return new NodeFile(handle, (await handle.stat()).ino);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  read(path: string): Promise<Buffer | undefined> {
    return unlessMissing(readFile(path), undefined);
  }

  async stat(path: string): Promise<FileStat | undefined> {
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
  }

  async list(directory: string): Promise<string[]> {
    return (await unlessMissing(readdir(directory), [])).sort();
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o750 });
  }

  removeDirectory(path: string): Promise<void> {
    return unlessMissing(rmdir(path), undefined);
  }

  remove(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  sync(path: string): Promise<void> {
    return unlessMissing(this.#sync(path, constants.O_RDWR), undefined);
  }

  syncDirectory(path: string): Promise<void> {
    return unlessMissing(this.#sync(path, constants.O_RDONLY | constants.O_DIRECTORY), undefined);
  }

  gzip(from: string, to: string, signal: AbortSignal): Promise<void> {
    const reading = this.#counted(createReadStream(from));
    const writing = this.#counted(createWriteStream(to, { mode: 0o640, flush: true }));
    return pipeline(reading, createGzip(), writing, { signal });
  }

  async #sync(path: string, flags: number): Promise<void> {
    const handle = await open(path, flags);
    this.#held++;
    try {
      await handle.sync();
    } finally {
      await handle.close();
      this.#held--;
    }
  }

  #counted<S extends Stream>(stream: S): S {
    stream.once('open', () => {
      this.#held++;
      stream.once('close', () => this.#held--);
    });
    return stream;
  }
}

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

async function unlessMissing<T, M>(promise: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await promise;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return missing;
    throw error;
  }
}
