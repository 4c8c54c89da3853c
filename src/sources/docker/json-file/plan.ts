/** Where to go on in a log: finding the files of a saved position again, or beginning where `start_at` says. */
import { findAfter, findStart, findUnread } from './history.js';
import { type LogFile, PlainFile } from './log-file.js';
import { findTime, isRecordStart } from './peek.js';
import type { FilePosition, LogPosition, LogTime } from './position.js';
import { type Mark, markAt, type Place, Span } from './span.js';
import type { StartAt } from './types.js';

export interface Plan {
  readonly live: Span;
  readonly catchUp: readonly Span[];
  readonly skippedBytes: number;
}

/** `files`, oldest first, at least one; `startAt` only where it applies. */
export function planStart(files: readonly LogFile[], startAt: StartAt, maxHistoryBytes: number): Plan {
  const start = findStart(files, startAt, maxHistoryBytes, Date.now());
  return { live: timed(from(files, start)), catchUp: [], skippedBytes: start.skippedBytes };
}

/** After all records up to a time: where something else than these files was read until then. */
export function planAfter(files: readonly LogFile[], { seconds, nanos }: LogTime): Plan {
  const live = from(files, findAfter(files, seconds, nanos));
  live.seconds = seconds;
  live.nanos = nanos;
  return { live, catchUp: [], skippedBytes: 0 };
}

function from(files: readonly LogFile[], start: Place): Span {
  const kept = files.slice(files.indexOf(start.file));
  return new Span(
    kept.map((file, i) => (i === 0 ? markAt(file, start.offset, start.offset) : markAt(file, 0, 0))),
  );
}

/** What of the position's files is not there any more becomes the gap of its span. */
export function planResume(files: readonly LogFile[], position: LogPosition): Plan {
  const catchUp: Span[] = [];
  const { done } = position;
  let behind = done ? files.findLastIndex((file) => file.matches(done)) + 1 : 0;
  for (const span of position.catchUp) {
    const end = find(files, span.end);
    if (!end) continue;
    const last = files.indexOf(end);
    const place = { file: end, offset: soundOffset(end, span.end[2], position.seconds) };
    catchUp.push(resume(files.slice(0, last + 1), span.files, position, behind, place));
    behind = last;
  }
  const live = resume(files, position.live, position, behind);
  if (catchUp.length < position.catchUp.length) live.gap ??= { why: 'blind', from: undefined };
  if (position.seconds > 0) {
    live.seconds = position.seconds;
    live.nanos = position.nanos;
  }
  return { live, catchUp, skippedBytes: 0 };
}

/** Whether `file` is the oldest one that the position still needs. */
export function isOldest(file: LogFile, position: LogPosition): boolean {
  return file.matches((position.catchUp[0]?.files ?? position.live)[0]);
}

/** `behind`: where what is surely unread begins in `files`, should none of the position's be there. */
function resume(
  files: readonly LogFile[],
  positions: readonly FilePosition[],
  { seconds, nanos }: LogTime,
  behind: number,
  end?: Place,
): Span {
  const saved = new Map<LogFile, FilePosition>();
  for (const position of positions) {
    const file = find(files, position);
    if (file) saved.set(file, position);
  }
  const known = files.findIndex((file) => saved.has(file));
  const first = known < 0 ? Math.min(behind, files.length - 1) : known;
  // Older files are there: the one that was read did not rotate away.
  let isCut = known < 0 && behind > 0;
  const marks = files.slice(first).map((file, i): Mark => {
    const at = saved.get(file);
    if (at && isSound(file, at)) return markAt(file, at[2], at[3]);
    if (!(file instanceof PlainFile) || (!at && (i > 0 || known >= 0))) return markAt(file, 0, 0);
    const [, , out, err] = at ?? [0, 0, Infinity, Infinity];
    const unread = findUnread(file, at !== undefined, { seconds, nanos });
    isCut ||= at !== undefined || unread > 0;
    return markAt(file, Math.min(out, unread), Math.min(err, unread));
  });
  const resumed = timed(new Span(marks, end));
  if (isCut || saved.size < positions.length) {
    const why = isCut ? 'truncated' : 'blind';
    resumed.gap = { why, from: seconds > 0 ? { seconds, nanos } : undefined };
  }
  return resumed;
}

/** Whether the file is as it was when the position was saved, up to where it was read. */
function isSound(file: LogFile, [, , out, err, tail]: FilePosition): boolean {
  if (!(file instanceof PlainFile)) return true;
  if (tail !== undefined) return file.tailBefore(Math.max(out, err)) === tail;
  return isRecordStart(file, out) && isRecordStart(file, err);
}

function find(
  files: readonly LogFile[],
  position: readonly [number, number, ...number[]],
): LogFile | undefined {
  // The newest first: mostly it is that one, and of two equal copies it is the one that grows.
  return files.findLast((file) => file.matches(position));
}

/**
 * A crash of the host can take the end of a file with it, lines that were read among it. Then the saved offset is no
 * place between records, and what is later than the last line read is what is new.
 */
function soundOffset(file: LogFile, offset: number, seconds: number): number {
  return !(file instanceof PlainFile) || isRecordStart(file, offset) ? offset : findTime(file, seconds + 1);
}

/** Records without a time get the file's until there is a better one. */
function timed(span: Span): Span {
  span.seconds = Math.max(0, Math.floor(span.current.file.modifiedMs / 1000));
  return span;
}
