/**
 * The files of one log: `<path>`, and what rotation left of older ones: `<path>.1`, `.2` …, with `compress` as `.gz`.
 *
 * dockerd rotates by renaming from the oldest on, then creates `<path>` again, and compresses `.1` later: both `.1`
 * and `.1.gz` may be there, of which only the plain one is surely whole.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Scope } from '../../../runtime/scope.js';
import { GzipFile } from './gzip-file.js';
import { ifThere, type LogFile, PlainFile } from './log-file.js';

const ATTEMPTS = 20;
/** Between the removal of an old file and the creation of the next. */
const SHORTEST_ROTATION_MS = 1;
const LONGEST_ROTATION_MS = 20;

/** Opens what there is, newest first, up to the first file that `isLast` says yes to. */
export function openGenerations(scope: Scope, path: string, isLast: (file: LogFile) => boolean): LogFile[] {
  for (let attempt = 1; ; attempt++) {
    const { files, isComplete } = openOnce(scope, path, isLast);
    if (attempt === ATTEMPTS || (isComplete && isStill(path, files[0]))) return files;
    // A rotation or a compression came between: what is where cannot be told from names that moved.
    closeAll(files);
  }
}

export function closeAll(files: readonly LogFile[]): void {
  for (const file of files) void file.close();
}

export function isSameFile(a: { dev: number; ino: number }, file: LogFile): boolean {
  return a.ino === file.inode && a.dev === file.device;
}

/** `isComplete`: false where a file was gone since its name was read, as one is that has been compressed meanwhile. */
function openOnce(
  scope: Scope,
  path: string,
  isLast: (file: LogFile) => boolean,
): { files: LogFile[]; isComplete: boolean } {
  const files: LogFile[] = [];
  let isComplete = true;
  try {
    for (const name of namesNewestFirst(path)) {
      const file = ifThere(() =>
        name.endsWith('.gz') ? GzipFile.open(scope, name) : PlainFile.open(scope, name),
      );
      if (!file) {
        isComplete = false;
        continue;
      }
      // A file that was renamed between two names of the list.
      if (files.some((other) => isSameFile({ dev: file.device, ino: file.inode }, other))) {
        closeAll([file]);
        continue;
      }
      files.push(file);
      if (isLast(file)) break;
    }
  } catch (error) {
    closeAll(files);
    throw error;
  }
  return { files, isComplete };
}

function isStill(path: string, newest: LogFile | undefined): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && newest !== undefined && isSameFile(stat, newest);
}

function namesNewestFirst(path: string): string[] {
  const prefix = `${basename(path)}.`;
  const suffixes = new Map<number, string>();
  for (const name of ifThere(() => readdirSync(dirname(path))) ?? []) {
    if (!name.startsWith(prefix)) continue;
    const [, number, compressed] = /^([1-9]\d{0,5})(\.gz)?$/.exec(name.slice(prefix.length)) ?? [];
    if (number === undefined || (compressed && suffixes.has(Number(number)))) continue;
    suffixes.set(Number(number), `${number}${compressed ?? ''}`);
  }
  const numbers = [...suffixes.keys()].sort((a, b) => a - b);
  return [path, ...numbers.map((number) => `${path}.${suffixes.get(number)}`)];
}

/** Whether an opened file is the generation that is held, renamed or compressed. */
export function isGeneration(file: LogFile, held: LogFile): boolean {
  if (!file.isCompressed) return isSameFile({ dev: file.device, ino: file.inode }, held);
  return held.size > 0 && file.matches(held.fingerprint(held.size));
}

/**
 * Whether generations came and went between one that was unlinked and the newest one. Else the rotation that unlinked
 * the one made the other; so there is less time between than a generation lasts. Told as well as times can tell.
 */
export function wasGenerationMissed(unlinked: LogFile, newest: LogFile): boolean {
  if (!(unlinked instanceof PlainFile) || newest.createdMs === 0) return false;
  const { changedMs } = unlinked.stat();
  const lasted = changedMs - unlinked.createdMs;
  return (
    newest.createdMs - changedMs > Math.min(LONGEST_ROTATION_MS, Math.max(SHORTEST_ROTATION_MS, lasted / 2))
  );
}
