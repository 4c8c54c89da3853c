/** The levels that the agent tells lines apart by, the worst first. */
export const LEVELS = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const;
