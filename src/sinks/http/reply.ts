/** An answer of a server as sinks judge it, and its words as people may be shown them. */

/** What is read of an answer. */
export const MAX_BODY_BYTES = 64 * 1024;
const MAX_RETRY_AFTER_MS = 5 * 60_000;
const MAX_SHOWN = 200;

export interface Reply {
  readonly status: number;
  /** At most as much of its beginning as is of use. */
  readonly body: string;
  /** The header Retry-After. */
  readonly retryAfter: string | undefined;
}

/** An answer as it came. */
export interface Received extends Reply {
  /** The same bytes as `body`. */
  readonly bytes: Buffer;
}

/** Seconds or a date, as milliseconds from `nowMs`; undefined for anything else. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}

/** `: ` and the body's first line, short and printable; empty where there is none that tells anything. */
export function said(body: string): string {
  const line = firstLine(body);
  if (line === '' || line.startsWith('<')) return '';
  return `: ${printable(line)}`.replace(/\.+$/, '');
}

/** What somebody else wrote, as a line of a log may show it: at most 200 printable characters. */
export function printable(text: string): string {
  const start = text.slice(0, MAX_SHOWN).replace(/[^\x20-\x7e]/g, '?');
  return text.length > MAX_SHOWN ? `${start}…` : start;
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0];
}
