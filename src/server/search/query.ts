/** What the routes of the history are asked, judged by hand. Each answers a question, or one sentence on what is wrong. */
import { timeOfMs, timeText } from '../../pipeline/line-time.js';
import { parseQuery } from '../../query/index.js';
import { compareTimes, type TimeRange } from '../../search/order.js';
import type { Question } from '../../search/requests.js';
import { ACCEPTED_TIMES, parseTime } from './time.js';

export const MAX_LIMIT = 10_000;
const DEFAULT_LIMIT = '1000';
const HOUR_MS = 3_600_000;
const MAX_BUCKETS = 1_000;
const MAX_AROUND = 1_000;
const FORMATS = ['text', 'jsonl'] as const;
const DIRECTIONS = ['backward', 'forward'] as const;

/** What is wrong with a parameter. */
class Wrong extends Error {}

/** One sentence where something is wrong; throws a QueryError for a query that cannot be read. */
function judged(question: () => Question): Question | string {
  try {
    return question();
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

export function searchQuestion(query: URLSearchParams, nowMs = Date.now()): Question | string {
  return judged(() => {
    const parameters = known(query, ['query', 'from', 'to', 'limit', 'direction', 'full']);
    return {
      kind: 'search',
      query: readable(parameters),
      range: range(parameters, nowMs),
      limit: whole(parameters, 'limit', DEFAULT_LIMIT, 1, MAX_LIMIT),
      direction: oneOf(parameters, 'direction', DIRECTIONS),
      full: isOn(parameters, 'full'),
    };
  });
}

export function histogramQuestion(query: URLSearchParams, nowMs = Date.now()): Question | string {
  return judged(() => {
    const parameters = known(query, ['query', 'from', 'to', 'buckets']);
    return {
      kind: 'histogram',
      query: readable(parameters),
      range: range(parameters, nowMs),
      buckets: whole(parameters, 'buckets', '60', 1, MAX_BUCKETS),
    };
  });
}

export function downloadQuestion(query: URLSearchParams, nowMs = Date.now()): Question | string {
  return judged(() => {
    const parameters = known(query, ['query', 'from', 'to', 'format']);
    return {
      kind: 'download',
      query: readable(parameters),
      range: range(parameters, nowMs),
      format: oneOf(parameters, 'format', FORMATS),
    };
  });
}

export function contextQuestion(query: URLSearchParams, nowMs = Date.now()): Question | string {
  return judged(() => {
    const parameters = known(query, ['container', 'time', 'stream', 'before', 'after', 'full']);
    const container = parameters.get('container');
    if (!container) throw new Wrong('container is to be said.');
    return {
      kind: 'context',
      container,
      time: time(parameters, 'time', undefined, nowMs),
      stream: parameters.get('stream') ?? undefined,
      before: whole(parameters, 'before', '50', 0, MAX_AROUND),
      after: whole(parameters, 'after', '50', 0, MAX_AROUND),
      full: isOn(parameters, 'full'),
    };
  });
}

export function labelsQuestion(query: URLSearchParams): Question | string {
  return judged(() => {
    known(query, []);
    return { kind: 'labels' };
  });
}

function known(query: URLSearchParams, names: readonly string[]): URLSearchParams {
  for (const name of query.keys()) {
    if (names.includes(name)) continue;
    const accepted = names.length > 0 ? `accepted are ${names.join(', ')}` : 'there are none here';
    throw new Wrong(`Unknown parameter ${name}; ${accepted}.`);
  }
  return query;
}

function readable(query: URLSearchParams): string {
  const text = query.get('query') ?? '';
  parseQuery(text);
  return text;
}

function range(query: URLSearchParams, nowMs: number): TimeRange {
  const from = time(query, 'from', timeOfMs(nowMs - HOUR_MS), nowMs);
  const to = time(query, 'to', timeOfMs(nowMs), nowMs);
  if (compareTimes(from, to) < 0) return { from, to };
  throw new Wrong(
    `from (${timeText(from.seconds, from.nanos)}) must be before to (${timeText(to.seconds, to.nanos)}).`,
  );
}

function time(
  query: URLSearchParams,
  name: string,
  otherwise: TimeRange['from'] | undefined,
  nowMs: number,
): TimeRange['from'] {
  const text = query.get(name);
  const parsed = text === null ? otherwise : parseTime(text, nowMs);
  if (!parsed) throw new Wrong(`${name} must be ${ACCEPTED_TIMES}.`);
  return parsed;
}

function whole(query: URLSearchParams, name: string, otherwise: string, least: number, most: number): number {
  const text = query.get(name) ?? otherwise;
  if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new Wrong(`${name} must be a whole number from ${least} to ${most}.`);
}

function oneOf<T extends string>(query: URLSearchParams, name: string, accepted: readonly [T, ...T[]]): T {
  const text = query.get(name) ?? accepted[0];
  const found = accepted.find((one) => one === text);
  if (found === undefined) throw new Wrong(`${name} is ${accepted.join(' or ')}.`);
  return found;
}

function isOn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '0';
  if (text !== '0' && text !== '1') throw new Wrong(`${name} is 0 or 1.`);
  return text === '1';
}
