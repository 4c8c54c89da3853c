/** What the journal does to a filesystem, so that tests can crash it at any operation. */
import { mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../runtime/errors.js';

export interface DiskFile {
  /** Fills `bytes` from `position` on; answers how many there were before the end of the file. */
  read(bytes: Buffer, position: number): Promise<number>;
  /** Writes all of `parts` one after the other, or fails. */
  write(parts: readonly Buffer[], position: number): Promise<void>;
  /** Makes what was written, and the length, durable. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** Failures are Node.js system errors with a `code`. */
export interface Disk {
  makeDirectory(path: string): Promise<void>;
  /** The plain files of a directory. */
  list(directory: string): Promise<{ name: string; bytes: number }[]>;
  /** Fails with EEXIST where the file is there. */
  create(path: string): Promise<DiskFile>;
  open(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): Promise<void>;
  space(path: string): Promise<{ free: number; total: number }>;
}

export const nodeDisk: Disk = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o750 });
  },
  async list(directory) {
    const files: { name: string; bytes: number }[] = [];
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      try {
        files.push({ name: entry.name, bytes: (await stat(join(directory, entry.name))).size });
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
    return files;
  },
  create: (path) => openFile(path, 'wx+'),
  open: (path) => openFile(path, 'r+'),
  rename,
  unlink,
  async syncDirectory(path) {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  async space(path) {
    const { bavail, blocks, bsize } = await statfs(path);
    return { free: bavail * bsize, total: blocks * bsize };
  },
};

async function openFile(path: string, flags: string): Promise<DiskFile> {
  const file = await open(path, flags, 0o640);
  return {
    async read(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async write(parts, position) {
      let left = parts.filter((part) => part.length > 0);
      let at = position;
      while (left.length > 0) {
        const { bytesWritten } = await file.writev(left, at);
        at += bytesWritten;
        left = without(left, bytesWritten);
      }
    },
    sync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    close: () => file.close(),
  };
}

/** What is left of `parts` after their first `bytes` bytes. */
function without(parts: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const left: Buffer[] = [];
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return left;
}
