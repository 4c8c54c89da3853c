/**
 * What an answer of Loki to a push means. Pure: status, headers and body in, verdict out.
 *
 * The bodies are Loki's sentences (2.9 to 3.4):
 *
 *   validation   "3 errors like: entry for stream '{…}' has timestamp too old: …; 1 errors like: Max entry size …", every good
 *                entry stored; a lone sentence stands for one error
 *   ingester     "entry with timestamp … ignored, reason: 'entry too far behind, …',\n… (at most ten)
 *                user 'x', total ignored: 7 out of 40 for stream: {…}", for one stream, and it hides what validation said:
 *                then "out of" is less than what was sent
 *   labels       whole stream refused, or the whole request where they cannot be parsed
 *
 * Labels are in these bodies and come from anywhere, so whatever stands in quotes is cut out before anything is read.
 */
import { AgentError } from '../../runtime/errors.js';

export interface Reply {
  readonly status: number;
  /** At most the first 64 KiB. */
  readonly body: string;
  /** The header Retry-After. */
  readonly retryAfter: string | undefined;
}

export type Answer =
  | { readonly kind: 'accepted' }
  /** 400. `reason` is what is wrong, as far as known. */
  | { readonly kind: 'refused'; readonly reason: string | undefined }
  | { readonly kind: 'too large' }
  /** 429. By the rate of the tenant or of one stream, or because there are too many streams for one more. */
  | {
      readonly kind: 'limited';
      readonly by: 'tenant' | 'stream' | 'streams';
      readonly bytesPerSecond: number | undefined;
      readonly retryAfterMs: number | undefined;
      /** The answer for people: its status, and its first line where it has one. */
      readonly said: string;
    }
  | { readonly kind: 'failed'; readonly error: AgentError };

/** `where` is Loki's address as errors may show it. */
export function judge(reply: Reply, where: string, nowMs: number): Answer {
  const { status } = reply;
  const text = withoutQuoted(reply.body);
  const retryAfterMs = parseRetryAfter(reply.retryAfter, nowMs);
  // Loki's word for stored is 204. Others that take its pushes say 200 and nothing more; whoever says more is somebody
  // else. 260 says that ingestion is blocked.
  if (status === 204 || (status === 200 && reply.body.trim() === '')) return { kind: 'accepted' };
  // With some lines over the rate and the last one refused for good, the status is that of the last.
  const isOverStreamRate = /^Per stream rate|reason: 'Per stream rate/m.test(text);
  if (status === 400 && !isOverStreamRate) return { kind: 'refused', reason: reasonIn(text) };
  if (status === 413 || (status >= 500 && /message larger than max/.test(text))) return { kind: 'too large' };
  if (status === 429 || isOverStreamRate) {
    return {
      kind: 'limited',
      by: isOverStreamRate ? 'stream' : /^Maximum active stream limit/m.test(text) ? 'streams' : 'tenant',
      bytesPerSecond: limitIn(text),
      retryAfterMs,
      said: `${status}${said(reply.body)}`,
    };
  }
  if (status === 200) {
    const happened = `What answers at ${where} is not Loki: it said 200${said(reply.body)}, where Loki says 204.`;
    return {
      kind: 'failed',
      error: new AgentError('SINK_TROUBLE', happened, {
        remedy:
          'Check host, port and path of url. Nothing counts as delivered; nothing is lost while the journal has room.',
        retryable: true,
        retryAfterMs,
      }),
    };
  }
  if (status >= 500 || status === 408 || status === 425) {
    return {
      kind: 'failed',
      error: new AgentError('SINK_TROUBLE', `Loki at ${where} answered ${status}${said(reply.body)}.`, {
        remedy: 'See its log. Delivery goes on by itself; nothing is lost while the journal has room.',
        retryable: true,
        retryAfterMs,
      }),
    };
  }
  return { kind: 'failed', error: refusal(reply, where) };
}

/** SINK_REFUSED for an answer that nothing but a person can change. */
export function refusal({ status, body }: Reply, where: string): AgentError {
  return new AgentError('SINK_REFUSED', `Loki at ${where} answered ${status}${said(body)}.`, {
    remedy: `${remedyFor(status)} It is tried again every minute; nothing is lost while the journal has room.`,
  });
}

/**
 * How many of the `lines` of a request with one stream a 400 refused, by reason. Undefined where the body leaves that
 * open: then a smaller request tells more.
 */
export function countRefused(body: string, lines: number): Map<string, number> | undefined {
  const text = withoutQuoted(body);
  const whole = reasonIn(text);
  if (whole !== undefined && WHOLE_STREAM.has(whole)) return new Map([[whole, lines]]);
  const ignored = /^user '[^\n]*', total ignored: (\d+) out of (\d+) for stream: /m.exec(text);
  const counts = ignored
    ? ofIngester(text, Number(ignored[1]), Number(ignored[2]), lines)
    : ofValidation(text);
  let sum = 0;
  for (const count of counts?.values() ?? []) sum += count;
  return sum > 0 && sum <= lines ? counts : undefined;
}

function ofIngester(
  text: string,
  ignored: number,
  of: number,
  lines: number,
): Map<string, number> | undefined {
  // Loki had divided the stream, and says nothing of its other shards.
  if (/\b__stream_shard__\b/.test(text) || of > lines) return undefined;
  const counts = new Map([[reasonIn(text) ?? OTHER, ignored]]);
  if (of < lines) counts.set(OTHER, (counts.get(OTHER) ?? 0) + lines - of);
  return counts;
}

function ofValidation(text: string): Map<string, number> | undefined {
  const heads = [...text.matchAll(/(?:^|; )(\d+) errors like: /g)];
  if (heads.length === 0) {
    const reason = reasonIn(text);
    return reason === undefined ? undefined : new Map([[reason, 1]]);
  }
  const counts = new Map<string, number>();
  for (const [i, head] of heads.entries()) {
    const reason = reasonIn(text.slice(head.index + head[0].length, heads[i + 1]?.index)) ?? OTHER;
    counts.set(reason, (counts.get(reason) ?? 0) + Number(head[1]));
  }
  return counts;
}

const MAX_RETRY_AFTER_MS = 5 * 60_000;
const OTHER = 'other';
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/label names; limit/, 'max_labels'],
  [/label (name|value) too long|duplicate label name/, 'invalid_labels'],
  [/least one label pair|arsing labels|parse labels|missing required labels/, 'invalid_labels'],
  [/has timestamp too old/, 'too_old'],
  [/has timestamp too new/, 'too_new'],
  [/[Mm]ax entry size/, 'line_too_long'],
  [/entry too far behind/, 'too_far_behind'],
  [/entry out of order/, 'out_of_order'],
];
const WHOLE_STREAM: ReadonlySet<string> = new Set(['max_labels', 'invalid_labels']);

function reasonIn(text: string): string | undefined {
  return REASONS.find(([pattern]) => pattern.test(text))?.[1];
}

function withoutQuoted(body: string): string {
  return body.replace(/"(?:[^"\\]|\\.)*"/g, '""');
}

function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}

function remedyFor(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'Check tenant, username, password and bearer_token of the sink.';
    case 407:
      return 'Check user and password in proxy_url.';
    case 404:
    case 405:
      return 'Check that url is the address of Loki.';
    case 400:
      return 'Check that url is the address of Loki, and whether it begins with http or https.';
    case 260:
      return 'Loki blocks this tenant; ask who runs it.';
    default:
      return status >= 300 && status < 400
        ? 'Redirects are not followed: give the address where Loki is.'
        : 'Check url, and what stands between here and Loki.';
  }
}

/** Of a tenant as "(limit: 4194304 bytes/sec)", of a stream as "(limit: 3.1MB/sec)". */
function limitIn(text: string): number | undefined {
  const [, number, unit] = /\(limit: ([\d.]{1,20}) ?(bytes|[kKMGT]?i?B)\/sec\)/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const limit = Number(number) * 1000 ** Math.max(0, 'bKMGT'.indexOf(unit[0].toUpperCase()));
  return Number.isFinite(limit) && limit > 0 ? limit : undefined;
}

function isPage(body: string): boolean {
  return body.trimStart().startsWith('<');
}

/** The body's first line, short and printable. */
function said(body: string): string {
  const line = body.trim().split('\n', 1)[0];
  if (line === '' || isPage(line)) return '';
  return `: ${printable(line)}`.replace(/\.+$/, '');
}

/** What somebody else wrote, as a line of a log may show it: at most 200 printable characters. */
export function printable(text: string): string {
  const start = text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
  return text.length > 200 ? `${start}…` : start;
}
