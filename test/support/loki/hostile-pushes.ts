/**
 * What is pushed to a real Loki and to the stand-in, to see whether they say and keep the same: each case is a tenant of its
 * own, with the limits that it is about.
 */
import type { SentEntry, SentStream } from './client.js';
import type { Limits } from './limits.js';

export interface HostileCase {
  /** Those that are not named are Loki's defaults; left out: no limits. */
  readonly limits?: Partial<Limits>;
  /** Requests, one after the other. */
  readonly pushes: (nowMs: number) => readonly (readonly SentStream[])[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;
/** Rates that no machine waits for. */
const SLOW = 1;

const A = '{app="a"}';
const B = '{app="b"}';

/** `count` lines a millisecond apart. */
function lines(ms: number, count: number, text = 'line', bytes = 0): SentEntry[] {
  return Array.from({ length: count }, (_, i) => ({ ms: ms + i, line: `${text} ${i}`.padEnd(bytes, '.') }));
}

function stream(labels: string, ...entries: readonly SentEntry[]): SentStream {
  return { labels, entries };
}

const many = (names: number): string =>
  `{${Array.from({ length: names }, (_, i) => `l${String(i).padStart(2, '0')}="v"`).join(',')}}`;

const pairs = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, 'v']));

export const HOSTILE_CASES: Readonly<Record<string, HostileCase>> = {
  'nanoseconds, empty lines, UTF-8, structured metadata': {
    limits: {},
    pushes: (now) => [
      [
        stream(
          '{app="a", stream="stdout"}',
          { ms: now, nanos: 1, line: 'größe 東京 \u0000\u001b[31m' },
          { ms: now, nanos: 999_999, line: '' },
          { ms: now + 1, line: 'level=error x', metadata: { trace_id: '4711', user: '' } },
          { ms: now + 2, line: '{"level":"warn","a":{"b":1}}', metadata: { b: '2', a: '1' } },
        ),
        stream('{app="a", stream="stderr"}', { ms: now, nanos: 1, line: 'ERROR of stderr' }),
      ],
    ],
  },
  'streams without labels, or with none that names a service': {
    pushes: (now) => [[stream('{}', ...lines(now, 1))], [stream('{x="1"}', ...lines(now, 2))]],
  },
  'labels with escapes, spaces, empty values': {
    limits: {},
    pushes: (now) => [
      [stream('{ b = "q\\"\\\\\\n" ,a=`raw\\`, app="größe", e="" }', ...lines(now, 1))],
      [stream('{app="tab\\t\\u00e9"}', ...lines(now, 1))],
    ],
  },
  'one label set that cannot be parsed': {
    limits: {},
    pushes: (now) => [
      [stream(A, ...lines(now, 2)), stream('{app=a}', ...lines(now, 1)), stream(B, ...lines(now, 1))],
      [stream('{app="a"', ...lines(now, 1))],
      [stream('app', ...lines(now, 1))],
      [stream('', ...lines(now, 1))],
    ],
  },
  'no stream, and a stream without lines': {
    limits: {},
    pushes: (now) => [[], [stream(A)], [stream(A), stream(B, ...lines(now, 1))]],
  },
  'too old, too new, too long, and good ones': {
    limits: {},
    pushes: (now) => [
      [
        stream(
          A,
          ...lines(now - 8 * DAY, 2, 'old'),
          ...lines(now + 11 * MINUTE, 1, 'new'),
          { ms: now, line: 'l'.repeat(256 * KIB + 1) },
          { ms: now, line: 'good' },
          { ms: now - 7 * DAY + MINUTE, line: 'just not too old' },
        ),
        stream(
          B,
          { ms: now, line: 'l'.repeat(256 * KIB) },
          { ms: now + 9 * MINUTE, line: 'just not too new' },
        ),
      ],
      [stream(A, { ms: now - 8 * DAY, line: 'a single one' })],
    ],
  },
  'labels: too many, too long, twice': {
    limits: {},
    pushes: (now) => [
      [stream(many(16), ...lines(now, 2)), stream(B, ...lines(now, 1))],
      [stream(many(15), ...lines(now, 2))],
      [stream(`{app="a", ${'n'.repeat(1025)}="v"}`, ...lines(now, 1)), stream(B, ...lines(now + 10, 1))],
      [stream(`{app="a", x="${'v'.repeat(2049)}"}`, ...lines(now, 1))],
      [stream('{app="a", x="1", x="2"}', ...lines(now, 1)), stream(B, ...lines(now + 20, 1))],
    ],
  },
  'too far behind: some of a stream': {
    limits: {},
    pushes: (now) => [
      [stream(A, { ms: now, line: 'newest' })],
      [stream(A, ...lines(now - 3 * HOUR, 12, 'behind'), ...lines(now - MINUTE, 3, 'late'))],
      [stream(A, { ms: now - 2 * HOUR, line: 'behind' })],
      // Within one request, too.
      [stream(B, { ms: now, line: 'first' }, { ms: now - 2 * HOUR, line: 'second' })],
    ],
  },
  'too far behind: a 204 speaks of the last stream alone': {
    limits: {},
    pushes: (now) => [
      [stream(A, { ms: now, line: 'newest' }), stream(B, { ms: now, line: 'newest' })],
      [stream(A, ...lines(now - 2 * HOUR, 3, 'behind')), stream(B, ...lines(now + 1, 2, 'good'))],
      [stream(B, ...lines(now + 3, 2, 'good')), stream(A, ...lines(now - 2 * HOUR, 3, 'behind'))],
    ],
  },
  'too far behind hides what validation refused': {
    limits: {},
    pushes: (now) => [
      [stream(A, { ms: now, line: 'newest' })],
      [stream(A, ...lines(now - 8 * DAY, 2, 'old'), ...lines(now - 2 * HOUR, 2, 'behind'), ...lines(now, 1))],
    ],
  },
  'out of order within the hour, and equal times': {
    limits: {},
    pushes: (now) => [
      [stream(A, ...lines(now, 5).reverse())],
      [stream(A, ...['c', 'a', 'b'].map((line) => ({ ms: now + 10, line })))],
      [stream(A, ...['e', 'd'].map((line) => ({ ms: now + 10, line })))],
      [stream(B, ...Array.from({ length: 90 }, (_, i) => ({ ms: now + Math.floor(i / 3), line: `${i}` })))],
    ],
  },
  'the same entry again': {
    limits: {},
    pushes: (now) => {
      const same: SentEntry = { ms: now, line: 'same' };
      return [
        [stream(A, same, same)],
        [stream(A, same)],
        [stream(A, { ms: now + 1, line: 'other' }, same)],
        [stream(A, { ...same, metadata: { id: '1' } })],
        [stream(B, same)],
      ];
    },
  },
  'structured metadata: none allowed': {
    limits: { allowsMetadata: false },
    pushes: (now) => [
      [stream(A, { ms: now, line: 'with', metadata: { id: '1' } }, { ms: now, line: 'without' })],
    ],
  },
  'structured metadata: too large, too many, and as much as may be': {
    limits: { maxMetadataBytes: 100, maxMetadataPairs: 4 },
    pushes: (now) => [
      [
        stream(
          A,
          { ms: now, line: 'large', metadata: { id: 'x'.repeat(99) } },
          { ms: now, line: 'many', metadata: pairs(5) },
          { ms: now, line: 'just', metadata: { id: 'x'.repeat(98) } },
          { ms: now, line: 'four', metadata: pairs(4) },
        ),
      ],
    ],
  },
  'more streams than a tenant may have': {
    limits: { maxStreams: 2 },
    pushes: (now) => [
      [stream(A, ...lines(now, 1)), stream(B, ...lines(now, 1))],
      [stream('{app="c"}', ...lines(now, 1))],
      [stream('{app="c"}', ...lines(now, 1)), stream(B, ...lines(now + 1, 1))],
      [stream(A, ...lines(now + 1, 1)), stream('{app="c"}', ...lines(now, 1))],
    ],
  },
  'the rate of a tenant refuses whole requests': {
    limits: { ingestionRate: SLOW, ingestionBurst: 100 * KIB },
    pushes: (now) => [
      [stream(A, ...lines(now, 9, 'fits', 10 * KIB))],
      [stream(A, ...lines(now + 10, 1, 'too much', 11 * KIB)), stream(B, ...lines(now, 1))],
      [stream(A, ...lines(now + 20, 1, 'fits again', 9 * KIB))],
    ],
  },
  'the rate of a stream, entry by entry': {
    limits: { streamRate: SLOW, streamBurst: 50 * KIB, shardStreams: false },
    pushes: (now) => [
      [stream(A, ...lines(now, 6, 'hot', 10 * KIB)), stream(B, ...lines(now, 1, 'cold'))],
      [stream(B, ...lines(now + 10, 1, 'cold')), stream(A, ...lines(now + 10, 2, 'hot', 10 * KIB))],
    ],
  },
  'the rate of a stream, all of it': {
    limits: { streamRate: SLOW, streamBurst: 50 * KIB, shardRate: 100 * MIB },
    pushes: (now) => [
      [stream(A, ...lines(now, 6, 'hot', 10 * KIB)), stream(B, ...lines(now, 1, 'cold'))],
      [stream(B, ...lines(now + 10, 1, 'cold')), stream(A, ...lines(now + 10, 6, 'hot', 10 * KIB))],
      [stream(A, ...lines(now + 20, 4, 'less', 10 * KIB))],
    ],
  },
  'a message larger than 4 MiB': {
    limits: { ingestionRate: Infinity, ingestionBurst: Infinity },
    pushes: (now) => [
      [stream(A, ...lines(now, 17, 'large', 250 * KIB))],
      [stream(A, ...lines(now + 100, 16, 'large', 250 * KIB))],
    ],
  },
};
