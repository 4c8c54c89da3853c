/** Which lines Loki refused, at which cost: entry by entry, from the sink's requests to its answer. */
import { expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import { pairsIn } from '../../pipeline/metadata.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import type { Labels } from '../../pipeline/streams.js';
import { deliver } from '../http/testing/sink-kit.js';
import { openSink, refusedTexts, withLoki } from './testing/test-sink.js';

const DAY_MINUTES = 1_440;
const now = (): number => Math.floor(Date.now() / 1000);
const A = { container: 'a', stream: 'stdout' };
const B = { container: 'b', stream: 'stdout' };
const C = { container: 'c', stream: 'stdout' };
let lsn = 0;
const block = (lines: readonly BlockLine[], lane = 0): Block => blockOf(lines, { lsn: lsn++, lane });
const line = (labels: Labels, text: string, ageMinutes = 0): BlockLine => ({
  labels,
  text,
  seconds: now() - 60 * ageMinutes,
});

test('in company they are known at once: nothing is sent again', () =>
  withLoki({ limits: { maxLineBytes: 50, rejectOlderMs: 3_600_000 } }, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0'), line(B, 'b0'), line(C, 'c0')])]);
    const before = loki.requests.length;
    const long = 'x'.repeat(51);
    const result = await deliver(sink, [
      block([line(A, 'a1'), line(A, `a ${long}`), line(B, 'b1')]),
      block([line(B, `b ${long}`), line(C, 'old', 119), line(C, 'c1'), line(B, 'b2')]),
    ]);
    expect(refusedTexts(result)).toEqual({ line_too_long: [`a ${long}`, `b ${long}`], too_old: ['old'] });
    expect(result.delivered).toBe(4);
    expect(loki.lines()).toEqual(['a0', 'a1', 'b0', 'b1', 'b2', 'c0', 'c1']);
    // What may be behind goes alone: c. The rest is one request.
    expect(loki.requests.length - before).toBeLessThanOrEqual(3);
    expect(loki.ledger.repeated).toBe(0);
  }));

test('for their structured metadata they are known at once, in whatever way they are too much', async () => {
  const fields = { status: '200' };
  const many = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`f${i}`, '']));
  const lines = [
    line(A, 'plain'),
    { ...line(A, 'some'), fields },
    { ...line(A, 'large'), fields: { status: 'x'.repeat(95) } },
    { ...line(A, 'many'), fields: many },
    { ...line(B, 'large too'), fields: { status: 'ü'.repeat(100) } },
  ];
  const [plain, ...others] = lines.map(({ text }) => String(text));
  for (const [limits, refused] of [
    [{ maxMetadataBytes: 100, maxMetadataPairs: 4 }, ['large', 'many', 'large too']],
    [{ allowsMetadata: false }, others],
  ] as const) {
    await withLoki({ limits }, {}, async ({ sink, loki }) => {
      await deliver(sink, [block([line(A, 'a0'), line(B, 'b0')])]);
      const result = await deliver(sink, [block(lines)]);
      expect(refusedTexts(result)).toEqual({ structured_metadata: refused });
      expect(loki.ledger.repeated).toBe(0);
      const taken = [plain, ...others].filter((text) => !(refused as readonly string[]).includes(text));
      expect(new Set(loki.lines())).toEqual(new Set(['a0', 'b0', ...taken]));
    });
  }
});

test('lines go without structured metadata where the sink is told so, and are refused with it', () =>
  withLoki(
    { limits: { allowsMetadata: false, rejectOlderMs: 3_600_000 } },
    { structuredMetadata: false },
    async ({ sink, loki }) => {
      const fields = { status: '200' };
      const lines = [line(A, 'plain'), { ...line(A, 'old', 90), fields }, { ...line(B, 'b'), fields }];
      const result = await deliver(sink, [block(lines)]);
      expect(new Set(loki.lines())).toEqual(new Set(['plain', 'b']));
      expect(loki.streams().flatMap(({ entries }) => entries.map(({ metadata }) => metadata))).toEqual([
        [],
        [],
      ]);
      expect(refusedTexts(result)).toEqual({ too_old: ['old'] });
      // As they were given: who redrives them may have allowed it by then.
      const [{ block: given, rows }] = result.refused ?? [];
      const read = new BlockLines();
      decodeBlock(given.payload, read);
      const [row] = rows;
      expect(pairsIn(read.data, read.metadataStart[row], read.metadataEnd[row])).toEqual([['status', '200']]);
    },
  ));

test('what is cut, divided or sent again keeps its structured metadata', () =>
  withLoki({ limits: { maxLineBytes: 60 } }, { maxLineBytes: 50 }, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0')])]);
    loki.fail(1, 500, 'no');
    const lines = Array.from({ length: 30 }, (_, i) => ({
      ...line(i % 2 === 0 ? A : B, `${i} ${i % 7 === 3 ? 'x'.repeat(90) : ''}`, i % 5 === 4 ? 30 : 0),
      nanos: i,
      fields: i % 3 === 0 ? {} : { number: String(i), 'f"': 'ü'.repeat(i) },
    }));
    await deliver(sink, [block(lines.slice(0, 15)), block(lines.slice(15))]);
    const entries = loki.streams().flatMap(({ entries }) => entries);
    const found = new Map(
      entries.map(({ line, metadata }) => [Number.parseInt(line.toString(), 10), metadata]),
    );
    for (const [i, { fields }] of lines.entries()) expect(found.get(i)).toEqual(Object.entries(fields));
  }));

test('that the ingester hides behind its own are asked for without those: the stored ones are all that is sent again', () =>
  withLoki({ limits: { maxLineBytes: 50 } }, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0')])]);
    const lines = Array.from({ length: 40 }, (_, i) => {
      const text = `${i} ${i % 10 === 3 ? 'x'.repeat(60) : ''}`;
      return { ...line(A, text, i % 4 === 0 ? 90 : 0), nanos: i };
    });
    const result = await deliver(sink, [block(lines)]);
    const wanted = (isMeant: (i: number) => boolean): string[] =>
      lines.flatMap(({ text }, i) => (isMeant(i) ? [String(text)] : []));
    const isBehind = (i: number): boolean => i % 4 === 0;
    const isLong = (i: number): boolean => i % 10 === 3;
    expect(refusedTexts(result)).toEqual({ too_far_behind: wanted(isBehind), line_too_long: wanted(isLong) });
    expect(result.refused?.map(({ said }) => said)).toEqual([
      expect.stringMatching(/^entry with timestamp .* ignored, reason: 'entry too far behind/) as string,
      expect.stringMatching(/^max entry size '50' bytes exceeded/) as string,
    ]);
    expect(new Set(loki.lines())).toEqual(new Set(['a0', ...wanted((i) => !isBehind(i) && !isLong(i))]));
    expect(loki.requests.length).toBe(3);
    expect(loki.ledger.repeated).toBe(26);
  }));

test('a line that is stored is delivered, though it is too far behind by the time that its request is asked again', () =>
  withLoki({ limits: { maxLineBytes: 50 } }, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0', 20)])]);
    const long = 'x'.repeat(60);
    const lines = [line(A, 'behind', 200), line(A, 'stored', 62), line(A, 'newest'), line(A, long)];
    const result = await deliver(sink, [block(lines)]);
    expect(loki.lines()).toEqual(['a0', 'stored', 'newest']);
    expect(refusedTexts(result)).toEqual({ too_far_behind: ['behind'], line_too_long: [long] });
    expect(result.delivered).toBe(2);
  }));

test('a stream whose labels cannot be parsed does not take the others with it', () =>
  withLoki({}, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0'), line(B, 'b0')])]);
    const bad = { 'no-name': 'x' };
    const result = await deliver(sink, [
      block([line(A, 'a1'), line(bad, 'bad 1'), line(bad, 'bad 2'), line(B, 'b1')]),
    ]);
    expect(refusedTexts(result)).toEqual({ invalid_labels: ['bad 1', 'bad 2'] });
    expect(result.delivered).toBe(2);
    expect(loki.lines()).toEqual(['a0', 'a1', 'b0', 'b1']);
    expect(loki.ledger.repeated).toBe(0);
  }));

test('a stream that somebody else has brought further is behind in company, and not called delivered', () =>
  withLoki({ limits: { maxLineBytes: 50 } }, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0', 100), line(B, 'b0', 100)])]);
    const other = await openSink({ url: loki.url });
    try {
      await deliver(other.sink, [block([line(A, 'a of another')])]);
    } finally {
      await other.close();
    }
    // To this sink neither is behind; the last one of the request is.
    const result = await deliver(sink, [block([line(B, 'b1', 99), line(A, 'a1', 99), line(A, 'a2', 98)])]);
    expect(loki.lines(A)).toEqual(['a0', 'a of another']);
    expect(loki.lines(B)).toEqual(['b0', 'b1']);
    expect(refusedTexts(result)).toEqual({ too_far_behind: ['a1', 'a2'] });
    expect(result.delivered).toBe(1);
  }));

test('nor where it is told of the last of its blocks only', () =>
  withLoki({}, {}, async ({ sink, loki }) => {
    await deliver(sink, [block([line(A, 'a0', 100)])]);
    const other = await openSink({ url: loki.url });
    try {
      await deliver(other.sink, [block([line(A, 'a of another')])]);
    } finally {
      await other.close();
    }
    const before = loki.requests.length;
    const result = await deliver(sink, [block([line(A, 'a1', 99)]), block([line(A, 'a2', 98)])]);
    expect(loki.requests[before]).toMatchObject({ streams: 2, status: 400 });
    expect(loki.lines(A)).toEqual(['a0', 'a of another']);
    expect([result.delivered, refusedTexts(result)]).toEqual([0, { too_far_behind: ['a1', 'a2'] }]);
  }));

test('a line that was cut for Loki is rejected whole', () =>
  withLoki({ limits: { maxLineBytes: 1_000 } }, { maxLineBytes: 2_000 }, async ({ sink }) => {
    const whole = `${'y'.repeat(3_000)} end`;
    const result = await deliver(sink, [
      block([line(A, 'a'), line(A, whole), line(A, 'old', 8 * DAY_MINUTES)]),
    ]);
    expect(refusedTexts(result)).toEqual({ line_too_long: [whole], too_old: ['old'] });
    expect(result.refused?.find(({ reason }) => reason === 'too_old')?.said).toBe('');
  }));

test('lines of several tenants are told with their tenant, as lines of the block that was given', () =>
  withLoki({ multiTenant: true, limits: { maxLineBytes: 50 } }, { tenantLabel: 'team' }, async ({ sink }) => {
    const long = 'x'.repeat(60);
    const given = block([
      line({ ...A, team: 'red' }, 'r'),
      line({ ...A, team: 'red' }, `r ${long}`),
      line({ ...A, team: 'blue' }, `b ${long}`),
      line({ ...A, team: 'blue' }, 'b'),
    ]);
    const { refused } = await deliver(sink, [given]);
    expect(refused).toMatchObject([
      { block: given, rows: [1], tenant: 'red' },
      { block: given, rows: [2], tenant: 'blue' },
    ]);
  }));

test('what is too much for one message, or for the burst of a tenant, is never sent in that size again', async () => {
  await withLoki({ limits: { maxMessageBytes: 100_000 } }, {}, async ({ sink, loki }) => {
    const lines = (name: string): BlockLine[] =>
      Array.from({ length: 300 }, (_, i) => ({ ...line(A, `${name} ${i} ${'y'.repeat(1_000)}`), nanos: i }));
    expect(await deliver(sink, [block(lines('one'))])).toMatchObject({ delivered: 300 });
    const first = loki.requests.length;
    expect(loki.requests.some(({ status }) => status === 500)).toBe(true);
    expect(
      await deliver(sink, [block(lines('two').slice(0, 40)), block(lines('two').slice(40, 80))]),
    ).toMatchObject({ delivered: 80 });
    expect(loki.requests.slice(first).map(({ status }) => status)).toEqual([204, 204]);
    expect(loki.ledger.repeated).toBe(0);
  });
  await withLoki({ limits: { ingestionRate: 4e6, ingestionBurst: 150_000 } }, {}, async ({ sink, loki }) => {
    const lines = Array.from({ length: 300 }, (_, i) => ({
      ...line(A, `${i} ${'y'.repeat(1_000)}`),
      nanos: i,
    }));
    expect(await deliver(sink, [block(lines)])).toEqual({ delivered: 300, rejected: new Map() });
    expect(loki.lines()).toEqual(lines.map(({ text }) => text));
    expect(loki.requests.filter(({ rawBytes, status }) => status === 429 && rawBytes > 300_000)).toHaveLength(
      3,
    );
    expect(loki.ledger.repeated).toBe(0);
  });
});

test('lines are given once more beside what is delivered in order, and refused again where they must', () =>
  withLoki({ limits: { maxLineBytes: 50 } }, {}, async ({ sink, loki }) => {
    loki.hang();
    const delivery = deliver(sink, [block([line(A, 'a1')])]);
    await loki.until(() => loki.requests.length === 1, 5_000);
    const again = sink.redrive(
      [block([line(B, 'b'), line(B, 'x'.repeat(60))])],
      new AbortController().signal,
    );
    await loki.until(() => loki.requests.length === 2, 5_000);
    loki.resume();
    const result = await again;
    expect([result.delivered, refusedTexts(result)]).toEqual([1, { line_too_long: ['x'.repeat(60)] }]);
    expect(await delivery).toMatchObject({ delivered: 1 });
    expect(loki.lines()).toEqual(['a1', 'b']);
  }));
