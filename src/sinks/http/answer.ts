/** What an answer to a request of lines means, as all servers say it by their status. Pure. */
import { AgentError } from '../../runtime/errors.js';
import { parseRetryAfter, type Reply, said } from './reply.js';

/** Why a line was refused: a reason of rejections.ts, and the server's words, short and printable. */
export interface Words {
  readonly reason: string;
  readonly said: string;
}

export type Answer =
  | { readonly kind: 'accepted' }
  /** The others are taken. Lines by their place in the request; `error` says why those of `again` are not taken now. */
  | {
      readonly kind: 'partly';
      readonly refused: ReadonlyMap<number, Words>;
      readonly again: readonly number[];
      readonly error?: AgentError;
    }
  /** So many are refused for good, and it is not told which. */
  | { readonly kind: 'some refused'; readonly count: number; readonly words: Words }
  | { readonly kind: 'too large'; readonly said: string }
  /** Nothing is taken, and something of it never will be; `error` where that is so of whatever comes. */
  | { readonly kind: 'refused'; readonly said: string; readonly error: AgentError }
  | { readonly kind: 'failed'; readonly error: AgentError };

export interface Asked {
  /** What it is for people: `Splunk`. */
  readonly who: string;
  /** Its address as errors may show it. */
  readonly where: string;
}

const STAYS = 'nothing is lost while the journal has room.';

/** By the status alone. What a server says in its own words is for its sink. */
export function judgeStatus(reply: Reply, asked: Asked, nowMs: number): Answer {
  const { status } = reply;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 413) return { kind: 'too large', said: words(reply) };
  if (status === 400 || status === 422)
    return { kind: 'refused', said: words(reply), error: refusal(reply, asked) };
  if (status === 429) return { kind: 'failed', error: limited(reply, asked, nowMs) };
  if (status >= 500 || status === 408 || status === 425)
    return { kind: 'failed', error: trouble(reply, asked, nowMs) };
  return { kind: 'failed', error: refusal(reply, asked) };
}

/** SINK_LIMITED: it takes less than it is given. */
export function limited(reply: Reply, { who, where }: Asked, nowMs: number): AgentError {
  return new AgentError('SINK_LIMITED', `${who} at ${where} takes no more at present (${words(reply)}).`, {
    remedy: 'It goes on as fast as the server allows; raise the limits there if it falls behind for long.',
    retryable: true,
    retryAfterMs: parseRetryAfter(reply.retryAfter, nowMs),
  });
}

/** SINK_TROUBLE: it fails, and that may pass. */
export function trouble(reply: Reply, { who, where }: Asked, nowMs: number): AgentError {
  return new AgentError('SINK_TROUBLE', `${who} at ${where} answered ${words(reply)}.`, {
    remedy: `See its log. Delivery goes on by itself; ${STAYS}`,
    retryable: true,
    retryAfterMs: parseRetryAfter(reply.retryAfter, nowMs),
  });
}

/** SINK_TROUBLE: what answers is somebody else. */
export function notTheServer(reply: Reply, { who, where }: Asked): AgentError {
  return new AgentError('SINK_TROUBLE', `What answers at ${where} is not ${who}: it said ${words(reply)}.`, {
    remedy: `Check host, port and path of url. Nothing counts as delivered; ${STAYS}`,
    retryable: true,
  });
}

/** SINK_REFUSED for an answer that nothing but a person can change. */
export function refusal(reply: Reply, { who, where }: Asked): AgentError {
  return new AgentError('SINK_REFUSED', `${who} at ${where} answered ${words(reply)}.`, {
    remedy: `${remedyFor(reply.status)} It is tried again every minute; ${STAYS}`,
  });
}

function words({ status, body }: Reply): string {
  return `${status}${said(body)}`;
}

function remedyFor(status: number): string {
  if (status === 401 || status === 403) return 'Check the login of the sink, and what it may do there.';
  if (status === 404 || status === 405) return 'Check the path of url.';
  if (status === 407) return 'Check user and password in proxy_url.';
  if (status >= 300 && status < 400) return 'Redirects are not followed: give the address where it is.';
  return 'Check url, and what stands between here and there.';
}
