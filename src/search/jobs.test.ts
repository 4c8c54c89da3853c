/** What is answered beside searches and histograms, and what is not even looked at. */
import { unlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { timeText } from '../pipeline/line-time.js';
import { randomOf } from '../regex/testing/hostile.js';
import type { Question } from './requests.js';
import {
  type AnsweredLine,
  answerTo,
  contextOf,
  eventsIn,
  History,
  parseSearch,
} from './testing/history-kit.js';

const START = 1_700_000_000;
const WEB = { container: 'web', stream: 'stdout' };
const WEB_ERR = { container: 'web', stream: 'stderr' };
const DB = { container: 'db', stream: 'stdout', host: 'one' };

const RANGE = { from: { seconds: START, nanos: 0 }, to: { seconds: START + 100, nanos: 0 } };

let history: History;

beforeEach(async () => {
  history = await new History().open();
});

afterEach(() => history.remove());

const searchOf = (from: number, to: number, more: object = {}): Question => ({
  kind: 'search',
  query: '',
  range: { from: { seconds: from, nanos: 0 }, to: { seconds: to, nanos: 0 } },
  limit: 1_000,
  direction: 'forward',
  full: false,
  ...more,
});

/** A line a second, so large that there are many segments. */
async function writeMany(count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await history.write([
      { labels: i % 2 === 0 ? WEB : DB, text: `line ${i} ${'.'.repeat(200)}`, seconds: START + i },
    ]);
}

test('segments of another time are not even opened, over a restart too', async () => {
  await writeMany(60);
  await history.close();
  await history.open();
  await history.write([{ labels: WEB, text: 'now', seconds: START + 1_000 }]);
  const files = history.journal.history();
  expect(files.length).toBeGreaterThan(4);
  for (const { path, span } of files) {
    expect(span).toBeDefined();
    if (span && span[1] < START + 40) unlinkSync(path);
  }
  const { lines, end } = parseSearch(await answerTo(history.journal, searchOf(START + 40, START + 2_000)));
  expect(lines.map(({ line }) => line.split(' .')[0])).toEqual([
    ...Array.from({ length: 20 }, (_, i) => `line ${i + 40}`),
    'now',
  ]);
  expect(end).toMatchObject({ reason: 'complete', removedSegments: 0, damagedBlocks: 0 });
  const all = parseSearch(await answerTo(history.journal, searchOf(START, START + 2_000)));
  expect(all.end.removedSegments).toBeGreaterThan(1);
});

test('the span of a segment of an older build is found by looking, and known from then on', async () => {
  await writeMany(60);
  const files = history.journal.history();
  const learnt: [number, readonly number[]][] = [];
  const journal = { ...history.journal, history: () => files.map((file) => ({ ...file, span: undefined })) };
  const onSpan = (base: number, span: readonly [number, number]): void => void learnt.push([base, span]);
  const context = { ...contextOf(history.journal), onSpan };
  const { lines } = parseSearch(await answerTo(journal, searchOf(START + 58, START + 100), context));
  expect(lines.length).toBe(2);
  expect(learnt.sort(([a], [b]) => a - b)).toEqual(files.map(({ base, span }) => [base, span]));
});

test('lines that would take too long to judge are left out, and how many is told', async () => {
  const random = randomOf(1);
  const costly = Array.from({ length: 50_000 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
  const wanted = `a${'.'.repeat(150)}c`;
  await history.write(
    [wanted, costly, 'x', costly].map((text, i) => ({ labels: WEB, text, seconds: START + i })),
  );
  const search = (query: string) => answerTo(history.journal, searchOf(START, START + 10, { query }));
  const { lines, end } = parseSearch(await search('|~ "a.{150}[cd]$"'));
  expect(lines.map(({ line }) => line)).toEqual([wanted]);
  expect(end).toMatchObject({ reason: 'complete', unjudgedLines: 2 });
  expect(parseSearch(await search('|= "x"')).end).not.toHaveProperty('unjudgedLines');
});

test('a block none of whose streams is wanted is not read', async () => {
  await writeMany(10);
  const { end } = parseSearch(
    await answerTo(history.journal, searchOf(START, START + 100, { query: '{container="db"}' })),
  );
  const all = parseSearch(await answerTo(history.journal, searchOf(START, START + 100)));
  expect(end).toMatchObject({ found: 5 });
  const scanned = (end: object): number => (end as { scannedBytes: number }).scannedBytes;
  expect(scanned(end)).toBeLessThan(scanned(all.end) * 0.6);
  expect(scanned(end)).toBeGreaterThan(0);
});

test('long lines are cut between characters, unless they are asked for whole', async () => {
  const text = `${'x'.repeat(16 * 1024 - 1)}ü!`;
  await history.write([{ labels: WEB, text, seconds: START }]);
  const ask = async (full: boolean): Promise<AnsweredLine> =>
    parseSearch(await answerTo(history.journal, searchOf(START, START + 1, { full }))).lines[0];
  expect(await ask(false)).toMatchObject({ line: 'x'.repeat(16 * 1024 - 1), cut: 3 });
  const whole = await ask(true);
  expect([whole.line, whole.cut]).toEqual([text, undefined]);
});

test('the first lines are told before all is searched, and progress comes first', async () => {
  await writeMany(60);
  const names = eventsIn(await answerTo(history.journal, searchOf(START, START + 100))).map(
    ({ name }) => name,
  );
  expect(names.slice(0, 3)).toEqual(['progress', 'labels', 'lines']);
  expect(names.filter((name) => name === 'lines').length).toBeGreaterThan(1);
  expect(names.slice(-2)).toEqual(['progress', 'end']);
});

async function surroundings(more: object): Promise<{ lines: string[]; found: number; place: number }> {
  const question: Question = {
    kind: 'context',
    container: 'web',
    time: { seconds: START + 10, nanos: 5 },
    stream: undefined,
    before: 2,
    after: 2,
    full: false,
    ...more,
  };
  const answer = JSON.parse(await answerTo(history.journal, question)) as {
    lines: AnsweredLine[];
    found: number;
    place: number;
  };
  return { ...answer, lines: answer.lines.map(({ line }) => line) };
}

test('a line stands among its neighbours of both outputs, and of its container alone', async () => {
  const line = (text: string, labels: object, seconds: number, nanos = 0) => ({
    labels: labels as Record<string, string>,
    text,
    seconds: START + seconds,
    nanos,
  });
  await history.write([
    line('a', WEB, 1),
    line('b', WEB_ERR, 5),
    line('other', DB, 6),
    line('c', WEB, 10, 4),
    line('out', WEB, 10, 5),
  ]);
  await history.write([
    line('err', WEB_ERR, 10, 5),
    line('d', WEB, 11),
    line('other', DB, 11),
    line('e', WEB, 20),
  ]);
  await history.write([line('f', WEB, 30)]);
  expect(await surroundings({})).toEqual({ lines: ['b', 'c', 'out', 'err', 'd'], found: 2, place: 2 });
  expect(await surroundings({ stream: 'stderr' })).toEqual({
    lines: ['b', 'c', 'out', 'err', 'd', 'e'],
    found: 3,
    place: 3,
  });
  expect(await surroundings({ time: { seconds: START + 15, nanos: 0 } })).toEqual({
    lines: ['err', 'd', 'e', 'f'],
    found: -1,
    place: 2,
  });
  expect(await surroundings({ before: 0, after: 0 })).toEqual({ lines: ['out'], found: 0, place: 0 });
  expect(await surroundings({ before: 100, after: 100 })).toEqual({
    lines: ['a', 'b', 'c', 'out', 'err', 'd', 'e', 'f'],
    found: 3,
    place: 3,
  });
  expect(await surroundings({ container: 'nobody' })).toEqual({ lines: [], found: -1, place: 0 });
});

test('labels are those of the history, the newest first, with how far it goes', async () => {
  expect(JSON.parse(await answerTo(history.journal, { kind: 'labels' }))).toEqual({
    labels: {},
    oldest: null,
    newest: null,
  });
  await writeMany(30);
  await history.write([{ labels: { container: 'newest', stream: 'stdout' }, text: '', seconds: START + 50 }]);
  const { labels, oldest, newest } = JSON.parse(await answerTo(history.journal, { kind: 'labels' })) as {
    labels: Record<string, string[]>;
    oldest: string;
    newest: string;
  };
  expect(labels['container'][0]).toBe('newest');
  expect(labels['container'].toSorted()).toEqual(['db', 'newest', 'web']);
  expect([labels['host'], labels['stream']]).toEqual([['one'], ['stdout']]);
  expect([oldest, newest]).toEqual([timeText(START, 0), timeText(START + 50, 999_999_999)]);
});

test('a download has every line whole, byte by byte, oldest first', async () => {
  const odd = Buffer.from([0x61, 0xff, 0xfe, 0x09, 0x1b, 0x5b]);
  await history.write([
    { labels: DB, text: 'x'.repeat(20_000), seconds: START + 2 },
    { labels: WEB, text: odd, seconds: START + 1, nanos: 7, fields: { level: 'warn', __proto: 'x' } },
    { labels: { container: 'web', gap: 'rotated' }, text: 'missing', seconds: START + 3 },
  ]);
  const question: Question = { kind: 'download', query: '', range: RANGE, format: 'text' };
  expect(await answerTo(history.journal, question)).toBe(
    [
      `${timeText(START + 1, 7)} web stdout ${odd.toString()}`,
      `${timeText(START + 2, 0)} db stdout ${'x'.repeat(20_000)}`,
      `${timeText(START + 3, 0)} web - missing`,
      '',
    ].join('\n'),
  );
  const jsonl = (await answerTo(history.journal, { ...question, format: 'jsonl' })).trimEnd().split('\n');
  expect(jsonl.map((line) => JSON.parse(line) as AnsweredLine)).toMatchObject([
    { line: odd.toString(), labels: WEB, level: 'warn', fields: { level: 'warn', __proto: 'x' } },
    { line: 'x'.repeat(20_000), labels: DB },
    { line: 'missing', labels: { container: 'web', gap: 'rotated' }, gap: 'rotated' },
  ]);
});

test('a download that is stopped fails, so that half of it is not taken for the whole', async () => {
  await writeMany(10);
  const context = { ...contextOf(history.journal), isStopping: () => true };
  const question: Question = { kind: 'download', query: '', range: RANGE, format: 'text' };
  await expect(answerTo(history.journal, question, context)).rejects.toMatchObject({ code: 'SEARCH_FAILED' });
  const search = parseSearch(await answerTo(history.journal, searchOf(START, START + 100), context));
  expect(search.end.reason).toBe('stopping');
});
