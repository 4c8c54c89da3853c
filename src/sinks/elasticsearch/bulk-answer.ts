/**
 * What the answer to a bulk request says of each document. Pure.
 *
 *   {"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"…","reason":"…"}}},…]}
 *
 *   2xx        it is there
 *   409        a document of that id is there already: sent before, and its answer got lost
 *   429, 5xx   not now: only these are sent again
 *   400        never, where it is the document: its type says so, or others of the request are taken
 *   others     a person must mend it (a closed index, a missing right): all of these wait
 */
import type { AgentError } from '../../runtime/errors.js';
import {
  type Answer,
  type Asked,
  limited,
  notTheServer,
  refusal,
  trouble,
  type Words,
} from '../http/answer.js';
import { printable, type Reply } from '../http/reply.js';

/** Errors that are of one document whatever becomes of others. */
const OF_DOCUMENT = /^(mapper_parsing|document_parsing|strict_dynamic_mapping|max_bytes_length_exceeded)/;

interface Item {
  readonly status: number;
  readonly error?: { readonly type?: unknown; readonly reason?: unknown };
}

export function judgeItems(reply: Reply, count: number, asked: Asked, nowMs: number): Answer {
  const items = itemsIn(reply.body);
  if (items?.length !== count) return { kind: 'failed', error: notTheServer(reply, asked) };
  const isTaken = ({ status }: Item): boolean => (status >= 200 && status < 300) || status === 409;
  const someTaken = items.some(isTaken);
  const refused = new Map<number, Words>();
  const again: number[] = [];
  const errors: AgentError[] = [];
  for (const [i, item] of items.entries()) {
    if (isTaken(item)) continue;
    const ofItem = { ...reply, status: item.status, body: wordsOf(item) };
    if (item.status === 400 && (someTaken || OF_DOCUMENT.test(String(item.error?.type)))) {
      refused.set(i, { reason: 'refused', said: printable(wordsOf(item)) });
    } else if (item.status === 400) {
      // Of none it is known whether it is the document: divided, that will be seen.
      return { kind: 'refused', said: printable(wordsOf(item)), error: refusal(ofItem, asked) };
    } else {
      again.push(i);
      errors.push(errorOf(ofItem, asked, nowMs));
    }
  }
  // What a person must mend comes before what passes by itself.
  const error =
    errors.find(({ retryable }) => !retryable) ??
    errors.find(({ code }) => code !== 'SINK_LIMITED') ??
    errors[0];
  return { kind: 'partly', refused, again, ...(error && { error }) };
}

function errorOf(reply: Reply, asked: Asked, nowMs: number): AgentError {
  if (reply.status === 429) return limited(reply, asked, nowMs);
  return reply.status >= 500 ? trouble(reply, asked, nowMs) : refusal(reply, asked);
}

function wordsOf({ error }: Item): string {
  return [error?.type, error?.reason].filter((word) => typeof word === 'string').join(': ');
}

function itemsIn(body: string): Item[] | undefined {
  try {
    const { items } = JSON.parse(body) as { items?: readonly Record<string, Item>[] };
    const found = items?.map((item) => Object.values(item)[0]);
    return found?.every((item) => Number.isInteger(item?.status)) ? found : undefined;
  } catch {
    return undefined;
  }
}
