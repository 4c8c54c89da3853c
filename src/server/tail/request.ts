/** `/api/v1/tail?query=…&container=a&container=b&grep=text&n=200&follow=0&catch_up=1`, judged by hand: six keys. */
import { parseQuery, type Query } from '../../query/index.js';

export interface TailRequest {
  readonly query: Query;
  /** Only these; all where empty. */
  readonly containers: readonly string[];
  /** Only lines that hold this text, letter by letter. */
  readonly grep: string;
  /** How many of the newest lines to begin with. */
  readonly lines: number;
  /** Lines also that are older than the agent, as it catches up with them. */
  readonly catchUp: boolean;
  /** Go on with what comes; else end after the first lines. */
  readonly follow: boolean;
}

const DEFAULT_LINES = 200;
export const MAX_LINES = 10_000;
const MAX_GREP = 1000;
const KNOWN = ['query', 'container', 'grep', 'n', 'follow', 'catch_up'];

/** What is asked, or one sentence on what is wrong with it. Throws a QueryError. */
export function parseTailRequest(asked: URLSearchParams): TailRequest | string {
  for (const key of asked.keys()) {
    if (!KNOWN.includes(key)) return `Unknown parameter ${key}; accepted are ${KNOWN.join(', ')}.`;
  }
  const n = asked.get('n') ?? String(DEFAULT_LINES);
  if (!/^\d{1,5}$/.test(n) || Number(n) > MAX_LINES)
    return `n must be a whole number from 0 to ${MAX_LINES}.`;
  const grep = asked.get('grep') ?? '';
  if (grep.length > MAX_GREP) return `grep may have at most ${MAX_GREP} characters.`;
  const follow = parseSwitch(asked.get('follow'), true);
  const catchUp = parseSwitch(asked.get('catch_up'), false);
  if (follow === undefined || catchUp === undefined) return 'follow and catch_up are 0 or 1.';
  const query = parseQuery(asked.get('query') ?? '');
  return { query, containers: asked.getAll('container'), grep, lines: Number(n), follow, catchUp };
}

function parseSwitch(value: string | null, otherwise: boolean): boolean | undefined {
  if (value === null) return otherwise;
  return value === '1' ? true : value === '0' ? false : undefined;
}
