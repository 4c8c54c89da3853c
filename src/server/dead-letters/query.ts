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

/** What can be asked for. */
export interface KnownLetters {
  readonly sinks: ReadonlySet<string>;
  readonly reasons: ReadonlySet<string>;
}

/** What is asked, or one sentence on what is wrong with it. */
export function parseListQuery(query: URLSearchParams, known: KnownLetters): ListQuery | string {
  const filter = parse(query, known, [...FILTERS, 'n', 'from']);
  if (typeof filter === 'string') return filter;
  const n = query.get('n') ?? String(DEFAULT_LETTERS);
  if (!/^\d{1,5}$/.test(n) || Number(n) > MAX_LETTERS || Number(n) === 0)
    return `n must be a whole number from 1 to ${MAX_LETTERS}.`;
  const from = placeOf(query.get('from') ?? '0-0');
  if (!from) return 'from must be the next of an earlier answer, or the id of a letter, such as 0-12.';
  return { filter, from, limit: Number(n) };
}

/** As `parseListQuery`. */
export function parseFilter(query: URLSearchParams, known: KnownLetters): LetterFilter | string {
  return parse(query, known, FILTERS);
}

function parse(
  query: URLSearchParams,
  { sinks, reasons }: KnownLetters,
  accepted: readonly string[],
): LetterFilter | string {
  for (const key of query.keys())
    if (!accepted.includes(key))
      return `Unknown parameter ${key.slice(0, 50)}; accepted are ${accepted.join(', ')}.`;
  const sink = query.get('sink') ?? undefined;
  const reason = query.get('reason') ?? undefined;
  if (sink !== undefined && !sinks.has(sink)) return unknown('sink', sink, sinks);
  if (reason !== undefined && !reasons.has(reason)) return unknown('reason', reason, reasons);
  const since = parseTime(query.get('since'));
  const until = parseTime(query.get('until'));
  if (Number.isNaN(since) || Number.isNaN(until))
    return 'since and until must be times such as 2026-11-22T03:00:00Z.';
  return {
    sink,
    reason,
    sinceMs: since,
    untilMs: until,
  };
}

function unknown(what: string, name: string, known: ReadonlySet<string>): string {
  return `There is no ${what} ${name.slice(0, 50)}; known are: ${[...known].join(', ') || 'none'}.`;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function parseTime(text: string | null): number | undefined {
  if (text === null) return undefined;
  return TIME.test(text) ? Date.parse(text) : Number.NaN;
}
