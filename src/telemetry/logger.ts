/**
 * The agent's own log: sentences with colours on a terminal, JSON lines elsewhere. It goes to stderr; stdout belongs
 * to what a command answers. Configuration values are never logged, so that secrets in them are not.
 */
import { AgentError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import { type CountingLogger, countMessages } from './message-counts.js';
import { type LimitedLogger, limitStorms } from './storms.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LevelLogger {
  /** From now on messages below `level` are not shown. */
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly stream: NodeJS.WritableStream & { isTTY?: boolean };
  readonly colors: boolean;
}

/**
 * Loads what it needs itself, because most commands of the program never log. Writes synchronously, but of a storm of equal
 * messages only some, and the number of the others later: `close` it at the end.
 */
export async function createLogger(
  options: LoggerOptions,
): Promise<CountingLogger & LimitedLogger & LevelLogger> {
  const writer = await createWriter(options);
  const limited = limitStorms(writer);
  return {
    ...countMessages(limited),
    close: () => limited.close(),
    setLevel(level) {
      writer.level = level;
    },
  };
}

type LeveledLogger = Logger & { level: string };

async function createWriter({ level, stream, colors }: LoggerOptions): Promise<LeveledLogger> {
  const { pino } = await import('pino');
  const options = { level, base: null, serializers: { err: describeForLog } };
  if (!stream.isTTY) {
    const timestamp = pino.stdTimeFunctions.isoTime;
    const lines: LeveledLogger = pino({ ...options, timestamp, formatters: { level: named } }, stream);
    return lines;
  }
  const { default: pretty } = await import('pino-pretty');
  const terminal = pretty({
    destination: stream,
    sync: true,
    colorize: colors,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
  const sentences: LeveledLogger = pino(options, terminal);
  return sentences;
}

function named(label: string): object {
  return { level: label };
}

/** A known error is its sentences; an unknown one is a defect and keeps its stack. */
function describeForLog(error: unknown): unknown {
  if (error instanceof AgentError) {
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    return { code: error.code, message: error.message, remedy: error.remedy, cause };
  }
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}
