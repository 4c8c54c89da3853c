/** Copies of a file that is copied and cut short (`copytruncate`): what is in them is gone from the file itself. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Scope } from '../../runtime/scope.js';
import { closeAll } from '../docker/json-file/generations.js';
import { ifThere, type LogFile, type PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt } from '../docker/json-file/span.js';
import { type Generation, isAsLate } from './generations.js';
import { isBeginningOf, isSame } from './identity.js';
import { atOneMoment, bears } from './moment.js';
import type { SavedFile } from './position.js';

export interface Copy {
  readonly file: LogFile;
  /** Where what was not read begins; undefined where it is shorter than what was read. */
  readonly mark: Mark | undefined;
}

/** The newest copy of a file, made before it was cut short; it was read as far as `cut` says, and began with `head`. */
export function findCopy(scope: Scope, realPath: string, cut: SavedFile, head: Buffer): Copy | undefined {
  const [, , out, err] = cut.file;
  return atOneMoment(scope, realPath, ({ list, open }) => {
    let alike: LogFile | undefined;
    for (const generation of list()) {
      const file = generation.inode === cut.inode ? undefined : open(generation);
      if (!file) continue;
      if (isSame(file, cut)) {
        void alike?.close();
        return { file, mark: markAt(file, out, err) };
      }
      if (!alike && (file.matches(cut.file) || beginsAs(file, head))) alike = file;
      else void file.close();
    }
    // What stands before the place may have been looked at when the file was cut already.
    return (
      alike && { file: alike, mark: alike.size > Math.max(out, err) ? markAt(alike, out, err) : undefined }
    );
  });
}

export interface UnreadLog {
  readonly path: string;
  readonly realPath: string;
  /** Bears its name; nothing of it was read. */
  readonly newest: PlainFile;
  readonly olderMs: number;
  readonly isKnown: (file: LogFile) => boolean;
}

/**
 * Copies of a file that was cut short before anything was read of it, oldest first. Undefined where that cannot be told yet:
 * the name went on to another file, or what was copied still stands in it.
 */
export function copiesOfUnread(
  scope: Scope,
  { path, realPath, newest, olderMs, isKnown }: UnreadLog,
): Mark[] | undefined {
  if (!mayHoldSince(dirname(realPath), olderMs)) return [];
  const isCandidate = (generation: Generation): boolean =>
    generation.isSure && isAsLate(generation, olderMs) && isNoOlder(generation.createdMs, newest.createdMs);
  return atOneMoment(scope, realPath, ({ list, open }) => {
    const copies: Mark[] = [];
    let isUncut = false;
    for (const generation of list().filter(isCandidate).reverse()) {
      const file = open(generation);
      if (!file) continue;
      const isOfIt = file.size === 0 ? newest.size > 0 : isBeginningOf(file, newest);
      if (file.size === 0 ? isOfEmpty(generation, newest, olderMs) : !isOfIt && !isKnown(file)) {
        copies.push(markAt(file, 0, 0));
        continue;
      }
      isUncut ||= isOfIt;
      void file.close();
    }
    if (!isUncut && bears(path, newest)) return copies;
    closeAll(copies.map(({ file }) => file));
    return undefined;
  });
}

/** Whether it begins with `head`, as far as it goes. */
function beginsAs(file: LogFile, head: Buffer): boolean {
  const begin = file.head(head.length);
  return begin.length > 0 && begin.equals(head.subarray(0, begin.length));
}

/** Whether the file was empty when it was copied, and something may have been written to it before it was cut. */
function isOfEmpty({ modifiedMs, createdMs }: Generation, newest: PlainFile, olderMs: number): boolean {
  if (modifiedMs <= olderMs || createdMs <= newest.createdMs) return false;
  const changedMs = newest.stat().modifiedMs;
  // Where something stands in the file, it may be copied at this moment.
  return newest.size > 0 ? changedMs > createdMs : changedMs >= createdMs;
}

/** Whether a file made then may be a copy of one made at `ofMs`. 0: the filesystem does not tell. */
function isNoOlder(createdMs: number, ofMs: number): boolean {
  return createdMs === 0 || createdMs >= ofMs;
}

/** Whether a name may have come into `folder` since: to look through one of thousands of files for each of them is dear. */
function mayHoldSince(folder: string, sinceMs: number): boolean {
  const stat = ifThere(() => statSync(folder));
  // Where times of birth are not told, a copy may have been written over an older file.
  return stat === undefined || stat.birthtimeMs === 0 || stat.ctimeMs >= sinceMs;
}
