/**
 * Where reading of a log goes on, as it is committed with the lines:
 *
 *   [seconds, nanos, isCut, [file, inode, createdMs, isLate, …], olderMs, [length, crc, size, …]?]
 *     seconds, nanos   time of the last line, since 1970; what came before the first start counts as read then
 *     isCut            1: the newest file was cut short, which is still to be told; else 0
 *     file             as the docker source has it, [length, crc, out, err, tail?]: oldest first, those that are still needed
 *     inode, createdMs of that file: a number of an inode is used again
 *     isLate           1: it was renamed and left, and what comes after it in the list is not what came next; else 0
 *     olderMs          when the newest of the files that were done with was changed last, milliseconds since 1970
 *     length, crc, size of the last files that were done with, oldest first: how they begin, and bytes of text
 *
 * A file is known by the CRC-32 of its first 1 KiB, or of what was read of it where that is less, and by the bytes before
 * the place up to which it was read; an empty one by its inode and when that was made.
 */
import type { Position } from '../../pipeline/contract.js';
import type { LineTime } from '../../pipeline/line-time.js';
import type { FilePosition } from '../docker/json-file/position.js';

export const IDENTIFYING_BYTES = 1024;

export interface SavedFile {
  readonly file: FilePosition;
  readonly inode: number;
  /** Milliseconds since 1970; 0 where the filesystem does not tell. */
  readonly createdMs: number;
  /** It was left, and is looked at for a while. */
  readonly isLate: boolean;
}

/** A file that was read to its end: length and CRC-32 of its beginning, bytes of text. */
export type DoneFile = readonly [length: number, crc: number, size: number];

export interface SavedLog extends LineTime {
  readonly isCut: boolean;
  /** Oldest first. */
  readonly files: readonly SavedFile[];
  /** Older files that were changed later than this are not known. */
  readonly olderMs: number;
  readonly done: readonly DoneFile[];
}

export function encodePosition({ seconds, nanos, isCut, files, olderMs, done }: SavedLog): Position {
  const list = files.flatMap(({ file, inode, createdMs, isLate }): Position[] => [
    file,
    inode,
    createdMs,
    isLate ? 1 : 0,
  ]);
  return [seconds, nanos, isCut ? 1 : 0, list, olderMs, ...(done.length > 0 ? [done.flat()] : [])];
}

/** Inverse of `encodePosition`; undefined for anything else. */
export function decodePosition(position: Position): SavedLog | undefined {
  if (!Array.isArray(position)) return undefined;
  const [seconds, nanos, isCut, list, olderMs, flat = []]: readonly unknown[] = position;
  if (!isCount(seconds) || !isCount(nanos) || !isCount(isCut) || !Array.isArray(list)) return undefined;
  if (typeof olderMs !== 'number' || !Array.isArray(flat) || !flat.every(isCount)) return undefined;
  const files: SavedFile[] = [];
  for (let at = 0; at < list.length; at += 4) {
    const [file, inode, createdMs, isLate]: readonly unknown[] = list.slice(at, at + 4);
    if (!isFile(file) || !isCount(inode) || typeof createdMs !== 'number') return undefined;
    files.push({ file, inode, createdMs, isLate: isLate === 1 });
  }
  const done: DoneFile[] = [];
  for (let at = 0; at + 3 <= flat.length; at += 3) done.push([flat[at], flat[at + 1], flat[at + 2]]);
  return { seconds, nanos, isCut: isCut === 1, files, olderMs, done };
}

function isFile(value: unknown): value is FilePosition {
  return Array.isArray(value) && (value.length === 4 || value.length === 5) && value.every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
