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
import { type Generation, isSame, overGenerations } from './generations.js';
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
  /** Files that rotations left of it are there, whichever. */
  readonly hasGenerations: boolean;
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

/** What a log is looked for by. */
export interface Sought {
  /** Bears the log's name; undefined: no file does. */
  readonly newest: PlainFile | undefined;
  readonly saved: SavedLog;
  /** Whether it is read, or was. */
  readonly isKnown: (file: LogFile) => boolean;
  readonly isSameFile?: (file: LogFile, saved: SavedFile) => boolean;
}

type Opener = Parameters<Parameters<typeof overGenerations>[2]>;

/** Opens what is needed beside `newest`. */
export function resume(scope: Scope, path: string, sought: Sought): Resumed {
  const resumed = overGenerations(scope, path, (...opener) => resumeAmong(sought, ...opener));
  const { newest, saved } = sought;
  const isEmpty = resumed.isNewestKnown && saved.files.at(-1)?.file[0] === 0;
  if (!isEmpty) return resumed;
  const isKnown = (file: LogFile): boolean => file.inode === newest?.inode || sought.isKnown(file);
  const copies = copiesSince(scope, path, saved.olderMs, isKnown);
  const marks = [...copies, ...resumed.marks];
  // Each copy was made of the same file, which was then cut.
  if (copies.length > 0) for (const mark of marks.slice(1)) mark.missingBefore = 'truncated';
  return { ...resumed, marks };
}

function resumeAmong(
  { newest, saved, isKnown, isSameFile = isSame }: Sought,
  list: Opener[0],
  open: Opener[1],
): Resumed & { readonly isNewestKnown: boolean } {
  const wanted = [...saved.files];
  /** The mark of `file`, if it is one of those that are wanted, which it is then no more. */
  const take = (file: LogFile, among: (saved: SavedFile) => boolean): SavedFile | undefined => {
    const index = wanted.findLastIndex((one) => among(one) && isSameFile(file, one));
    return index < 0 ? undefined : wanted.splice(index, 1)[0];
  };
  const openAndTake = (candidate: Candidate, among: (saved: SavedFile) => boolean): void => {
    const file = open(candidate);
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
  const others: Candidate[] = wanted.length > 0 ? othersThan(newest, list()) : [];
  for (const other of others) {
    if (wanted.some(({ inode }) => inode === other.inode))
      openAndTake(other, ({ inode }) => inode === other.inode);
  }
  if (newest && !newestKnown && !isCut) newestKnown = take(newest, () => true);
  for (const other of others) if (wanted.length > 0 && !other.mark) openAndTake(other, () => true);

  const oldest = others.findLastIndex(({ mark, isLate }) => mark !== undefined && !isLate);
  const isLater = ({ modifiedMs }: Candidate): boolean =>
    !newestKnown && wanted.length > 0 && modifiedMs > saved.olderMs + ROUNDING_MS;
  const needed = others.filter(
    (other, i) => other.mark !== undefined || (other.isSure && (oldest < 0 ? isLater(other) : i < oldest)),
  );
  const marks: Mark[] = [];
  for (const candidate of needed.reverse()) {
    const file = candidate.mark ? undefined : open(candidate);
    if (candidate.mark) marks.push(candidate.mark);
    else if (file && oldest < 0 && isKnown(file)) void file.close();
    else if (file) marks.push(markAt(file, 0, 0));
  }
  if (newest) {
    const [, , out, err] = newestKnown?.file ?? [0, 0, 0, 0];
    marks.push(markAt(newest, out, err));
  }
  if (isCut) for (const mark of marks.slice(1)) mark.missingBefore = 'truncated';
  if (saved.isCut && marks.length > 1) marks[marks.length - 1].missingBefore = 'truncated';
  // Of an empty one nothing was read, and nobody is told of it.
  const isLost = wanted.some(({ file: [length] }) => length > 0);
  const isNewestKnown = newestKnown !== undefined;
  const hasGenerations = others.some(({ isSure }) => isSure);
  return { marks, isFound: oldest >= 0 || isNewestKnown, isLost, isCut, isNewestKnown, hasGenerations };
}

export interface Copy {
  /** Where what was not read begins; undefined where it is shorter than what was read. */
  readonly mark: Mark | undefined;
  readonly modifiedMs: number;
}

/** The newest copy of a file, made before it was cut short. */
export function findCopy(scope: Scope, path: string, cut: SavedFile): Copy | undefined {
  return overGenerations(scope, path, (list, open) => {
    for (const generation of list()) {
      const file = generation.inode === cut.inode ? undefined : open(generation);
      if (!file) continue;
      const { modifiedMs } = generation;
      if (isSame(file, cut)) return { mark: markAt(file, cut.file[2], cut.file[3]), modifiedMs };
      const isShorter = file.matches(cut.file);
      void file.close();
      if (isShorter) return { mark: undefined, modifiedMs };
    }
    return undefined;
  });
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
  return overGenerations(scope, path, (list, open) => {
    const copies: Mark[] = [];
    for (const generation of list().filter(isNew).reverse()) {
      const file = open(generation);
      if (file && isKnown(file)) void file.close();
      else if (file) copies.push(markAt(file, 0, 0));
    }
    return copies;
  });
}

/** Whether a name may have come into `folder` since: to look through one of thousands of files for each of them is dear. */
function mayHoldSince(folder: string, sinceMs: number): boolean {
  const stat = ifThere(() => statSync(folder));
  // Where times of birth are not told, a copy may have been written over an older file.
  return stat === undefined || stat.birthtimeMs === 0 || stat.ctimeMs > sinceMs;
}

function othersThan(newest: PlainFile | undefined, generations: readonly Generation[]): Candidate[] {
  return generations
    .filter(({ inode }) => inode !== newest?.inode)
    .map(({ path, inode, modifiedMs, isSure }) => ({
      path,
      inode,
      modifiedMs,
      isSure,
      mark: undefined,
      isLate: false,
    }));
}
