/**
 * Where to go on in a log: the files of a saved position are found again by their inode numbers and by what they hold,
 * whatever their names are now, and what came after them is read, too.
 *
 * - renamed or compressed: it is found under its new name;
 * - cut short after it was copied (`copytruncate`): the copy is read to its end, and what was written between the copy and
 *   the cut is a gap;
 * - gone: what was changed later than the last line was read is new, and the caller tells a gap.
 */
import type { LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Mark, markAt } from '../docker/json-file/span.js';
import { type Generation, isAsLate } from './generations.js';
import { isBeginningOf, isPartOf, isSame } from './identity.js';
import type { Names } from './moment.js';
import type { SavedFile, SavedLog } from './position.js';

export interface Resumed {
  /** Oldest first; none where nothing is left. */
  readonly marks: Mark[];
  /** Whether the oldest of them is one that was being read. */
  readonly isFound: boolean;
  /** Not all that was being read is there. */
  readonly isLost: boolean;
  /** The file that bears the name was cut short. */
  readonly isCut: boolean;
  /** The file that bears the name was seen before, and nothing that is in it was read. */
  readonly isNewestUnread: boolean;
  /** Files that rotations left of it are there, whichever. */
  readonly hasGenerations: boolean;
}

interface Candidate {
  readonly generation: Generation;
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

/** Opens what is needed beside `newest`. */
export function resume(
  { list, open }: Pick<Names, 'list' | 'open'>,
  { newest, saved, isKnown, isSameFile = isSame }: Sought,
): Resumed {
  const wanted = [...saved.files];
  /** The mark of `file`, if it is one of those that are wanted, which it is then no more. */
  const take = (file: LogFile, among: (saved: SavedFile) => boolean): SavedFile | undefined => {
    const index = wanted.findLastIndex((one) => among(one) && isSameFile(file, one));
    return index < 0 ? undefined : wanted.splice(index, 1)[0];
  };
  const openAndTake = (candidate: Candidate, among: (saved: SavedFile) => boolean): void => {
    const file = open(candidate.generation);
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
    const { inode } = other.generation;
    if (wanted.some((one) => one.inode === inode)) openAndTake(other, (one) => one.inode === inode);
  }
  if (newest && !newestKnown && !isCut) newestKnown = take(newest, () => true);
  for (const other of others) if (wanted.length > 0 && !other.mark) openAndTake(other, () => true);

  const oldest = others.findLastIndex(({ mark, isLate }) => mark !== undefined && !isLate);
  const isLater = (generation: Generation): boolean =>
    !newestKnown && wanted.length > 0 && isAsLate(generation, saved.olderMs);
  const needed = others.filter(
    ({ mark, generation }, i) =>
      mark !== undefined || (generation.isSure && (oldest < 0 ? isLater(generation) : i < oldest)),
  );
  const isUnread = (file: LogFile): boolean => {
    if (isCut && (isUncutCopy(file, newest) || saved.files.some((one) => isPartOf(file, one)))) return false;
    return oldest >= 0 || !isKnown(file);
  };
  const marks: Mark[] = [];
  for (const candidate of needed.reverse()) {
    const file = candidate.mark ? undefined : open(candidate.generation);
    if (candidate.mark) marks.push(candidate.mark);
    else if (file && isUnread(file)) marks.push(markAt(file, 0, 0));
    else void file?.close();
  }
  if (newest) {
    const [, , out, err] = newestKnown?.file ?? [0, 0, 0, 0];
    marks.push(markAt(newest, out, err));
  }
  if (isCut) for (const mark of marks.slice(1)) mark.missingBefore = 'truncated';
  if (saved.isCut && marks.length > 1) marks[marks.length - 1].missingBefore = 'truncated';
  // Of an empty one nothing was read, and nobody is told of it.
  const isLost = wanted.some(({ file: [length] }) => length > 0);
  const hasGenerations = others.some(({ generation }) => generation.isSure);
  const isFound = oldest >= 0 || newestKnown !== undefined;
  const isNewestUnread = isCut || (newestKnown !== undefined && saved.files.at(-1)?.file[0] === 0);
  return { marks, isFound, isLost, isCut, isNewestUnread, hasGenerations };
}

/** Whether it is made of what still stands in the file, or of nothing. */
function isUncutCopy(file: LogFile, newest: PlainFile): boolean {
  return file.size === 0 || isBeginningOf(file, newest);
}

function othersThan(newest: PlainFile | undefined, generations: readonly Generation[]): Candidate[] {
  return generations
    .filter(({ inode }) => inode !== newest?.inode)
    .map((generation) => ({ generation, mark: undefined, isLate: false }));
}
