/**
 * A search finds exactly what was written and fits, in one order, whatever the journal looks like. The reference is plain:
 * all lines that were written, in arrays.
 */
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TestLine } from '../journal/testing/test-kit.js';
import { timeText } from '../pipeline/line-time.js';
import { Archive } from './archive.js';
import type { Room } from './candidates.js';
import { startJob } from './jobs/index.js';
import type { Direction, TimeRange } from './order.js';
import {
  type AnsweredLine,
  answerTo,
  contextOf,
  eventsIn,
  History,
  parseSearch,
  type SearchAnswer,
} from './testing/history-kit.js';

const LONG = process.env['LOG_CAPTURER_TEST_LONG'] === '1';
const START = 1_700_000_000;

const STREAMS: readonly Readonly<Record<string, string>>[] = [
  { container: 'web', stream: 'stdout' },
  { container: 'web', stream: 'stderr' },
  { container: 'db', stream: 'stdout' },
  { container: 'web', stream: 'stdout', catch_up: 'true' },
  { container: 'cache-1', stream: 'stdout', catch_up: 'true' },
  { container: 'cache-2', stream: 'stderr' },
  { container: 'db', gap: 'rotated' },
];
const WORDS = ['timeout', 'TIMEOUT', 'error', 'ok', 'Grüße', '{"level":"error"}', 'x'.repeat(300), ''];

/** Times that overlap, repeat and go backward. */
const line = fc.record({
  labels: fc.constantFrom(...STREAMS),
  text: fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }).map((words) => words.join(' ')),
  seconds: fc.integer({ min: START, max: START + 12 }),
  nanos: fc.constantFrom(0, 1, 500_000_000, 999_999_999),
  fields: fc.constantFrom<Record<string, string>>(
    {},
    {},
    { status: '200' },
    { status: '503', level: 'warn' },
    { note: 'ü"'.repeat(40) },
  ),
});
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.array(line, { minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { minLength: 1, maxLength: 12 },
);

interface Wanted {
  readonly query: string;
  readonly holds: (line: TestLine) => boolean;
}

const text = ({ text }: TestLine): string => text.toString();
const WANTED: readonly Wanted[] = [
  { query: '', holds: () => true },
  { query: 'timeout', holds: (line) => /timeout/i.test(text(line)) },
  { query: '{} |= "timeout"', holds: (line) => text(line).includes('timeout') },
  {
    query: '{container="web"} != "timeout" |= "error"',
    holds: (line) =>
      line.labels['container'] === 'web' && !text(line).includes('timeout') && text(line).includes('error'),
  },
  { query: '{container=~"cache-.*"}', holds: (line) => line.labels['container'].startsWith('cache-') },
  { query: '{gap!=""}', holds: (line) => 'gap' in line.labels },
  { query: '{} |~ "Gr(ü|u)ße$"', holds: (line) => text(line).endsWith('Grüße') },
  { query: '| status>=500', holds: ({ fields }) => fields?.['status'] === '503' },
  { query: '| status!="200"', holds: ({ fields }) => fields?.['status'] !== '200' },
  {
    query: '{} |= "ok" | container=~"w.*|cache-1" | note!=""',
    holds: (line) =>
      text(line).includes('ok') &&
      /^(w.*|cache-1)$/.test(line.labels['container']) &&
      line.fields?.['note'] !== undefined,
  },
  { query: '{container="nobody"}', holds: () => false },
];

const questions = fc.record({
  wanted: fc.constantFrom(...WANTED),
  direction: fc.constantFrom<Direction>('backward', 'forward'),
  from: fc.record({ seconds: fc.integer({ min: START - 1, max: START + 13 }), nanos: fc.constantFrom(0, 1) }),
  length: fc.integer({ min: 0, max: 15 }),
  limit: fc.integer({ min: 1, max: 40 }),
  room: fc.record({ lines: fc.constantFrom(1, 3, 1_000), bytes: fc.constantFrom(300, 5_000, 2 ** 20) }),
});

type Asked = typeof questions extends fc.Arbitrary<infer T> ? T : never;

test('a search finds what was written and fits, in order, page by page, whatever the room', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(questions, { minLength: 1, maxLength: 6 }), async (steps, asked) => {
      const history = await new History().open();
      try {
        // What is known of segments is gone on with where they have grown.
        const half = Math.ceil(steps.length / 2);
        const written = await write(history, steps.slice(0, half));
        await judge(history, written, asked[0]);
        await write(history, steps.slice(half), written);
        for (const question of asked) await judge(history, written, question);
      } finally {
        await history.remove();
      }
    }),
    { numRuns: LONG ? 3_000 : 40 },
  );
}, 600_000);

async function write(
  history: History,
  steps: readonly (readonly TestLine[] | 'restart')[],
  written: TestLine[] = [],
): Promise<TestLine[]> {
  let number = written.length;
  for (const step of steps) {
    if (step === 'restart') {
      await history.close();
      await history.open();
      continue;
    }
    // Each line is one of a kind.
    const lines = step.map((line) => ({
      ...line,
      labels: { ...line.labels },
      text: `${number++} ${line.text.toString()}`,
    }));
    await history.write(lines);
    written.push(...lines);
  }
  return written;
}

async function judge(history: History, written: readonly TestLine[], asked: Asked): Promise<void> {
  const { wanted, direction, from, length, limit } = asked;
  const to = { seconds: from.seconds + length, nanos: from.nanos };
  const isInside = ({ seconds = 0, nanos = 0 }: TestLine): boolean =>
    timeText(seconds, nanos) >= timeText(from.seconds, from.nanos) &&
    timeText(seconds, nanos) < timeText(to.seconds, to.nanos);
  const expected = written.filter((line) => isInside(line) && wanted.holds(line));
  const all = await searchAll(history, asked, 10_000, 'forward');
  expect(all.map(nameOf).sort()).toEqual(expected.map((line) => nameOfWritten(line)).sort());
  expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).sort());
  expectOrderOfStreams(all);
  // Backward is the reverse, and pages make up the whole, whatever the room.
  const paged = await searchAll(history, asked, limit, direction, asked.room);
  expect(direction === 'forward' ? paged : paged.reverse()).toEqual(all);
}

function nameOfWritten({ labels, text, seconds = 0, nanos = 0, fields = {} }: TestLine): string {
  return `${timeText(seconds, nanos)} ${JSON.stringify([sorted(labels), sorted(fields)])} ${text.toString()}`;
}

function nameOf({ labels, line, time, fields = {} }: AnsweredLine): string {
  return `${time} ${JSON.stringify([sorted(labels), sorted(fields)])} ${line}`;
}

function sorted(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Lines of one stream and one time stand as they came: by the number that each begins with. */
function expectOrderOfStreams(lines: readonly AnsweredLine[]): void {
  const newest = new Map<string, number>();
  for (const { labels, time, line } of lines) {
    const key = `${JSON.stringify(sorted(labels))} ${time}`;
    const number = Number.parseInt(line, 10);
    expect(number).toBeGreaterThan(newest.get(key) ?? -1);
    newest.set(key, number);
  }
}

/** Page after page, each going on where the one before says. */
async function searchAll(
  history: History,
  { wanted, from, length }: Asked,
  limit: number,
  direction: Direction,
  room?: Room,
): Promise<AnsweredLine[]> {
  const { journal } = history;
  const lines: AnsweredLine[] = [];
  let range: TimeRange = { from, to: { seconds: from.seconds + length, nanos: from.nanos } };
  for (;;) {
    const question = { kind: 'search', query: wanted.query, range, limit, direction, full: false } as const;
    const answer = parseSearch(await answerTo(journal, question, contextOf(journal, room, history.archive)));
    lines.push(...answer.lines);
    expectPage(answer, limit);
    const { continueAt } = answer.end;
    if (continueAt === undefined) return lines;
    range =
      direction === 'forward' ? { ...range, from: timeOf(continueAt) } : { ...range, to: timeOf(continueAt) };
  }
}

/** As long as was asked for, or longer by lines of the last one's time. */
function expectPage({ lines, end }: SearchAnswer, limit: number): void {
  expect(end.found).toBe(lines.length);
  if (end.continueAt === undefined) expect(end.reason).toBe('complete');
  else expect([end.reason, lines.length >= limit]).toEqual(['limit', true]);
  if (lines.length > limit) expect(lines[limit - 1].time).toBe(lines.at(-1)?.time);
}

function timeOf(text: string): { seconds: number; nanos: number } {
  return {
    seconds: Math.floor(Date.parse(`${text.slice(0, 19)}Z`) / 1000),
    nanos: Number(text.slice(20, 29)),
  };
}

test('a search is not led astray by what another one finds out about the same blocks', async () => {
  await fc.assert(
    fc.asyncProperty(steps, questions, fc.nat(20), async (steps, asked, turns) => {
      const history = await new History().open();
      try {
        await write(history, steps);
        const { from, length, wanted, direction } = asked;
        const range = { from, to: { seconds: from.seconds + length, nanos: from.nanos } };
        const question = {
          kind: 'search',
          query: wanted.query,
          range,
          limit: 10_000,
          direction,
          full: false,
        } as const;
        const alone = await answerTo(history.journal, question);
        const context = contextOf(history.journal);
        const job = startJob(context, { ...question, files: history.journal.history() });
        let text = '';
        /** False where it is at its end. */
        const turn = async (): Promise<boolean> => {
          const { done, value } = await job.next();
          text += value?.toString() ?? '';
          return done !== true;
        };
        for (let i = 0; i < turns; i++) await turn();
        const opposite = direction === 'forward' ? 'backward' : 'forward';
        await answerTo(history.journal, { ...question, query: '', direction: opposite }, context);
        while (await turn());
        context.archive.rest();
        expect(parseSearch(text).lines).toEqual(parseSearch(alone).lines);
      } finally {
        await history.remove();
      }
    }),
    { numRuns: LONG ? 2_000 : 40 },
  );
}, 600_000);

test('a damaged block is left out and counted, all others are found', async () => {
  const history = await new History().open();
  try {
    const lines = Array.from({ length: 40 }, (_, i) => ({
      labels: STREAMS[i % 3],
      text: `line ${i}`,
      seconds: START + i,
    }));
    for (const line of lines) await history.write([line]);
    const [file] = readdirSync(history.folder).sort();
    const bytes = readFileSync(path.join(history.folder, file));
    const at = bytes.indexOf('line 3');
    bytes[at] ^= 1;
    writeFileSync(path.join(history.folder, file), bytes);
    const range = { from: { seconds: START, nanos: 0 }, to: { seconds: START + 100, nanos: 0 } };
    const question = {
      kind: 'search',
      query: '',
      range,
      limit: 100,
      direction: 'forward',
      full: false,
    } as const;
    const { lines: found, end } = parseSearch(await answerTo(history.journal, question));
    expect(found.map(({ line }) => line)).toEqual(
      lines.map(({ text }) => text).filter((text) => text !== 'line 3'),
    );
    expect(end).toMatchObject({ reason: 'complete', damagedBlocks: 1, removedSegments: 0 });
  } finally {
    await history.remove();
  }
});

test('what retention takes during a search is told, and all else is found', async () => {
  const history = await new History().open();
  try {
    for (let i = 0; i < 60; i++)
      await history.write([{ labels: STREAMS[0], text: `line ${i} ${'.'.repeat(200)}`, seconds: START + i }]);
    const files = history.journal.history();
    expect(files.length).toBeGreaterThan(3);
    const gone = files[1];
    const archive = new Archive({ add: () => {} });
    const context = contextOf(history.journal, undefined, archive);
    const range = { from: { seconds: START, nanos: 0 }, to: { seconds: START + 100, nanos: 0 } };
    const question = {
      kind: 'search',
      query: '',
      range,
      limit: 100,
      direction: 'backward',
      full: false,
    } as const;
    const before = parseSearch(await answerTo(history.journal, question));
    unlinkSync(gone.path);
    const { lines, end } = parseSearch(await answerTo(history.journal, question, context));
    const [first, last] = gone.span ?? [0, 0];
    const isGone = ({ time }: AnsweredLine): boolean =>
      time >= timeText(first, 0) && time <= timeText(last, 999_999_999);
    expect(before.lines.filter(isGone).length).toBeGreaterThan(0);
    expect(lines).toEqual(before.lines.filter((line) => !isGone(line)));
    expect(end).toMatchObject({ reason: 'complete', removedSegments: 1, damagedBlocks: 0 });
  } finally {
    await history.remove();
  }
});

test('a histogram counts what a search finds, by level and span of time', async () => {
  await fc.assert(
    fc.asyncProperty(steps, questions, fc.integer({ min: 1, max: 20 }), async (steps, asked, buckets) => {
      const history = await new History().open();
      try {
        await write(history, steps);
        const found = await searchAll(history, asked, 10_000, 'forward');
        const { from, length, wanted } = asked;
        const range = { from, to: { seconds: from.seconds + length, nanos: from.nanos } };
        const text = await answerTo(history.journal, {
          kind: 'histogram',
          query: wanted.query,
          range,
          buckets,
        });
        const events = eventsIn(text);
        const counts = events.at(-2)?.data as {
          stepMs: number;
          levels: Record<string, number[]>;
          complete: boolean;
        };
        expect(counts.complete).toBe(true);
        const expected: Record<string, number[]> = {};
        for (const { level, time } of found) {
          const at = timeOf(time);
          const ns = BigInt(at.seconds - from.seconds) * 1_000_000_000n + BigInt(at.nanos - from.nanos);
          expected[level] ??= Array<number>(buckets).fill(0);
          expected[level][Number(ns / (BigInt(counts.stepMs) * 1_000_000n))]++;
        }
        expect(counts.levels).toEqual(expected);
        expect(events.at(-1)?.data).toMatchObject({ reason: 'complete', found: found.length });
      } finally {
        await history.remove();
      }
    }),
    { numRuns: LONG ? 1_000 : 20 },
  );
}, 600_000);
