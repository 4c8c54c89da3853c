/** Defaults that depend on where the program runs. */
import { existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { isInContainer } from '../runtime/container.js';

const GIB = 1024 ** 3;
const LEAST_JOURNAL_BYTES = 64 * 1024 ** 2;

/**
 * `/data` in the image, which ships that folder; `/var/lib/log-capturer` as a service of systemd; else `data` below the
 * current folder, also in somebody's development container.
 */
export function defaultDataDir(
  env: NodeJS.ProcessEnv,
  exists: (path: string) => boolean = existsSync,
): string {
  if (isInImage(exists)) return '/data';
  return env['INVOCATION_ID'] ? '/var/lib/log-capturer' : './data';
}

/** Nobody reaches a container's loopback; what is published of it, and where, is said when it is started. */
export function defaultHost(exists: (path: string) => boolean = existsSync): string {
  return isInImage(exists) ? '0.0.0.0' : '127.0.0.1';
}

function isInImage(exists: (path: string) => boolean): boolean {
  return isInContainer(exists) && exists('/data');
}

/** min(2 GiB, 10 % of the free disk below `dataDir`), but never less than 64 MiB. */
export function defaultJournalBytes(dataDir: string): number {
  const free = freeBytes(dataDir);
  return free === undefined
    ? 2 * GIB
    : Math.max(LEAST_JOURNAL_BYTES, Math.min(2 * GIB, Math.floor(free / 10)));
}

/** Of the filesystem that holds `directory`, or will once it is made; undefined where nothing tells. */
function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    const parent = path.dirname(directory);
    return parent === directory ? undefined : freeBytes(parent);
  }
}
