/** Opens the files of a log of which nothing is known, and those that came after one that is held. */
import { statSync } from 'node:fs';
import { timeOfMs } from '../../pipeline/line-time.js';
import type { Scope } from '../../runtime/scope.js';
import { closeAll, isGeneration } from '../docker/json-file/generations.js';
import { type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt } from '../docker/json-file/span.js';
import { openFile } from './generations.js';
import type { SavedLog } from './position.js';
import { resume, type Sought } from './resume.js';

/** Where to begin in a log of which nothing is known. */
export interface Beginning {
  /** Older files of it, oldest first. */
  readonly older: () => readonly string[];
  /** The offset in the newest one. */
  readonly offset: (file: PlainFile) => number;
}

/** Undefined where there is nothing of this name, or no regular file. */
export function openNewest(scope: Scope, path: string): PlainFile | undefined {
  // Opening a pipe would wait for its writer.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  return openFile(scope, path) as PlainFile | undefined;
}

export function beginAt(scope: Scope, newest: PlainFile, { older, offset }: Beginning): Mark[] {
  const files = older().flatMap((path) => openFile(scope, path) ?? []);
  const at = offset(newest);
  return [...files.map((file) => markAt(file, 0, 0)), markAt(newest, at, at)];
}

/** A log that is being read: where it is, and what is known of its older files. */
export interface HeldLog {
  readonly path: string;
  readonly realPath: string;
  readonly olderMs: number;
  readonly isKnown: Sought['isKnown'];
}

/** What came after `held`, oldest first, up to the file of the name `path`; empty where there is none. */
export function openAfter(
  scope: Scope,
  held: LogFile,
  { path, realPath, olderMs, isKnown }: HeldLog,
): Mark[] {
  const newest = openNewest(scope, path);
  if (!newest) return [];
  const { modifiedMs } = held instanceof PlainFile ? held.stat() : held;
  const [length, crc] = held.fingerprint(held.size);
  const saved: SavedLog = {
    ...timeOfMs(modifiedMs),
    isCut: false,
    files: [{ file: [length, crc, 0, 0], inode: held.inode, createdMs: held.createdMs, isLate: false }],
    olderMs,
    done: [],
  };
  const isSameFile = (file: LogFile): boolean => isGeneration(file, held);
  const { marks, isFound, hasGenerations } = resume(scope, realPath, { newest, saved, isKnown, isSameFile });
  if (isFound) closeAll(marks.splice(0, 1).map(({ file }) => file));
  // Older files are kept, and it is none of them any more: as many rotations may have taken others with it.
  else if (hasGenerations && held.size > 0) marks[0].missingBefore ??= 'removed';
  return marks;
}
