/** Where to begin in a log that has no position yet. */
import type { FileSourceConfig } from '../../config/types.js';
import type { LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { atRecordStart, isRecordStart } from '../docker/json-file/peek.js';
import { type Encoding, newlineBytes } from './encodings.js';
import type { FileLog } from './file-log.js';
import type { Generation } from './generations.js';
import type { Beginning } from './opening.js';

/** Older files of a log that has come anew are new, if they are younger than this. */
const NEW_MS = 24 * 3_600_000;

export interface StartFacts {
  readonly config: Pick<FileSourceConfig, 'startAt' | 'maxHistoryBytes'>;
  /** It was there at the first start. */
  readonly isFirst: boolean;
  /** Of the first start, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly promtail: ReadonlyMap<string, number>;
  readonly encodingOf: (file: LogFile) => Encoding;
  /** Whether a pattern means a file. */
  readonly isMeant: (path: string) => boolean;
  /** The patterns mean older files of it. */
  readonly hasOlder: boolean;
  /** Bytes of older lines that are left out. */
  readonly onSkipped: (bytes: number) => void;
}

export function startOf(log: FileLog, facts: StartFacts): Beginning {
  return {
    older: (list) => (facts.isFirst && !facts.hasOlder ? [] : olderOf(list(), facts)),
    offset(file) {
      const offset = offsetIn(file, log.path, facts);
      if (offset > 0 && !facts.promtail.has(log.path)) facts.onSkipped(offset);
      return offset;
    },
  };
}

function olderOf(
  generations: readonly Generation[],
  { config, isFirst, sinceMs, isMeant, promtail }: StartFacts,
): Generation[] {
  const newMs = Math.max(sinceMs, Date.now() - NEW_MS);
  return generations.filter(({ path, createdMs, isSure }) => {
    if (!isSure) return false;
    if (!isFirst) return createdMs > newMs;
    return config.startAt === 'beginning' && isMeant(path) && promtail.size === 0;
  });
}

function offsetIn(file: PlainFile, path: string, facts: StartFacts): number {
  const { config, isFirst, promtail } = facts;
  if (!isFirst) return 0;
  const read = promtail.get(path);
  if (read !== undefined) return read <= file.size && isRecordStart(file, read) ? read : 0;
  const { startAt, maxHistoryBytes } = config;
  if (startAt === 'beginning') return 0;
  const isOld = startAt === 'end' || file.modifiedMs < Date.now() - startAt;
  const wanted = isOld ? file.size : Math.max(0, file.size - maxHistoryBytes);
  // Lines of two bytes a character are as likely cut in the middle as not.
  if (newlineBytes(facts.encodingOf(file)) === 2) return wanted & ~1;
  return wanted === 0 ? 0 : atRecordStart(file, wanted);
}
