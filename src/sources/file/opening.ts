/** Opens the files of a log when it wakes, and those that came after one that is held. */
import { timeOfMs } from '../../pipeline/line-time.js';
import type { Scope } from '../../runtime/scope.js';
import { closeAll } from '../docker/json-file/generations.js';
import { type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt } from '../docker/json-file/span.js';
import type { Generation } from './generations.js';
import { isHeld } from './identity.js';
import { atOneMoment } from './moment.js';
import type { SavedLog } from './position.js';
import { type Resumed, resume, type Sought } from './resume.js';

/** Where to begin in a log of which nothing is known. */
export interface Beginning {
  /** Those of its older files that are to be read. */
  readonly older: (list: () => readonly Generation[]) => readonly Generation[];
  /** The offset in the newest one. */
  readonly offset: (file: PlainFile) => number;
}

/** A log and what is known of its files. */
export interface KnownLog {
  readonly path: string;
  /** The name behind links. */
  readonly realPath: string;
  readonly isKnown: Sought['isKnown'];
}

export interface Opened {
  /** Oldest first; none where nothing is left. */
  readonly marks: Mark[];
  /** Undefined where nothing was known of the log. */
  readonly resumed: Resumed | undefined;
}

/** Opens what is to be read of a log that nobody reads. */
export function openLog(
  scope: Scope,
  { path, realPath, isKnown }: KnownLog,
  saved: SavedLog | undefined,
  beginning: Beginning,
): Opened {
  const { newest, resumed, older } = atOneMoment(scope, realPath, (names) => {
    const newest = names.openNewest(path);
    const resumed = saved && resume(names, { newest, saved, isKnown });
    const unread = newest && !saved ? beginning.older(names.list).toReversed() : [];
    return { newest, resumed, older: unread.flatMap((one) => names.open(one) ?? []) };
  });
  if (resumed || !newest) return { resumed, marks: resumed?.marks ?? [] };
  const at = beginning.offset(newest);
  return { resumed, marks: [...older.map((file) => markAt(file, 0, 0)), markAt(newest, at, at)] };
}

/** What came after `held`, oldest first, up to the file of the log's name; empty where there is none. */
export function openAfter(
  scope: Scope,
  held: LogFile,
  { path, realPath, isKnown, olderMs }: KnownLog & { readonly olderMs: number },
): Mark[] {
  return atOneMoment(scope, realPath, (names) => {
    const newest = names.openNewest(path);
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
    const isSameFile = (file: LogFile): boolean => isHeld(file, held);
    const { marks, isFound, hasGenerations } = resume(names, { newest, saved, isKnown, isSameFile });
    if (isFound) closeAll(marks.splice(0, 1).map(({ file }) => file));
    // Older files are kept, and it is none of them any more: as many rotations may have taken others with it.
    else if (hasGenerations && held.size > 0) marks[0].missingBefore ??= 'removed';
    return marks;
  });
}
