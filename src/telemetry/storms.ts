/**
 * Keeps storms of equal messages out of the agent's own log: of each message at most ALLOWED are written in WINDOW_MS; the
 * rest are counted, and written as the last of them with their number when the window ends.
 *
 * - Messages are equal where level, code and text are, numbers apart. Names count: who is concerned is what a message
 *   is for. Debug messages are asked for by who wants them all, and pass.
 * - While a storm lasts, each window is one line. A window without the message ends it.
 * - Beyond MAX_KINDS different messages in a window, the rest count as one kind for each level.
 */
import { backgroundTimer } from '../runtime/background-timer.js';
import type { Logger } from '../runtime/log.js';

const ALLOWED = 5;
const WINDOW_MS = 30_000;
const MAX_KINDS = 1_000;
/** Of a message, as its kind: the beginning tells messages apart. */
const MAX_KEY_LENGTH = 500;

type Level = 'info' | 'warn' | 'error';

interface Kind {
  readonly level: Level;
  /** On the monotonic clock. */
  readonly endsMs: number;
  /** How many may still be written in this window. */
  allowed: number;
  held: number;
  fields: object;
  message: string;
}

export interface LimitedLogger extends Logger {
  /** Writes the counts that are open. Everything later passes unlimited. Idempotent. */
  close(): void;
}

export function limitStorms(log: Logger): LimitedLogger {
  // In the order of their ends, because all windows are equally long.
  const kinds = new Map<string, Kind>();
  let cancel: (() => void) | undefined;
  let isClosed = false;

  const tell = ({ level, held, fields, message }: Kind): void => {
    if (held === 0) return;
    const times = held === 1 ? 'once' : `${held.toLocaleString('en-US')} times`;
    log[level](fields, `${message} (repeated ${times} in ${WINDOW_MS / 1000} s)`);
  };

  const begin = (key: string, level: Level, allowed: number): Kind => {
    const kind = { level, endsMs: performance.now() + WINDOW_MS, allowed, held: 0, fields: {}, message: '' };
    kinds.set(key, kind);
    return kind;
  };

  const endWindows = (): void => {
    cancel = undefined;
    const now = performance.now();
    for (const [key, kind] of kinds) {
      if (kind.endsMs > now) break;
      kinds.delete(key);
      tell(kind);
      if (kind.held > 0) begin(key, kind.level, 0);
    }
    watch();
  };

  const watch = (): void => {
    const [first] = kinds.values();
    // What is still open when the program ends is told by `close`.
    if (first) cancel ??= backgroundTimer(first.endsMs - performance.now(), endWindows);
  };

  const limited =
    (level: Level) =>
    (fields: object, message: string): void => {
      if (isClosed) return log[level](fields, message);
      const own = keyOf(level, fields, message);
      const key = kinds.has(own) || kinds.size < MAX_KINDS ? own : level;
      const kind = kinds.get(key) ?? begin(key, level, ALLOWED);
      if (kind.allowed > 0) {
        kind.allowed--;
        log[level](fields, message);
      } else {
        kind.held++;
        kind.fields = fields;
        kind.message = message;
      }
      watch();
    };

  return {
    debug: (fields, message) => log.debug(fields, message),
    info: limited('info'),
    warn: limited('warn'),
    error: limited('error'),
    close() {
      isClosed = true;
      cancel?.();
      for (const kind of kinds.values()) tell(kind);
      kinds.clear();
    },
  };
}

function keyOf(level: Level, fields: object, message: string): string {
  const { code, err } = fields as { code?: string; err?: { code?: string } | null };
  const text = message.slice(0, MAX_KEY_LENGTH).replace(/\d+/g, '0');
  return `${level} ${code ?? err?.code ?? ''} ${text}`;
}
