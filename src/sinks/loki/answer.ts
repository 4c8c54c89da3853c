/** What an answer of Loki to a push means. Pure: status, headers and body in, verdict out. What a 400 tells: told.ts. */
import { AgentError } from '../../runtime/errors.js';
import { MAX_BODY_BYTES, parseRetryAfter, type Reply, said } from '../http/reply.js';
import { covered, readRefusal, type Told } from './told.js';

export type Answer =
  | { readonly kind: 'accepted' }
  /** 400. */
  | { readonly kind: 'refused'; readonly told: Told }
  | { readonly kind: 'too large'; readonly said: string }
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
  const text = covered(reply.body);
  const retryAfterMs = parseRetryAfter(reply.retryAfter, nowMs);
  // Loki's word for stored is 204. Others that take its pushes say 200 and nothing more; whoever says more is somebody
  // else. 260 says that ingestion is blocked.
  if (status === 204 || (status === 200 && reply.body.trim() === '')) return { kind: 'accepted' };
  // With some lines over the rate and the last one refused for good, the status is that of the last.
  const isOverStreamRate = /^Per stream rate|reason: 'Per stream rate/m.test(text);
  if (status === 400 && !isOverStreamRate)
    return { kind: 'refused', told: readRefusal(reply.body, isWhole(reply)) };
  if (status === 413 || (status >= 500 && /message larger than max/.test(text)))
    return { kind: 'too large', said: `${status}${said(reply.body)}` };
  if (status === 429 || isOverStreamRate) {
    return {
      kind: 'limited',
      by: isOverStreamRate ? 'stream' : /^maximum active stream limit/im.test(text) ? 'streams' : 'tenant',
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

function isWhole({ body }: Reply): boolean {
  return Buffer.byteLength(body) < MAX_BODY_BYTES;
}
