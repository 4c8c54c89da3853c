/** Posts a message: up to three times, where another attempt can help. */
import { openRequest } from '../runtime/requests.js';
import type { Scope } from '../runtime/scope.js';
import type { Message } from './message.js';
import type { Delivery } from './shape.js';

export interface Pace {
  /** For one attempt. */
  readonly timeoutMs: number;
  /** Before the second and each later attempt. */
  readonly pausesMs: readonly number[];
}

export const PACE: Pace = { timeoutMs: 10_000, pausesMs: [1_000, 5_000] };
const MAX_PAUSE_MS = 30_000;

type Answer = { readonly status: number; readonly retryAfterMs: number } | { readonly error: string };

/** Ends with `scope`; never throws. */
export async function deliver(scope: Scope, message: Message, pace: Pace): Promise<Delivery> {
  const time = new Date().toISOString();
  for (let attempts = 1; ; attempts++) {
    const answer = await post(scope, message, pace.timeoutMs);
    const isOk = 'status' in answer && answer.status >= 200 && answer.status < 300;
    const pause = pace.pausesMs[attempts - 1];
    if (isOk || pause === undefined || !canHelp(answer) || scope.isClosing) {
      const status = 'status' in answer ? answer.status : null;
      const error = 'error' in answer ? answer.error : isOk ? null : `It answered ${status}.`;
      return { time, ok: isOk, status, error, attempts };
    }
    const asked = 'retryAfterMs' in answer ? answer.retryAfterMs : 0;
    await scope.sleep(Math.min(MAX_PAUSE_MS, Math.max(pause, asked)));
  }
}

function canHelp(answer: Answer): boolean {
  return !('status' in answer) || answer.status === 408 || answer.status === 429 || answer.status >= 500;
}

async function post(scope: Scope, { url, headers, body }: Message, timeoutMs: number): Promise<Answer> {
  if (scope.isClosing) return { error: 'The agent is stopping.' };
  const { outgoing, owned, end } = openRequest(scope, 'webhook', url.protocol === 'https:', {
    agent: false,
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  });
  const deadline = scope.timeout('answer of a webhook', timeoutMs, () =>
    end(new Error(`No answer within ${timeoutMs / 1000} s.`)),
  );
  const answer = await new Promise<Answer>((resolve) => {
    outgoing.once('response', (response) => {
      const { statusCode = 0 } = response;
      // What it says is not needed.
      resolve({ status: statusCode, retryAfterMs: Number(response.headers['retry-after'] ?? 0) * 1000 || 0 });
    });
    outgoing.once('error', (error) => resolve({ error: error.message }));
    outgoing.once('close', () => resolve({ error: 'The connection broke off.' }));
    outgoing.end(body);
  });
  await deadline.release();
  end();
  await owned.release();
  return answer;
}
