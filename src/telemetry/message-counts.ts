/** Counts the troubles that the agent's own log tells of, those too that are held back in a storm. */
import type { Logger } from '../runtime/log.js';

/** Of this run. */
export interface MessageCounts {
  readonly warn: number;
  readonly error: number;
}

export interface CountingLogger extends Logger {
  readonly counts: MessageCounts;
}

export function countMessages(log: Logger): CountingLogger {
  const counts = { warn: 0, error: 0 };
  return {
    counts,
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn(fields, message) {
      counts.warn++;
      log.warn(fields, message);
    },
    error(fields, message) {
      counts.error++;
      log.error(fields, message);
    },
  };
}
