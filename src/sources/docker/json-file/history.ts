/** `start_at`: how much of the logs that were there before the agent is read. */
import type { LogFile } from './log-file.js';
import { PlainFile } from './log-file.js';
import { findTime, firstTime, lastCleanCut } from './peek.js';
import type { LogTime } from './position.js';
import type { Place } from './span.js';
import type { StartAt } from './types.js';

export interface Start extends Place {
  /** Bytes of older records that are left out. */
  readonly skippedBytes: number;
}

/** Where reading begins in `files`, oldest first, at least one. */
export function findStart(
  files: readonly LogFile[],
  startAt: StartAt,
  maxHistoryBytes: number,
  nowMs: number,
): Start {
  const { index, offset } =
    startAt.kind === 'age'
      ? atMost(files, atAge(files, nowMs / 1000 - startAt.ageMs / 1000), maxHistoryBytes)
      : startAt.kind === 'end'
        ? cleanly(files, files.length - 1, files[files.length - 1].size)
        : { index: 0, offset: 0 };
  const before = files.slice(0, index).reduce((bytes, file) => bytes + file.size, 0);
  return { file: files[index], offset, skippedBytes: before + offset };
}

/**
 * Where the records after a time begin. A compressed file that the time is in is read again from its beginning, though
 * not all of it is new.
 */
export function findAfter(files: readonly LogFile[], seconds: number, nanos: number): Place {
  for (let index = files.length - 1; index > 0; index--) {
    const file = files[index];
    const first = firstTime(file);
    if (first === undefined || first > seconds) continue;
    const offset = file instanceof PlainFile ? findTime(file, seconds, nanos + 1) : 0;
    // Where all of a file is new, so may be the end of the one before.
    if (offset > 0 || first < seconds) return { file, offset };
  }
  const [file] = files;
  return { file, offset: file instanceof PlainFile ? findTime(file, seconds, nanos + 1) : 0 };
}

/**
 * Where what is later than the last line read begins in a file that somebody cut short or wrote anew. `isSameLog`: it
 * begins as it did. Else it is taken for the same where a record has that very time: it may hold other lines, and clocks
 * are set back.
 */
export function findUnread(file: PlainFile, isSameLog: boolean, { seconds, nanos }: LogTime): number {
  const behind = findTime(file, seconds, nanos + 1);
  return isSameLog || findTime(file, seconds, nanos) < behind ? behind : 0;
}

interface Spot {
  readonly index: number;
  readonly offset: number;
}

/** The first record that is at least as new as `seconds`, by each file's first one and a search in one of them. */
function atAge(files: readonly LogFile[], seconds: number): Spot {
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    const first = firstTime(file);
    if (first === undefined || first >= seconds) continue;
    if (file instanceof PlainFile) return cleanly(files, index, findTime(file, seconds));
    return index + 1 < files.length ? { index: index + 1, offset: 0 } : { index, offset: 0 };
  }
  return { index: 0, offset: 0 };
}

function atMost(files: readonly LogFile[], start: Spot, maxBytes: number): Spot {
  let bytes = 0;
  for (let index = files.length - 1; index >= start.index; index--) {
    const file = files[index];
    const from = index === start.index ? start.offset : 0;
    bytes += file.size - from;
    if (bytes <= maxBytes) continue;
    if (file instanceof PlainFile) return cleanly(files, index, from + bytes - maxBytes);
    return index + 1 < files.length ? { index: index + 1, offset: 0 } : { index, offset: 0 };
  }
  return start;
}

/** The last place at or before `offset` that splits no line. */
function cleanly(files: readonly LogFile[], index: number, offset: number): Spot {
  const file = files[index];
  return { index, offset: file instanceof PlainFile ? lastCleanCut(file, 0, offset) : 0 };
}
