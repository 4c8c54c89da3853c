/** A rotated file that was compressed with zstd, where this Node can read it (22.15, 23.8 and later). */
import { readSync } from 'node:fs';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Scope } from '../../runtime/scope.js';
import { GzipFile } from '../docker/json-file/gzip-file.js';
import { openOwned } from '../docker/json-file/log-file.js';

interface Zstd {
  createZstdDecompress?: () => Transform;
  zstdDecompressSync?: (data: Buffer, options: { finishFlush: number }) => Buffer;
}

const { createZstdDecompress, zstdDecompressSync } = zlib as Zstd;
/** Give what there is: the input ends early. */
const FLUSH = 1;
/** A block of zstd, compressed or not, with what stands before it. */
const FIRST_BLOCK = 129 * 1024;

export const canReadZstd = createZstdDecompress !== undefined && zstdDecompressSync !== undefined;

export class ZstdFile extends GzipFile {
  static override open(scope: Scope, path: string): ZstdFile {
    return openOwned(path, (fd) => {
      const file = new ZstdFile(scope, path, fd);
      // How long the text is need not be written anywhere.
      file.size = 0;
      return file;
    });
  }

  override head(length: number): Buffer {
    const beginning = Buffer.allocUnsafe(FIRST_BLOCK);
    const bytes = readSync(this.fd, beginning, 0, FIRST_BLOCK, 0);
    try {
      return this.decompress(beginning.subarray(0, bytes)).subarray(0, length);
    } catch {
      return Buffer.alloc(0);
    }
  }

  protected override decompress(beginning: Buffer): Buffer {
    return (zstdDecompressSync as NonNullable<typeof zstdDecompressSync>)(beginning, { finishFlush: FLUSH });
  }

  protected override createDecompressor(): Transform {
    return (createZstdDecompress as NonNullable<typeof createZstdDecompress>)();
  }
}
