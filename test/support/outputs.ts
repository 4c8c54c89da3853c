/** Watches the file sink's output while the agent writes it. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Expected } from './oracle.js';

const LOOK_BACK = 512 * 1024;
const EVERY_MS = 100;

/**
 * Resolves when the last line of every stream is in the output, live or catch-up; or after `deadlineMs`, because then
 * the oracle says best what is missing.
 */
export async function outputsComplete(
  directory: string,
  expected: readonly Expected[],
  deadlineMs: number,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let missing = expected.flatMap(({ container, out, err }) => [
    ...(out > 0 ? [{ container, mark: ` stdout ${container} o ${out - 1} ` }] : []),
    ...(err > 0 ? [{ container, mark: ` stderr ${container} e ${err - 1} ` }] : []),
  ]);
  while (missing.length > 0 && performance.now() < deadline) {
    const tails = new Map<string, Buffer[]>();
    missing = missing.filter(({ container, mark }) => {
      const found =
        tails.get(container) ?? [container, `${container}.catch-up`].map((output) => tail(directory, output));
      tails.set(container, found);
      return !found.some((bytes) => bytes.includes(mark));
    });
    if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** The last bytes of an output, over its newest plain files. */
function tail(directory: string, output: string): Buffer {
  const parts: Buffer[] = [];
  let wanted = LOOK_BACK;
  for (const name of plainFiles(path.join(directory, output)).reverse()) {
    if (wanted <= 0) break;
    const part = lastBytes(path.join(directory, output, name), wanted);
    parts.unshift(part);
    wanted -= part.length;
  }
  return Buffer.concat(parts);
}

function plainFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .sort();
  } catch {
    return [];
  }
}

function lastBytes(file: string, wanted: number): Buffer {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    // Compressed and gone since it was listed.
    return Buffer.alloc(0);
  }
  try {
    const size = fstatSync(fd).size;
    const bytes = Buffer.alloc(Math.min(size, wanted));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(fd);
  }
}

/** Bytes of all files below, as they are on disk. */
export function folderBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    try {
      bytes += statSync(path.join(entry.parentPath, entry.name)).size;
    } catch {
      // Compressed and gone since it was listed.
    }
  }
  return bytes;
}
