/** A container's log as this agent last left it: behind a saved position of either transport, or where a new one begins. */
import { timeText } from '../../../pipeline/line-time.js';
import { factsFromInspect, rotationLimits } from '../facts.js';
import {
  decodePosition as decodeFilePosition,
  encodePosition as encodeFilePosition,
} from '../json-file/position.js';
import type { ContainerLog } from '../json-file/types.js';
import type { LogEngine } from '../readers.js';
import type { StreamIds } from '../stream-ids.js';
import type { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { decodePosition } from './position.js';
import type { StreamHost } from './stream.js';
import type { ApiOptions } from './types.js';

export interface LogHost extends Pick<StreamHost, 'gate'> {
  readonly options: ApiOptions;
  readonly writer: LineWriter;
}

export interface LogTraits {
  readonly tty: boolean;
  /** The engine may serve records of it twice, or leave some out. */
  readonly mayRepeat: boolean;
  /** The engine keeps nothing of a file that it has replaced. */
  readonly keepsOneFile: boolean;
  /** How large a file of the log gets before the engine begins another one. */
  readonly maxSizeBytes: number | undefined;
  readonly isPodman: boolean;
}

/** From what is known of the container, or else from the engine. Undefined where the container is gone. */
export async function logTraits(
  { id, ...known }: ContainerLog,
  engine: LogEngine,
): Promise<LogTraits | undefined> {
  let { tty, driver, maxSizeBytes, maxFiles } = known;
  if (tty === undefined || driver === undefined) {
    const answer = await engine.inspect(id);
    if (answer === undefined) return undefined;
    const facts = factsFromInspect(id, answer);
    tty = facts.tty ?? false;
    driver = facts.driver;
    ({ maxSizeBytes = maxSizeBytes, maxFiles = maxFiles } = rotationLimits(facts.logOptions));
  }
  const isJsonFile = driver === 'json-file';
  return {
    tty,
    // It follows a file of its own that rotates.
    mayRepeat: isJsonFile ? maxSizeBytes !== undefined : driver !== 'journald',
    keepsOneFile: isJsonFile && (maxFiles ?? 1) === 1,
    maxSizeBytes,
    isPodman: engine.isPodman === true,
  };
}

/** Tells by the host's options what a change of transport leaves out. */
export function openLog(
  { options, writer, gate }: LogHost,
  { id, existedAtFirstStart }: ContainerLog,
  streams: StreamIds,
  { mayRepeat, keepsOneFile, maxSizeBytes, isPodman }: LogTraits,
): ApiLog {
  const { pipeline } = options;
  const key = `docker/${id}`;
  const log = new ApiLog({
    pipeline,
    key,
    streams,
    writer,
    startAt: existedAtFirstStart ? options.startAt : { kind: 'beginning' },
    mayRepeat,
    keepsOneFile,
    maxSizeBytes,
    // Podman writes what one read of a pipe brought, and joins such pieces only where it is asked for the last records.
    ...(isPodman ? { pieceBytes: 0, isTailOther: true } : {}),
    hold: (wait) => gate.hold(wait),
    onGap: (gap) => pipeline.gap(gap, streams.labels),
    onMissed: (lines, from, to) =>
      options.log.info(
        {
          container: id,
          lines,
          from: timeText(from.seconds, from.nanos),
          to: timeText(to.seconds, to.nanos),
        },
        'The engine had left out lines of a log that rotated: they are delivered late, behind later ones.',
      ),
    onEngineError: (message) =>
      options.log.warn({ container: id, message }, "The engine has trouble reading a container's log."),
  });
  const saved = pipeline.position(key);
  const position = saved === undefined ? undefined : decodePosition(saved);
  const filePosition = saved === undefined ? undefined : decodeFilePosition(saved);
  if (position) {
    log.resume(position);
  } else if (filePosition) {
    log.resumeAfter(filePosition);
    if (filePosition.catchUp.length > 0) {
      const detail = 'the backlog that was being read from the log file is not read through the engine';
      const { seconds, nanos } = filePosition;
      pipeline.gap({ why: 'blind', from: undefined, to: { seconds, nanos }, detail }, streams.labels);
      pipeline.setPosition(key, encodeFilePosition({ ...filePosition, catchUp: [] }));
    }
    options.log.warn(
      { container: id },
      'A log that was read from its file is read through the engine from here on. It goes on behind the time of the last line: lines with that same time may be missing.',
    );
  } else if (saved !== undefined) {
    options.log.warn(
      { container: id, position: saved },
      'A saved position cannot be read: the log is read from its beginning.',
    );
  }
  return log;
}
