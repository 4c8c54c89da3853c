/**
 * A filesystem in memory for the file sink's tests. It can stop at any operation as if the process were killed, fail at any
 * operation, and lose in a power failure what was not made durable: bytes of files (partly, also as zeros), and names (per
 * directory any of those changed since its last sync).
 */
import { gzipSync } from 'node:zlib';
import type { FileStat, Files, OpenFile } from '../../src/sinks/file/files.js';

/** The process is dead: nobody is there to see this. */
export class Killed extends Error {}

export interface Fault {
  readonly kind: 'kill' | 'ENOSPC' | 'EIO';
  /** How many operations go well before. */
  after: number;
}

interface Inode {
  readonly id: number;
  readonly kind: FileStat['kind'];
  data: Buffer;
  durable: Buffer;
  modifiedMs: number;
}

type NameChange = readonly [path: string, inode: Inode | undefined];
/** Changes of names in one directory that happen together or not at all. */
type NameOperation = readonly NameChange[];

const PAGE = 16;

export class MemoryFiles implements Files {
  /** What happens next, each counted in operations from the one before. */
  faults: Fault[] = [];
  readonly #random: () => number;
  readonly #now: () => number;
  #names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  readonly #pending = new Map<string, NameOperation[]>();
  #nextId = 1;
  #dead = false;

  constructor(random: () => number, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  /** What a process finds that starts after this one was killed, or after the power failed. */
  restart(powerFailed: boolean): MemoryFiles {
    this.#dead = true;
    const next = new MemoryFiles(this.#random, this.#now);
    next.#nextId = this.#nextId;
    if (powerFailed) {
      for (const operations of this.#pending.values()) {
        for (const operation of operations) {
          if (this.#random() < 0.5) changeNames(this.#durableNames, operation);
        }
      }
      for (const path of this.#durableNames.keys()) {
        if (!isReachable(this.#durableNames, path)) this.#durableNames.delete(path);
      }
      const inodes = new Set(this.#durableNames.values());
      for (const inode of inodes) inode.data = inode.durable = this.#afterPowerFailure(inode);
      next.#names = new Map(this.#durableNames);
    } else {
      next.#names = this.#names;
      for (const [directory, operations] of this.#pending) next.#pending.set(directory, operations);
    }
    for (const [path, inode] of this.#durableNames) next.#durableNames.set(path, inode);
    return next;
  }

  holds(): object {
    return {};
  }

  /** As a person with a shell would: the whole tree, at once. */
  removeTree(root: string): void {
    for (const path of this.#names.keys()) {
      if (path === root || path.startsWith(`${root}/`)) this.#rename([[path, undefined]]);
    }
  }

  /** What somebody else wrote there, long ago. */
  put(path: string, data: Buffer): void {
    const inode = this.#names.get(path) ?? this.#inode('file', data);
    inode.data = inode.durable = data;
    this.#names.set(path, inode);
    for (let name = path; name !== ''; name = name.slice(0, name.lastIndexOf('/'))) {
      const there = this.#names.get(name) ?? this.#inode('directory', Buffer.alloc(0));
      this.#names.set(name, there);
      this.#durableNames.set(name, there);
    }
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  content(path: string): Buffer | undefined {
    return this.#names.get(path)?.data;
  }

  async open(path: string): Promise<OpenFile> {
    let inode: Inode | undefined;
    await this.#step(() => {
      this.#demandParent(path);
      inode = this.#names.get(path);
      if (!inode) {
        inode = this.#inode('file', Buffer.alloc(0));
        this.#rename([[path, inode]]);
      }
    });
    if (!inode) throw new TypeError('not opened');
    return this.#openFile(inode);
  }

  async read(path: string): Promise<Buffer | undefined> {
    await this.#step(nothing);
    const inode = this.#names.get(path);
    return inode && Buffer.from(inode.data);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.#step(nothing);
    const inode = this.#names.get(path);
    if (!inode) return undefined;
    return { inode: inode.id, size: inode.data.length, modifiedMs: inode.modifiedMs, kind: inode.kind };
  }

  async list(directory: string): Promise<string[]> {
    await this.#step(nothing);
    return this.#children(directory);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#step(() => {
      const parts = path.split('/');
      for (let i = 2; i <= parts.length; i++) {
        const ancestor = parts.slice(0, i).join('/');
        if (!this.#names.has(ancestor)) this.#rename([[ancestor, this.#inode('directory', Buffer.alloc(0))]]);
      }
    });
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#step(() => {
      if (this.#children(path).length > 0) throw systemError('ENOTEMPTY');
      if (this.#names.has(path)) this.#rename([[path, undefined]]);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#step(() => {
      if (this.#names.has(path)) this.#rename([[path, undefined]]);
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step(() => {
      const inode = this.#names.get(from);
      if (!inode) throw systemError('ENOENT');
      this.#rename([
        [from, undefined],
        [to, inode],
      ]);
    });
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#step(() => {
      if (this.#names.has(path)) throw systemError('EEXIST');
      this.#rename([[path, this.#inode('link', Buffer.from(target))]]);
    });
  }

  async sync(path: string): Promise<void> {
    await this.#step(() => {
      const inode = this.#names.get(path);
      if (inode) inode.durable = Buffer.from(inode.data);
    });
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#step(() => {
      const directory = path === '/' ? '' : path;
      for (const operation of this.#pending.get(directory) ?? []) changeNames(this.#durableNames, operation);
      this.#pending.delete(directory);
    });
  }

  async gzip(from: string, to: string): Promise<void> {
    const source = await this.read(from);
    if (!source) throw systemError('ENOENT');
    const file = await this.open(to);
    await file.truncate(0);
    await file.write(gzipSync(source), 0);
    await file.sync();
  }

  #openFile(inode: Inode): OpenFile {
    return {
      inode: inode.id,
      write: (bytes, position) =>
        this.#step(
          () => this.#write(inode, bytes, position, bytes.length),
          () => this.#write(inode, bytes, position, Math.floor(this.#random() * 1.5 * bytes.length)),
        ),
      truncate: (length) =>
        this.#step(() => {
          const data = Buffer.alloc(length);
          inode.data.copy(data);
          inode.data = data;
        }),
      sync: () =>
        this.#step(() => {
          inode.durable = Buffer.from(inode.data);
        }),
      close: () => this.#breath(),
    };
  }

  #write(inode: Inode, bytes: Uint8Array, position: number, length: number): void {
    const written = bytes.subarray(0, length);
    const data = Buffer.alloc(Math.max(inode.data.length, position + written.length));
    inode.data.copy(data);
    data.set(written, position);
    inode.data = data;
    inode.modifiedMs = this.#now();
  }

  /** One operation, which may fail before or, as the disk does too, after it was done. */
  async #step(perform: () => void, half = perform): Promise<void> {
    await this.#breath();
    const [fault] = this.faults;
    if (!fault || fault.after-- > 0) {
      perform();
      return;
    }
    this.faults.shift();
    if (this.#random() < 0.5) half();
    if (fault.kind !== 'kill') throw systemError(fault.kind);
    this.#dead = true;
    await this.#breath();
  }

  // A killed process does not even see its operations fail, but tests have to come back from them.
  async #breath(): Promise<void> {
    if (this.#dead) throw new Killed('killed');
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#dead) throw new Killed('killed');
  }

  #inode(kind: Inode['kind'], data: Buffer): Inode {
    return { id: this.#nextId++, kind, data, durable: Buffer.alloc(0), modifiedMs: this.#now() };
  }

  #rename(operation: NameOperation): void {
    changeNames(this.#names, operation);
    const [[path]] = operation;
    const directory = path.slice(0, path.lastIndexOf('/'));
    const pending = this.#pending.get(directory);
    if (pending) pending.push(operation);
    else this.#pending.set(directory, [operation]);
  }

  #children(directory: string): string[] {
    const prefix = `${directory}/`;
    return [...this.#names.keys()]
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length))
      .sort();
  }

  #demandParent(path: string): void {
    if (!this.#names.has(path.slice(0, path.lastIndexOf('/')))) throw systemError('ENOENT');
  }

  #afterPowerFailure({ data, durable, kind }: Inode): Buffer {
    if (kind !== 'file') return data;
    const shorter = Math.min(data.length, durable.length);
    const length =
      shorter + Math.floor(this.#random() * (Math.max(data.length, durable.length) - shorter + 1));
    const result = Buffer.alloc(length);
    const unchanged = commonLength(data, durable);
    // Bytes that are durable and unchanged stay; what was written since may be there, be zeros, or be the old.
    for (let at = 0; at < length; at += PAGE) {
      const page = Math.min(at + PAGE, length);
      const choice = this.#random();
      if (choice < 0.4) result.set(durable.subarray(at, page), at);
      else if (choice < 0.8) result.set(data.subarray(at, page), at);
    }
    result.set(durable.subarray(0, Math.min(length, unchanged)), 0);
    return result;
  }
}

function commonLength(a: Buffer, b: Buffer): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function changeNames(names: Map<string, Inode>, operation: NameOperation): void {
  for (const [path, inode] of operation) {
    if (inode) names.set(path, inode);
    else names.delete(path);
  }
}

/** Whether all directories above are there too. */
function isReachable(names: ReadonlyMap<string, Inode>, path: string): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (!names.has(path.slice(0, end))) return false;
  }
  return true;
}

function nothing(): void {}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A small seeded generator of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
