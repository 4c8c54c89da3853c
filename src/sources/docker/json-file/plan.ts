/** Where to go on in a log: finding the files of a saved position again, or beginning where `start_at` says. */
import { findAfter, findStart } from './history.js';
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
  for (const span of position.catchUp) {
    const end = find(files, span.end);
    if (!end) continue;
    const last = files.indexOf(end);
    catchUp.push(
      resume(files.slice(0, last + 1), span.files, position.seconds, {
        file: end,
        offset: soundOffset(end, span.end[2], position.seconds),
      }),
    );
  }
  const live = resume(files, position.live, position.seconds);
  if (catchUp.length < position.catchUp.length)
    live.gap ??= { fromSeconds: 0, why: 'files of the backlog are gone' };
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

function resume(
  files: readonly LogFile[],
  positions: readonly FilePosition[],
  seconds: number,
  end?: Place,
): Span {
  const saved = new Map<LogFile, FilePosition>();
  for (const position of positions) {
    const file = find(files, position);
    if (file) saved.set(file, position);
  }
  const first = Math.max(
    0,
    files.findIndex((file) => saved.has(file)),
  );
  const marks = files.slice(first).map((file): Mark => {
    const [, , out, err] = saved.get(file) ?? [0, 0, 0, 0];
    return markAt(file, soundOffset(file, out, seconds), soundOffset(file, err, seconds));
  });
  const resumed = timed(new Span(marks, end));
  if (saved.size < positions.length) {
    resumed.gap = { fromSeconds: seconds, why: 'files were removed while the agent did not read them' };
  }
  return resumed;
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
