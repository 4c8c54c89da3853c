/** What is committed of a log that is being read (position.ts has the form): which of its files are still needed, and how far each was read. */
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Span } from '../docker/json-file/span.js';
import type { DoneFile, SavedFile, SavedLog } from './position.js';

/** `late`: spans of files that were renamed and left, and are looked at for a while; oldest first. */
export function savedOf(
  live: Span,
  late: readonly Span[],
  { olderMs, done }: { readonly olderMs: number; readonly done: readonly DoneFile[] },
): SavedLog {
  const newest = live.marks[live.marks.length - 1];
  const wasCut = newest.missingBefore === 'truncated';
  // The copy that was read before it says nothing of a file that was cut short: it may be cut again.
  const isFresh = live.isInNewestFile && live.offset === 0 && wasCut;
  const files: SavedFile[] = [];
  if (isFresh) {
    const { inode, createdMs } = newest.file;
    files.push({ file: [0, 0, 0, 0], inode, createdMs, isLate: false });
  }
  const lateFiles = new Set<LogFile>(late.map(({ current }) => current.file));
  // As long as nothing was read of what came next, the last one says where that begins.
  const lastLeft = late.at(-1);
  const isBegun = live.filesRead().some(({ file }) => !lateFiles.has(file));
  for (const span of isFresh ? late : [...late, live]) {
    for (const { file, position } of span.filesRead())
      if (span !== live || !lateFiles.has(file))
        files.push({
          file: position,
          inode: file.inode,
          createdMs: file.createdMs,
          isLate: span !== live && (isBegun || span !== lastLeft),
        });
  }
  const isCut = !live.isInNewestFile && wasCut;
  return { seconds: live.seconds, nanos: live.nanos, isCut, files, olderMs, done };
}
