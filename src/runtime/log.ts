/** The agent's own log, as components see it: structured fields first, then a sentence (pino's calling convention). */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For tests and tools that do not want to hear. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
