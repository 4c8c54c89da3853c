/**
 * One held file of a log. The descriptor stays good over renames and removal, so that a file is read to its end
 * whatever becomes of its name; and while it is held, its device and inode number belong to no other file.
 */
import { closeSync, fstatSync, openSync, read as readCallback, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { AgentError, systemCode } from '../../../runtime/errors.js';
import type { Owned, Scope } from '../../../runtime/scope.js';
import type { Fingerprint } from './position.js';

/** 512 times a power of 16. */
const LONGEST_FINGERPRINT = 128 * 1024;
const NEWLINE = 0x0a;
/** The time of a record is in it, and so it is like no other. */
const TAIL_BYTES = 64;
const tail = Buffer.allocUnsafe(TAIL_BYTES);

export const readAt: (
  fd: number,
  buf: Buffer,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }> = promisify(readCallback);

export abstract class LogFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  /** Bytes of text, as far as is known; grows while the file is written. */
  size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** 0 where the filesystem does not tell. */
  readonly createdMs: number;
  protected readonly fd: number;
  /** So many of its first bytes identify it, as soon as they are read; 0: its first record does. */
  identifyingBytes = 0;
  readonly #owned: Owned;
  #fingerprint: Fingerprint | undefined;
  #knownHead: Buffer = Buffer.alloc(0);
  #reading: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  protected constructor(scope: Scope, path: string, fd: number) {
    // Else both the scope and whoever opened it would close the descriptor, which may be somebody else's by then.
    if (scope.isClosing)
      throw new AgentError('INTERNAL', `${path} is not opened any more: ${scope.name} is closing.`);
    const stat = fstatSync(fd);
    this.path = path;
    this.fd = fd;
    this.device = stat.dev;
    this.inode = stat.ino;
    this.size = stat.size;
    this.modifiedMs = stat.mtimeMs;
    this.createdMs = stat.birthtimeMs;
    // A descriptor that is closed under a read could be another file's by the time that the read is done.
    this.#owned = scope.own('file', path, async () => {
      this.#isClosed = true;
      await this.#reading;
      await this.release();
      closeSync(fd);
    });
  }

  abstract readonly isCompressed: boolean;

  /** The first `length` bytes, or what there is of them. */
  abstract head(length: number): Buffer;
  protected abstract readText(buf: Buffer, length: number, position: number): Promise<number>;
  protected release(): void | Promise<void> {}

  /** It could not be read to its end, and never will. */
  get isDamaged(): boolean {
    return false;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads text at `position` into the beginning of `buf`; answers how many bytes, 0 at the end. */
  read(buf: Buffer, length: number, position: number): Promise<number> {
    const reading = this.readText(buf, length, position);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /** Identifies the file by how it begins. `consumed` bytes were read of it: it has at least those. */
  fingerprint(consumed: number): Fingerprint {
    const wanted = Math.min(this.identifyingBytes, consumed);
    if (this.#knownHead.length < wanted) {
      const head = this.head(wanted);
      // Else somebody has just cut it short: what it was is known better than what it is.
      if (head.length === wanted && beginsWith(head, this.#knownHead)) this.#knownHead = head;
    }
    if (this.identifyingBytes > 0 && this.#knownHead.length >= wanted && this.#fingerprint?.[0] !== wanted)
      this.#fingerprint = [wanted, crc32(this.#knownHead.subarray(0, wanted))];
    this.#fingerprint ??= this.#makeFingerprint(consumed);
    return this.#fingerprint;
  }

  /** CRC-32 of the last bytes before `offset`; undefined where they are not to be had at once. */
  abstract tailBefore(offset: number): number | undefined;

  forgetFingerprint(): void {
    this.#fingerprint = undefined;
    this.#knownHead = Buffer.alloc(0);
  }

  /** What it begins with, as far as it was read or compared: somebody may have cut it short since. */
  get knownHead(): Buffer {
    return this.#knownHead;
  }

  /** `bytes` were read of it at `offset`: it is known by them, whatever somebody writes into it meanwhile. */
  identifyBy(bytes: Buffer, offset: number): void {
    if (offset > this.#knownHead.length || offset >= this.identifyingBytes) return;
    const before = this.#knownHead.subarray(0, offset);
    this.#knownHead = Buffer.concat([before, bytes.subarray(0, this.identifyingBytes - offset)]);
  }

  matches(fingerprint: readonly [number, number, ...number[]]): boolean {
    return this.#headLike(fingerprint) !== undefined;
  }

  /** As `matches`; where it does it is that file from now on, whatever somebody writes into it. */
  identifyAs(fingerprint: readonly [number, number, ...number[]]): boolean {
    const head = this.#headLike(fingerprint);
    if (head) {
      this.#knownHead = head;
      this.#fingerprint = [fingerprint[0], fingerprint[1]];
    }
    return head !== undefined;
  }

  #headLike([length, crc]: readonly [number, number, ...number[]]): Buffer | undefined {
    if (length === 0 || (!this.isCompressed && this.size < length)) return undefined;
    const head = this.head(length);
    return head.length === length && crc32(head) === crc ? head : undefined;
  }

  #makeFingerprint(consumed: number): Fingerprint {
    for (let length = 512; ; length *= 16) {
      let head = this.head(length);
      const newline = head.indexOf(NEWLINE);
      // Without a newline: what is sure not to change any more.
      if (newline >= 0) head = head.subarray(0, newline + 1);
      else if (head.length < length) head = head.subarray(0, consumed);
      else if (length < LONGEST_FINGERPRINT) continue;
      return [head.length, crc32(head)];
    }
  }

  close(): Promise<void> {
    return this.#owned.release();
  }
}

/** Whether all of `head` stands there. */
export function beginsWith(text: Buffer, head: Buffer): boolean {
  return text.subarray(0, head.length).equals(head);
}

export class PlainFile extends LogFile {
  readonly isCompressed = false;

  /** `name` is what to open it by, where that is not its path. Throws the system's error, ENOENT among others. */
  static open(scope: Scope, path: string, name = path): PlainFile {
    return openOwned(name, (fd) => new PlainFile(scope, path, fd));
  }

  head(length: number): Buffer {
    const buf = Buffer.allocUnsafe(length);
    return buf.subarray(0, readSync(this.fd, buf, 0, length, 0));
  }

  /** As `read`, at once: for what is in the page cache. */
  readNow(buf: Buffer, length: number, position: number): number {
    const bytes = readSync(this.fd, buf, 0, length, position);
    if (bytes > 0) this.size = Math.max(this.size, position + bytes);
    return bytes;
  }

  tailBefore(offset: number): number {
    const from = Math.max(0, offset - TAIL_BYTES);
    return crc32(tail.subarray(0, readSync(this.fd, tail, 0, offset - from, from)));
  }

  /** Looks at the file itself, whatever its name is now. */
  stat(): { size: number; changedMs: number; modifiedMs: number } {
    const { size, ctimeMs, mtimeMs } = fstatSync(this.fd);
    this.size = size;
    return { size, changedMs: ctimeMs, modifiedMs: mtimeMs };
  }

  protected override async readText(buf: Buffer, length: number, position: number): Promise<number> {
    const { bytesRead } = await readAt(this.fd, buf, 0, length, position);
    if (bytesRead > 0) this.size = Math.max(this.size, position + bytesRead);
    return bytesRead;
  }
}

/** Opens a descriptor for `make`, and closes it again where that fails. */
export function openOwned<T>(path: string, make: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return make(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Undefined where there is no such file; throws the system's other errors. */
export function ifThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
