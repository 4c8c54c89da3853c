/**
 * The closed list of what can go wrong. Operators look codes up in docs/errors.md; code branches on `code` and
 * `retryable`, never on message text.
 */
export const ERROR_CODES = [
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'CONFIG_NEEDS_RESTART',
  'DATA_DIR_UNUSABLE',
  'DATA_DIR_IN_USE',
  'PORT_TAKEN',
  'PORT_NOT_ALLOWED',
  'AGENT_UNREACHABLE',
  'ENGINE_MISSING',
  'ENGINE_DENIED',
  'ENGINE_SILENT',
  'ENGINE_ANSWER',
  'LOG_UNREADABLE',
  'JOURNAL_WRITE',
  'JOURNAL_DAMAGED',
  'SEARCH_FAILED',
  'SINK_WRITE',
  'SINK_UNREACHABLE',
  'SINK_REFUSED',
  'SINK_LIMITED',
  'SINK_TROUBLE',
  'SECRET_UNREADABLE',
  'SINK_STATE_DAMAGED',
  'BUILD_STALE',
  'SELF_TEST_IMPOSSIBLE',
  'CLOSE_TIMEOUT',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface AgentErrorOptions {
  /** What the reader of the message should do. One sentence. */
  remedy?: string;
  /** True where trying the same thing again later may succeed. */
  retryable?: boolean;
  /** Not before this many milliseconds have passed, where the other side says so. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Says what happened and where (`message`), what to do (`remedy`), and whether trying again can help. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The `code` of a Node.js system error such as ENOENT, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** One line for people: the message, with the remedy where there is one. */
export function describeError(error: unknown): string {
  if (error instanceof AgentError) return error.remedy ? `${error.message} ${error.remedy}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
