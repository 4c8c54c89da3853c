/**
 * A disk in memory for tests: it can end at any operation, forget what was not made durable, and refuse to work.
 *
 * After a power loss, of each file's writes and truncations that were not synced every one may be there, missing or torn,
 * independently; of the directory's changes a prefix is there. A killed process loses nothing but the rest of its last write.
 */
import { dirname } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly length: number };

interface Inode {
  /** What reads see. */
  bytes: Buffer;
  durable: Buffer;
  unsynced: Change[];
}

export class DiskEnded extends Error {
  readonly code = 'ESHUTDOWN';
}

export class MemoryDisk implements Disk {
  readonly #files: Map<string, Inode>;
  #durableFiles: Map<string, Inode>;
  #unsyncedFiles: Map<string, Inode>[] = [];
  #resolveEnd: () => void = () => {};
  /** Resolved once the disk has ended. */
  readonly end = new Promise<void>((resolve) => {
    this.#resolveEnd = resolve;
  });
  hasEnded = false;
  operations = 0;
  /** The disk ends in the middle of this operation. */
  endAt = Number.POSITIVE_INFINITY;
  /** Throws to let an operation fail, or delays it; a failing write has written the first half of its bytes. */
  fault: (operation: string, path: string) => void | Promise<void> = () => {};
  free = { free: 1, total: 1 };
  openFiles = 0;

  constructor(files = new Map<string, Inode>()) {
    this.#files = files;
    this.#durableFiles = new Map(files);
  }

  /** What the next process finds. `random` answers numbers in [0, 1). */
  afterPowerLoss(random: () => number): MemoryDisk {
    const states = [this.#durableFiles, ...this.#unsyncedFiles];
    const files = states[Math.floor(random() * states.length)];
    return new MemoryDisk(new Map([...files].map(([path, inode]) => [path, fresh(survivor(inode, random))])));
  }

  /** What the process after a killed one finds: everything, but nothing is more durable than it was. */
  afterKill(): MemoryDisk {
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? { ...inode, unsynced: [...inode.unsynced] };
      copies.set(inode, copy);
      return copy;
    };
    const copied = (files: Map<string, Inode>) =>
      new Map([...files].map(([path, inode]) => [path, copyOf(inode)]));
    const disk = new MemoryDisk(copied(this.#files));
    disk.#durableFiles = copied(this.#durableFiles);
    disk.#unsyncedFiles = this.#unsyncedFiles.map(copied);
    return disk;
  }

  endNow(): void {
    this.hasEnded = true;
    this.#resolveEnd();
  }

  replace(path: string, bytes: Buffer): void {
    this.#files.set(path, fresh(bytes));
    this.#durableFiles.set(path, fresh(bytes));
  }

  content(path: string): Buffer {
    return this.#inode(path).bytes;
  }

  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  async makeDirectory(): Promise<void> {
    await this.#operation('mkdir', '');
  }

  async list(directory: string): Promise<{ name: string; bytes: number }[]> {
    await this.#operation('list', directory);
    return [...this.#files]
      .filter(([path]) => dirname(path) === directory)
      .map(([path, { bytes }]) => ({ name: path.slice(directory.length + 1), bytes: bytes.length }));
  }

  async create(path: string): Promise<DiskFile> {
    await this.#operation('create', path);
    if (this.#files.has(path)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
    this.#changeFiles((files) => files.set(path, fresh(Buffer.alloc(0))));
    return this.#file(path);
  }

  async open(path: string): Promise<DiskFile> {
    await this.#operation('open', path);
    return this.#file(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation('rename', from);
    const inode = this.#inode(from);
    this.#changeFiles((files) => {
      files.delete(from);
      files.set(to, inode);
    });
  }

  async unlink(path: string): Promise<void> {
    await this.#operation('unlink', path);
    this.#inode(path);
    this.#changeFiles((files) => files.delete(path));
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#operation('syncDirectory', path);
    this.#unsyncedFiles = [];
    this.#durableFiles.clear();
    for (const [path, inode] of this.#files) this.#durableFiles.set(path, inode);
  }

  async space(): Promise<{ free: number; total: number }> {
    await this.#operation('space', '');
    return this.free;
  }

  #file(path: string): DiskFile {
    const inode = this.#inode(path);
    this.openFiles++;
    let isOpen = true;
    return {
      read: async (bytes, position) => {
        await this.#operation('read', path);
        if (!isOpen) throw Object.assign(new Error(`EBADF: ${path}`), { code: 'EBADF' });
        return inode.bytes.copy(bytes, 0, position);
      },
      write: async (parts, at) => {
        const bytes = Buffer.concat(parts);
        try {
          await this.#operation('write', path);
        } catch (error) {
          change(inode, { at, bytes: bytes.subarray(0, bytes.length / 2) });
          throw error;
        }
        change(inode, { at, bytes });
      },
      sync: async () => {
        await this.#operation('sync', path);
        inode.durable = inode.bytes;
        inode.unsynced = [];
      },
      truncate: async (length) => {
        await this.#operation('truncate', path);
        change(inode, { length });
      },
      close: async () => {
        isOpen = false;
        this.openFiles--;
      },
    };
  }

  #inode(path: string): Inode {
    const inode = this.#files.get(path);
    if (!inode) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return inode;
  }

  #changeFiles(change: (files: Map<string, Inode>) => void): void {
    change(this.#files);
    this.#unsyncedFiles.push(new Map(this.#files));
  }

  async #operation(name: string, path: string): Promise<void> {
    await Promise.resolve();
    this.operations++;
    if (this.operations >= this.endAt) this.endNow();
    if (this.hasEnded) throw new DiskEnded(`the disk ended at operation ${this.operations} (${name})`);
    await this.fault(name, path);
  }
}

function fresh(bytes: Buffer): Inode {
  return { bytes, durable: bytes, unsynced: [] };
}

function change(inode: Inode, made: Change): void {
  inode.unsynced.push(made);
  inode.bytes = applied(inode.bytes, made);
}

function applied(before: Buffer, made: Change): Buffer {
  if ('length' in made) return Buffer.concat([before], made.length);
  const after = Buffer.alloc(Math.max(before.length, made.at + made.bytes.length));
  before.copy(after);
  made.bytes.copy(after, made.at);
  return after;
}

function survivor(inode: Inode, random: () => number): Buffer {
  let bytes = inode.durable;
  for (const made of inode.unsynced) {
    const fate = random();
    if (fate < 0.3) continue;
    if (fate < 0.6 || 'length' in made) {
      bytes = applied(bytes, made);
      continue;
    }
    // Torn: pages of it are there, in no order.
    const page = 1 + Math.floor(random() * 200);
    for (let from = 0; from < made.bytes.length; from += page)
      if (random() < 0.7)
        bytes = applied(bytes, { at: made.at + from, bytes: made.bytes.subarray(from, from + page) });
  }
  return bytes;
}
