/** `/api/v1/tail?container=a&container=b&grep=text&n=200&follow=0&catch_up=1`, judged by hand: five keys. */
import type { TailRequest } from './tail-reader.js';

const DEFAULT_LINES = 200;
export const MAX_LINES = 10_000;
const MAX_GREP = 1000;

/** What is asked, or one sentence on what is wrong with it. */
export function parseTailQuery(query: URLSearchParams): TailRequest | string {
  const known = new Set(['container', 'grep', 'n', 'follow', 'catch_up']);
  for (const key of query.keys()) {
    if (!known.has(key)) return `Unknown parameter ${key}; accepted are ${[...known].join(', ')}.`;
  }
  const n = query.get('n') ?? String(DEFAULT_LINES);
  if (!/^\d{1,5}$/.test(n) || Number(n) > MAX_LINES)
    return `n must be a whole number from 0 to ${MAX_LINES}.`;
  const grep = query.get('grep') ?? '';
  if (grep.length > MAX_GREP) return `grep may have at most ${MAX_GREP} characters.`;
  const follow = parseSwitch(query.get('follow'), true);
  const catchUp = parseSwitch(query.get('catch_up'), false);
  if (follow === undefined || catchUp === undefined) return 'follow and catch_up are 0 or 1.';
  return { containers: query.getAll('container'), grep, lines: Number(n), follow, catchUp };
}

function parseSwitch(value: string | null, otherwise: boolean): boolean | undefined {
  if (value === null) return otherwise;
  return value === '1' ? true : value === '0' ? false : undefined;
}
