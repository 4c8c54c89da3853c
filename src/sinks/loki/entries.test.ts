/** What Loki refused, found again: against a second telling of its rules, which knows what it took. */
import * as fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import { Distributor } from '../../../test/support/loki/distributor.js';
import { Refusal } from '../../../test/support/loki/ingester.js';
import { NO_LIMITS } from '../../../test/support/loki/limits.js';
import { decodeProto, type Entry as WireEntry } from '../../../test/support/loki/wire.js';
import { entriesOf, type Found, findRefused } from './entries.js';
import { bodyOf, type Request } from './request.js';
import { readRefusal, type Told } from './told.js';

const NOW = Date.UTC(2026, 10, 22, 3, 0, 0) / 1000;
const MINUTE = 60;
const DAY = 1440 * MINUTE;
/** The receiver tells times of the limits apart by it, in nanoseconds. */
const MS = 1_000_000;
const LIMITS = {
  ...NO_LIMITS,
  maxLineBytes: 50,
  maxLabelNames: 3,
  maxMetadataBytes: 30,
  maxMetadataPairs: 2,
  rejectOlderMs: 7 * DAY * 1000,
  rejectNewerMs: 10 * MINUTE * 1000,
  maxBehindMs: 60 * MINUTE * 1000,
};

interface Outcome {
  readonly body: string;
  readonly found: Found | undefined;
  /** By place in the request. */
  readonly taken: readonly boolean[];
  readonly reasons: readonly (string | undefined)[];
  readonly open: readonly boolean[];
}

/** Sends `lines` to a Loki that has `before`; undefined where it takes everything. */
function send(lines: readonly BlockLine[], before: readonly BlockLine[] = []): Outcome | undefined {
  const loki = new Distributor('fake', LIMITS, NOW * 1000);
  const requestOf = (own: readonly BlockLine[]): Request => ({
    pieces: [{ block: blockOf(own) }],
    tenant: undefined,
  });
  const push = (request: Request): { body: string; taken: boolean[] } => {
    const streams = decodeProto(Buffer.from(uncompress(bodyOf(request))));
    const taken = new Set<WireEntry>();
    let body = '';
    try {
      loki.push(streams, NOW * 1000, (_, entry) => taken.add(entry));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      body = `${error.message}\n`;
    }
    return { body, taken: streams.flatMap(({ entries }) => entries).map((entry) => taken.has(entry)) };
  };
  for (const line of before) push(requestOf([line]));
  const request = requestOf(lines);
  const { body, taken } = push(request);
  if (body === '') return undefined;
  const entries = entriesOf(request);
  const isSingle = request.pieces[0].block.streams.length === 1;
  const found = findRefused(readRefusal(body), entries, isSingle);
  const reasons = entries.map((entry) => found?.refused.get(entry)?.reason);
  return { body, found, taken, reasons, open: entries.map((entry) => found?.open.includes(entry) ?? true) };
}

const A = { container: 'a' };
const B = { container: 'b"}' };

function line(ageSeconds: number, size = 1, labels: BlockLine['labels'] = A, nanos = 0): BlockLine {
  return { labels, text: 'x'.repeat(size), seconds: NOW - ageSeconds, nanos };
}

describe('the lines that Loki refused', () => {
  test('for their time and length are found among equal seconds and lengths', () => {
    const edge = 7 * DAY;
    const lines = [
      line(edge, 1, A, 5 * MS),
      line(edge + 1, 1, A, 7 * MS),
      line(edge + 1, 60, A, 7 * MS),
      line(-10 * MINUTE, 1, A, 0),
      line(-10 * MINUTE, 1, A, MS),
      line(0, 60),
      line(0, 50),
    ];
    expect(send(lines)).toMatchObject({
      taken: [true, false, false, true, false, false, true],
      reasons: [undefined, 'too_old', 'too_old', undefined, 'too_new', 'line_too_long', undefined],
      open: Array(7).fill(false),
    });
  });

  test('in company are found by their streams', () => {
    const lines = [line(8 * DAY), line(8 * DAY, 1, B), line(0, 1, B), line(0, 60), line(0, 60, B), line(0)];
    const sorted = [line(8 * DAY), line(0, 60), line(0), line(8 * DAY, 1, B), line(0, 1, B), line(0, 60, B)];
    const outcome = send(lines);
    expect(outcome?.taken).toEqual(
      sorted.map(({ seconds = 0, text }) => seconds > NOW - DAY && text.length < 50),
    );
    expect(outcome?.found).toBeDefined();
    expect(outcome?.reasons).toEqual([
      'too_old',
      'line_too_long',
      undefined,
      'too_old',
      undefined,
      'line_too_long',
    ]);
  });

  test('as too far behind are found though only ten of them are told', () => {
    const lines = Array.from({ length: 60 }, (_, i) => line(i % 2 === 0 ? 90 * MINUTE : i, 1, A, i));
    const outcome = send(lines, [line(0)]);
    expect(outcome?.body).toContain('total ignored: 30 out of 60');
    expect(outcome?.reasons).toEqual(lines.map((_, i) => (i % 2 === 0 ? 'too_far_behind' : undefined)));
  });

  test('are not guessed where the ingester hides what validation refused', () => {
    const outcome = send([line(0, 60), line(90 * MINUTE), line(0)], [line(0)]);
    expect(outcome?.reasons).toEqual([undefined, 'too_far_behind', undefined]);
    expect(outcome?.open).toEqual([true, false, true]);
  });

  describe('are not guessed where an answer', () => {
    const entries = (lines: readonly BlockLine[]) =>
      entriesOf({ pieces: [{ block: blockOf(lines) }], tenant: undefined });
    const group = {
      reason: 'too_old',
      said: '',
      stream: undefined,
      count: 1,
      seconds: undefined,
      bytes: undefined,
      metadata: undefined,
    };
    const words = { reason: 'too_far_behind', said: '' };
    const ingester = { ...words, kind: 'ingester' as const, stream: '{container="a"}', oldestSeconds: NOW };
    const time = { seconds: NOW - 100, nanos: 0 };

    test.each<[string, Told]>([
      [
        'counts more than there are',
        { kind: 'validation', groups: [{ ...group, seconds: NOW - 100, count: 3 }] },
      ],
      ['parts equal times', { kind: 'validation', groups: [{ ...group, seconds: NOW - 100, count: 1 }] }],
      [
        'counts fewer of a length than there are',
        { kind: 'validation', groups: [{ ...group, reason: 'line_too_long', bytes: 1, count: 2 }] },
      ],
      ['gives a reason that is not known', { kind: 'validation', groups: [{ ...group, reason: 'other' }] }],
      [
        'speaks of another stream in company',
        { kind: 'validation', groups: [{ ...group, stream: '{x="y"}' }] },
      ],
      [
        'lists a time that was not sent',
        { ...ingester, ignored: 1, of: 3, listed: [{ seconds: 5, nanos: 0 }] },
      ],
      [
        'lists what the rule does not refuse',
        { ...ingester, ignored: 2, of: 3, listed: [{ seconds: NOW, nanos: 0 }] },
      ],
      [
        'counts otherwise than the rule',
        { ...ingester, ignored: 2, of: 3, listed: [time], oldestSeconds: NOW - 200 },
      ],
      [
        'speaks of one shard of several',
        {
          ...ingester,
          stream: '{__stream_shard__="1", container="a"}',
          ignored: 1,
          of: 3,
          listed: [{ seconds: NOW, nanos: 0 }],
        },
      ],
      ['speaks of more lines than there are', { ...ingester, ignored: 3, of: 4, listed: [] }],
    ])('%s', (name, told) => {
      const lines = [line(100), line(100), line(0)];
      const company = name.includes('company') ? [line(0, 1, B)] : [];
      expect(findRefused(told, entries([...lines, ...company]), company.length === 0)).toBeUndefined();
    });
  });

  test('for labels that are too many are all of the stream, and nobody else’s in company', () => {
    const many = { a: '1', b: '2', c: '3', d: '4' };
    expect(send([line(0, 1, many), line(1, 1, many)])?.reasons).toEqual(['max_labels', 'max_labels']);
    expect(send([line(0, 1, many), line(0)])?.found).toBeUndefined();
  });

  const anyLine = fc.record({
    age: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 4, arbitrary: fc.constantFrom(61 * MINUTE, 61 * MINUTE + 1, 3 * 60 * MINUTE, 59 * MINUTE) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(8 * DAY, 8 * DAY + 1, -11 * MINUTE, 7 * DAY, -10 * MINUTE, 60 * MINUTE),
      },
    ),
    size: fc.constantFrom(1, 1, 1, 2, 50, 51, 60),
    nanos: fc.constantFrom(0, 0, MS, 2 * MS, 999 * MS),
    fields: fc.constantFrom<Record<string, string>>(
      {},
      {},
      {},
      { a: 'x'.repeat(29) },
      { a: 'x'.repeat(30) },
      { a: '', b: '', c: '' },
    ),
  });

  /** Loki's order: validation by time, by length, by metadata, then the ingester. */
  function reasonOf({ seconds = 0, nanos = 0, text, fields = {} }: BlockLine): string {
    const age = NOW - seconds - nanos / 1e9;
    if (age > 7 * DAY) return 'too_old';
    if (age < -10 * MINUTE) return 'too_new';
    if (text.length > 50) return 'line_too_long';
    const isMetadata = fields['a']?.length === 30 || Object.keys(fields).length > 2;
    return isMetadata ? 'structured_metadata' : 'too_far_behind';
  }

  test('of one stream are exactly those that are found, or may be among those that are open', () => {
    let told = 0;
    let known = 0;
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 40 }), fc.boolean(), (drawn, isKnown) => {
        const lines = drawn.map(({ age, size, nanos, fields }) => ({ ...line(age, size, A, nanos), fields }));
        const outcome = send(lines, isKnown ? [line(0, 3, A, 500)] : []);
        if (!outcome) return;
        told++;
        if (!outcome.found) return;
        known++;
        for (const [i, isTaken] of outcome.taken.entries()) {
          if (outcome.reasons[i] !== undefined)
            expect([isTaken, outcome.reasons[i]]).toEqual([false, reasonOf(lines[i])]);
          else if (!outcome.open[i]) expect(isTaken).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
    // What is left is divided and asked again: it must be rare.
    expect(known / told).toBeGreaterThan(0.8);
  });

  test('of several streams that cannot be behind are exactly those that are found', () => {
    const inTime = anyLine.map(({ age, ...rest }) => ({
      ...rest,
      age: age > 30 * MINUTE && age <= 7 * DAY ? 30 * MINUTE : age,
    }));
    fc.assert(
      fc.property(fc.array(fc.tuple(inTime, fc.boolean()), { minLength: 1, maxLength: 40 }), (drawn) => {
        const lines = drawn.map(([{ age, size, nanos, fields }, isA]) => ({
          ...line(age, size, isA ? A : B, nanos),
          fields,
        }));
        const outcome = send(lines);
        if (!outcome) return;
        expect(outcome.found?.open).toEqual([]);
        expect(outcome.reasons.map((reason) => reason === undefined)).toEqual(outcome.taken);
      }),
      { numRuns: 1_000 },
    );
  });
});
