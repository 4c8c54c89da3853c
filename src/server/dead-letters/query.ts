/** `?sink=loki&reason=too_old&since=<RFC 3339>&until=<RFC 3339>`, and for a list `&n=100&from=<id>`, judged by hand. */
import type { LetterFilter } from '../../delivery/dead-letters/filter.js';
import { type PlaceOfLetter, placeOf } from '../../delivery/dead-letters/list.js';

const DEFAULT_LETTERS = 100;
const MAX_LETTERS = 1_000;
const FILTERS = ['sink', 'reason', 'since', 'until'];

export interface ListQuery {
  readonly filter: LetterFilter;
  readonly from: PlaceOfLetter;
  readonly limit: number;
}

/** What is asked, or one sentence on what is wrong with it. */
export function parseListQuery(query: URLSearchParams): ListQuery | string {
  const filter = parse(query, [...FILTERS, 'n', 'from']);
  if (typeof filter === 'string') return filter;
  const n = query.get('n') ?? String(DEFAULT_LETTERS);
  if (!/^\d{1,5}$/.test(n) || Number(n) > MAX_LETTERS || Number(n) === 0)
    return `n must be a whole number from 1 to ${MAX_LETTERS}.`;
  const from = placeOf(query.get('from') ?? '0-0');
  if (!from) return 'from must be the next of an earlier answer, or the id of a letter.';
  return { filter, from, limit: Number(n) };
}

/** As `parseListQuery`. */
export function parseFilter(query: URLSearchParams): LetterFilter | string {
  return parse(query, FILTERS);
}

function parse(query: URLSearchParams, known: readonly string[]): LetterFilter | string {
  for (const key of query.keys())
    if (!known.includes(key))
      return `Unknown parameter ${key.slice(0, 50)}; accepted are ${known.join(', ')}.`;
  const since = parseTime(query.get('since'));
  const until = parseTime(query.get('until'));
  if (Number.isNaN(since) || Number.isNaN(until))
    return 'since and until must be times such as 2026-11-22T03:00:00Z.';
  return {
    sink: query.get('sink') ?? undefined,
    reason: query.get('reason') ?? undefined,
    sinceMs: since,
    untilMs: until,
  };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function parseTime(text: string | null): number | undefined {
  if (text === null) return undefined;
  return TIME.test(text) ? Date.parse(text) : Number.NaN;
}
