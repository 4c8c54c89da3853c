/**
 * A rotated file that Docker compressed (`compress=true`): positions count bytes of its text. It is read in order;
 * going back further than the last chunk begins it anew.
 */
import { fstatSync, readSync } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { Scope } from '../../../runtime/scope.js';
import { LogFile, openOwned, readAt } from './log-file.js';

const CHUNK = 64 * 1024;
/** Its own, with what Docker adds to it, and that of the first block. */
const HEADER = 2048;
const TRAILER = 4;

export class GzipFile extends LogFile {
  readonly isCompressed = true;
  #gunzip: Transform | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  /** Text that was decompressed and may be asked for (again), from `#pendingAt` on. */
  #pending: Buffer = Buffer.alloc(0);
  #pendingAt = 0;
  #damage: unknown;

  /** Throws the system's error, ENOENT among others. */
  static open(scope: Scope, path: string): GzipFile {
    return openOwned(path, (fd) => {
      const trailer = Buffer.alloc(TRAILER);
      // The size of the text modulo 4 GiB stands at the end. Whatever fails here does so while the descriptor is nobody's yet.
      readSync(fd, trailer, 0, TRAILER, Math.max(0, fstatSync(fd).size - TRAILER));
      const file = new GzipFile(scope, path, fd);
      file.size = trailer.readUInt32LE(0);
      return file;
    });
  }

  head(length: number): Buffer {
    // A byte of text takes two at most. No more at once than is needed: text of one kind is a thousand times longer.
    for (let bytes = HEADER; ; bytes *= 2) {
      const text = this.#textOf(bytes);
      if (text.length >= length || bytes >= HEADER + 2 * length) return text.subarray(0, length);
    }
  }

  override get isDamaged(): boolean {
    return this.#damage !== undefined;
  }

  tailBefore(): undefined {
    return undefined;
  }

  /** Rejects where the file is damaged, after what could be read of it. */
  protected override async readText(buf: Buffer, length: number, position: number): Promise<number> {
    if (position < this.#pendingAt || !this.#chunks) this.#begin();
    const parts: Buffer[] = [];
    let bytes = 0;
    let at = this.#pendingAt;
    for (let chunk: Buffer | undefined = this.#pending; chunk; chunk = await this.#next(bytes > 0)) {
      const part = chunk.subarray(Math.min(chunk.length, Math.max(0, position - at)));
      // An empty one would keep its chunk, and so all that is passed over on the way to `position`.
      if (part.length > 0) parts.push(part);
      bytes += part.length;
      at += chunk.length;
      if (bytes >= length) break;
    }
    this.#pending = Buffer.concat(parts);
    this.#pendingAt = position;
    this.size = bytes < length ? position + bytes : Math.max(this.size, position + bytes);
    return this.#pending.copy(buf, 0, 0, length);
  }

  /** The next chunk; undefined at the end, and at a damaged place where `hasText` says that there is something to give before. */
  async #next(hasText: boolean): Promise<Buffer | undefined> {
    try {
      if (this.#damage) throw this.#damage;
      const next = await this.#chunks?.next();
      return next?.done === false ? next.value : undefined;
    } catch (error) {
      this.#damage = error;
      if (!hasText) throw error;
      return undefined;
    }
  }

  protected override async release(): Promise<void> {
    const chunks = this.#chunks;
    this.#gunzip?.destroy();
    this.#chunks = undefined;
    this.#pending = Buffer.alloc(0);
    await chunks?.return?.();
  }

  /** The text of a beginning. */
  protected decompress(beginning: Buffer): Buffer {
    // Z_SYNC_FLUSH: the input ends early, give what there is.
    return gunzipSync(beginning, { finishFlush: constants.Z_SYNC_FLUSH });
  }

  protected createDecompressor(): Transform {
    return createGunzip({ chunkSize: CHUNK });
  }

  /** The text of the first compressed bytes. */
  #textOf(length: number): Buffer {
    const compressed = Buffer.allocUnsafe(length);
    const bytes = readSync(this.fd, compressed, 0, length, 0);
    try {
      return this.decompress(compressed.subarray(0, bytes));
    } catch {
      return Buffer.alloc(0);
    }
  }

  #begin(): void {
    this.#gunzip?.destroy();
    const compressed = Readable.from(this.#compressed());
    const gunzip = this.createDecompressor();
    compressed.on('error', (error) => gunzip.destroy(error));
    gunzip.on('close', () => compressed.destroy());
    compressed.pipe(gunzip);
    this.#gunzip = gunzip;
    this.#chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#pending = Buffer.alloc(0);
    this.#pendingAt = 0;
  }

  async *#compressed(): AsyncGenerator<Buffer> {
    for (let at = 0; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await readAt(this.fd, chunk, 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }
}
