/**
 * Where to go on in a log: the files of a saved position are found again by their inode numbers and by what they hold,
 * whatever their names are now, and what came after them is read, too.
 *
 * - renamed or compressed: it is found under its new name;
 * - cut short after it was copied (`copytruncate`): the copy is read to its end, and what was written between the copy and
 *   the cut is a gap;
 * - gone: what was changed later than the last line was read is new, and the caller tells a gap.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Scope } from '../../runtime/scope.js';
import { ifThere, type LogFile, type PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt } from '../docker/json-file/span.js';
import { type Generation, generationsOf, isSame, openFile } from './generations.js';
import type { SavedFile, SavedLog } from './position.js';

/** Whoever gives a file the times of another one may not do it to the nanosecond. */
const ROUNDING_MS = 0.01;

export interface Resumed {
  /** Oldest first; none where nothing is left. */
  readonly marks: Mark[];
  /** Whether the oldest of them is one that was being read. */
  readonly isFound: boolean;
  /** Not all that was being read is there. */
  readonly isLost: boolean;
  /** The file that bears the name was cut short. */
  readonly isCut: boolean;
}

interface Candidate {
  readonly path: string;
  readonly inode: number;
  readonly modifiedMs: number;
  readonly isSure: boolean;
  mark: Mark | undefined;
  /** It says nothing of what came next. */
  isLate: boolean;
}

type IsSame = (file: LogFile, saved: SavedFile) => boolean;

/** `newest` bears the log's name; undefined: no file does. Opens what else is needed. */
export function resume(
  scope: Scope,
  path: string,
  newest: PlainFile | undefined,
  saved: SavedLog,
  isSameFile: IsSame = isSame,
): Resumed {
  const wanted = [...saved.files];
  /** The mark of `file`, if it is one of those that are wanted, which it is then no more. */
  const take = (file: LogFile, among: (saved: SavedFile) => boolean): SavedFile | undefined => {
    const index = wanted.findLastIndex((one) => among(one) && isSameFile(file, one));
    return index < 0 ? undefined : wanted.splice(index, 1)[0];
  };
  const openAndTake = (candidate: Candidate, among: (saved: SavedFile) => boolean): void => {
    const file = openFile(scope, candidate.path);
    const known = file && take(file, among);
    if (file && known) {
      candidate.mark = markAt(file, known.file[2], known.file[3]);
      candidate.isLate = known.isLate;
    } else {
      // Opened again if it is needed: there may be hundreds.
      void file?.close();
    }
  };

  let newestKnown = newest && take(newest, ({ inode }) => inode === newest.inode);
  const isCut =
    newest !== undefined &&
    newestKnown === undefined &&
    wanted.some((one) => one.inode === newest.inode && one.createdMs === newest.createdMs);
  // The newest first.
  const others: Candidate[] = wanted.length > 0 ? othersOf(path, newest) : [];
  for (const other of others) {
    if (wanted.some(({ inode }) => inode === other.inode))
      openAndTake(other, ({ inode }) => inode === other.inode);
  }
  if (newest && !newestKnown && !isCut) newestKnown = take(newest, () => true);
  for (const other of others) if (wanted.length > 0 && !other.mark) openAndTake(other, () => true);

  const isEmpty = newestKnown !== undefined && saved.files.at(-1)?.file[0] === 0;
  const copies = isEmpty
    ? copiesSince(scope, path, saved.olderMs, ({ inode }) => inode === newest?.inode)
    : [];
  const oldest = others.findLastIndex(({ mark, isLate }) => mark !== undefined && !isLate);
  const isLater = ({ modifiedMs }: Candidate): boolean =>
    !newestKnown && wanted.length > 0 && modifiedMs > saved.olderMs + ROUNDING_MS;
  const needed = others.filter(
    (other, i) => other.mark !== undefined || (other.isSure && (oldest < 0 ? isLater(other) : i < oldest)),
  );
  const marks: Mark[] = [...copies];
  for (const { path, mark } of needed.reverse()) {
    const file = mark ? undefined : openFile(scope, path);
    if (mark) marks.push(mark);
    else if (file) marks.push(markAt(file, 0, 0));
  }
  if (newest) {
    const [, , out, err] = newestKnown?.file ?? [0, 0, 0, 0];
    marks.push(markAt(newest, out, err));
  }
  // Each copy was made of the same file, which was then cut.
  if (isCut || copies.length > 0) for (const mark of marks.slice(1)) mark.missingBefore = 'truncated';
  if (saved.isCut && marks.length > 1) marks[marks.length - 1].missingBefore = 'truncated';
  // Of an empty one nothing was read, and nobody is told of it.
  const isLost = wanted.some(({ file: [length] }) => length > 0);
  return { marks, isFound: oldest >= 0 || newestKnown !== undefined, isLost, isCut };
}

export interface Copy {
  /** Where what was not read begins; undefined where it is shorter than what was read. */
  readonly mark: Mark | undefined;
  readonly modifiedMs: number;
}

/** The newest copy of a file, made before it was cut short. */
export function findCopy(scope: Scope, path: string, cut: SavedFile): Copy | undefined {
  for (const { path: name, inode, modifiedMs } of generationsOf(path)) {
    const file = inode === cut.inode ? undefined : openFile(scope, name);
    if (!file) continue;
    if (isSame(file, cut)) return { mark: markAt(file, cut.file[2], cut.file[3]), modifiedMs };
    const isShorter = file.matches(cut.file);
    void file.close();
    if (isShorter) return { mark: undefined, modifiedMs };
  }
  return undefined;
}

/**
 * Copies of a file that was cut short before anything was read of it, oldest first: what was changed later than all that
 * is known.
 */
export function copiesSince(
  scope: Scope,
  path: string,
  olderMs: number,
  isKnown: (file: LogFile) => boolean,
): Mark[] {
  if (!mayHoldSince(dirname(path), olderMs)) return [];
  const isNew = ({ modifiedMs, createdMs, isSure }: Generation): boolean =>
    isSure && modifiedMs > olderMs + ROUNDING_MS && (createdMs === 0 || createdMs > olderMs);
  const copies: Mark[] = [];
  for (const { path: name } of generationsOf(path).filter(isNew).reverse()) {
    const file = openFile(scope, name);
    if (file && isKnown(file)) void file.close();
    else if (file) copies.push(markAt(file, 0, 0));
  }
  return copies;
}

/** Whether a name may have come into `folder` since: to look through one of thousands of files for each of them is dear. */
function mayHoldSince(folder: string, sinceMs: number): boolean {
  const stat = ifThere(() => statSync(folder));
  // Where times of birth are not told, a copy may have been written over an older file.
  return stat === undefined || stat.birthtimeMs === 0 || stat.ctimeMs > sinceMs;
}

function othersOf(path: string, newest: PlainFile | undefined): Candidate[] {
  const known = new Set(newest ? [newest.inode] : []);
  const others: Candidate[] = [];
  for (const { path: name, inode, modifiedMs, isSure } of generationsOf(path)) {
    if (known.has(inode)) continue;
    known.add(inode);
    others.push({ path: name, inode, modifiedMs, isSure, mark: undefined, isLate: false });
  }
  return others;
}
