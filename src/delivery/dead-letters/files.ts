/**
 * The files of the dead letters, oldest first: `<directory>/<20 digits: place of its first byte>.letters`.
 *
 * Invariants:
 * - what a write added is durable when it resolves, and only then counts; after one that failed the file is left alone;
 * - a file of an earlier process is never written to, so that its torn end stays where it is;
 * - files go from the oldest on, or what removes a letter could go before the letter;
 * - none is open but while it is read or written.
 */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../../journal/disk.js';
import { decodeHeader, HEADER_BYTES } from '../../journal/record.js';
import { Scanner } from '../../journal/scanner.js';
import type { Scope } from '../../runtime/scope.js';
import { bytesOf, decodeLetters, encodeLetters, type Meta } from './record.js';

const SUFFIX = '.letters';

interface LetterFile {
  readonly base: number;
  /** That count. */
  bytes: number;
  /** That there may be. */
  extent: number;
}

export interface Stored {
  readonly place: number;
  readonly bytes: number;
  readonly meta: Meta;
}

export interface NewRecord {
  readonly meta: Meta;
  readonly payload?: Buffer | undefined;
}

export class LetterFiles {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #scope: Scope;
  readonly #fileBytes: number;
  readonly #files: LetterFile[] = [];
  /** Written to by this process, and whole. */
  #current: LetterFile | undefined;
  /** Beyond every place that there was in this process: none is used twice. */
  #end = 0;

  /** A file that has `fileBytes` is followed by a new one. */
  constructor(directory: string, disk: Disk, scope: Scope, fileBytes: number) {
    this.#directory = directory;
    this.#disk = disk;
    this.#scope = scope;
    this.#fileBytes = fileBytes;
  }

  get count(): number {
    return this.#files.length;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Places below this one are in the oldest file; undefined where there is none, or it is still written to. */
  get oldestEnd(): number | undefined {
    const [oldest] = this.#files;
    return oldest === undefined || oldest === this.#current ? undefined : oldest.base + oldest.bytes;
  }

  /**
   * Finds what is there, and makes it durable; answers how many stretches are damaged. Once, before anything else.
   * `onTrouble` hears of files that cannot be read: they stay.
   */
  async open(onRecord: (stored: Stored) => void, onTrouble: (error: unknown) => void): Promise<number> {
    await this.#disk.makeDirectory(this.#directory);
    const found = await this.#disk.list(this.#directory);
    const files = found.flatMap(({ name, bytes }) => {
      const base = baseOf(name);
      return base === undefined ? [] : [{ base, bytes, extent: bytes }];
    });
    files.sort((a, b) => a.base - b.base);
    this.#files.push(...files);
    let damaged = 0;
    for (const file of files) {
      try {
        damaged += await this.#with(file.base, async (handle) => {
          // After a kill the page cache may hold what no power loss would leave.
          await handle.sync();
          return scan(handle, file, onRecord);
        });
      } catch (error) {
        onTrouble(error);
      }
    }
    return damaged;
  }

  /** All of them, or none; in this order. Rejects with a system error. */
  async append(records: readonly NewRecord[]): Promise<Stored[]> {
    const file = this.#current ?? (await this.#create());
    let at = file.bytes;
    const parts: Buffer[] = [];
    const stored = records.map(({ meta, payload }): Stored => {
      const own = encodeLetters(file.base + at, meta, payload);
      const one = { place: file.base + at, bytes: bytesOf(own), meta };
      parts.push(...own);
      at += one.bytes;
      return one;
    });
    this.#current = undefined;
    file.extent = at;
    this.#end = file.base + at;
    await this.#with(file.base, async (handle) => {
      try {
        await handle.write(parts, file.bytes);
        await handle.sync();
      } catch (error) {
        // What may have come through must not be found later: it will be written once more.
        await handle.truncate(file.bytes).catch(() => undefined);
        throw error;
      }
    });
    file.bytes = at;
    if (at < this.#fileBytes) this.#current = file;
    return stored;
  }

  /** Undefined where it is damaged by now. Rejects with a system error. */
  async read(place: number, bytes: number): Promise<{ meta: Meta; payload: Buffer } | undefined> {
    const file = this.#files.findLast(({ base }) => base <= place);
    if (!file) return undefined;
    const record = Buffer.allocUnsafe(bytes);
    const got = await this.#with(file.base, (handle) => handle.read(record, place - file.base));
    const header = got === bytes ? decodeHeader(record, 0, place) : undefined;
    return header && decodeLetters(header, record.subarray(HEADER_BYTES));
  }

  /** Removes the oldest file. Rejects with a system error. */
  async removeOldest(): Promise<void> {
    const [oldest] = this.#files;
    if (oldest === undefined) return;
    if (oldest === this.#current) this.#current = undefined;
    await this.#disk.unlink(this.#path(oldest.base));
    this.#files.shift();
    // One that came back would bring what only the next one removes.
    await this.#disk.syncDirectory(this.#directory);
  }

  async #create(): Promise<LetterFile> {
    const last = this.#files.at(-1);
    const file = { base: Math.max(this.#end, last ? last.base + last.extent + 1 : 0), bytes: 0, extent: 0 };
    const path = this.#path(file.base);
    const handle = await this.#disk.create(path);
    await handle.close();
    await this.#disk.syncDirectory(this.#directory);
    this.#files.push(file);
    return file;
  }

  #path(base: number): string {
    return join(this.#directory, String(base).padStart(20, '0') + SUFFIX);
  }

  async #with<T>(base: number, use: (handle: DiskFile) => Promise<T>): Promise<T> {
    const handle = await this.#disk.open(this.#path(base));
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => (closed ??= handle.close());
    const owned = this.#scope.own('file', 'dead letters', close);
    try {
      return await use(handle);
    } finally {
      await owned.release();
    }
  }
}

/** The base in a file's name, or undefined for files that are none. */
function baseOf(name: string): number | undefined {
  if (!/^\d{20}\.letters$/.test(name)) return undefined;
  const base = Number(name.slice(0, 20));
  return Number.isSafeInteger(base) ? base : undefined;
}

/** Answers how many stretches between good records are none. What is missing at the end was never finished. */
async function scan(
  handle: DiskFile,
  { base, bytes }: LetterFile,
  onRecord: (stored: Stored) => void,
): Promise<number> {
  const scanner = new Scanner(handle, base, bytes);
  let damaged = 0;
  for (let found = await scanner.next(); found; found = await scanner.next()) {
    const letters = found.header && decodeLetters(found.header, await scanner.body(found));
    if (letters)
      onRecord({ place: base + found.offset, bytes: found.end - found.offset, meta: letters.meta });
    else if (found.header || found.end < bytes) damaged++;
  }
  return damaged;
}
