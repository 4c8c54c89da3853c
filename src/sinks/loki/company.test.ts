import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import { LIVE_LANES } from '../../pipeline/streams.js';
import { deliver, deliverOnce } from '../http/testing/sink-kit.js';
import { Company } from './company.js';
import { type Request, requestWeight } from './request.js';
import { refusedTexts, withLoki } from './testing/test-sink.js';

const NEVER = new AbortController().signal;
const HUGE = 1024 * 1024;

function requestOf(text: string, tenant?: string): Request {
  return { pieces: [{ block: blockOf([{ labels: { container: text }, text }]) }], tenant };
}

/** What left, and answers for it in order. */
function companyOf(...answers: (string | Error)[]) {
  const left: { tenant: string | undefined; containers: string[]; signal: AbortSignal }[] = [];
  const company = new Company<string>(async ({ pieces, tenant }, signal) => {
    const containers = pieces.map(({ block }) => block.streams[0].labels);
    left.push({ tenant, containers, signal });
    const answer = answers.shift() ?? 'ok';
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { company, left };
}

const named = (...names: string[]): string[] => names.map((name) => `{container="${name}"}`);

describe('requests that are ready in the same turn', () => {
  test('leave as one, in their order, and each gets the answer', async () => {
    const { company, left } = companyOf('taken');
    const requests = ['a', 'b', 'c'].map((text) => requestOf(text));
    const weight = requests.reduce((sum, request) => sum + requestWeight(request), 0);
    const answers = await Promise.all(requests.map((request) => company.send(request, HUGE, NEVER)));
    expect(left).toEqual([{ tenant: undefined, containers: named('a', 'b', 'c'), signal: NEVER }]);
    expect(answers).toEqual(requests.map(() => ({ reply: 'taken', weight, inCompany: true })));
  });

  test('leave without those of another tenant, another signal, and those that there is no room for', async () => {
    const { company, left } = companyOf();
    const other = new AbortController().signal;
    const weight = requestWeight(requestOf('a'));
    const answers = await Promise.all([
      company.send(requestOf('a'), 2 * weight, NEVER),
      company.send(requestOf('b', 'team'), 2 * weight, NEVER),
      company.send(requestOf('c'), 2 * weight, other),
      company.send(requestOf('d'), 2 * weight, NEVER),
      company.send(requestOf('e'), 2 * weight, NEVER),
    ]);
    expect(left).toEqual([
      { tenant: undefined, containers: named('a', 'd'), signal: NEVER },
      { tenant: 'team', containers: named('b'), signal: NEVER },
      { tenant: undefined, containers: named('c'), signal: other },
      { tenant: undefined, containers: named('e'), signal: NEVER },
    ]);
    expect(answers.map(({ inCompany }) => inCompany)).toEqual([true, false, false, true, false]);
    expect(answers[4].weight).toBe(weight);
  });

  test('fail together; what comes while they are on their way leaves by itself', async () => {
    const lost = new Error('lost');
    const { company, left } = companyOf(lost, 'taken');
    const both = [company.send(requestOf('a'), HUGE, NEVER), company.send(requestOf('b'), HUGE, NEVER)];
    const failed = Promise.allSettled(both);
    await new Promise(setImmediate);
    const late = await company.send(requestOf('c'), HUGE, NEVER);
    expect(late).toMatchObject({ reply: 'taken', inCompany: false });
    expect((await failed).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
      lost,
      lost,
    ]);
    expect(left.map(({ containers }) => containers)).toEqual([named('a', 'b'), named('c')]);
  });
});

describe('lanes that have something at the same time', () => {
  const now = Math.floor(Date.now() / 1000);
  let lsn = 0;
  const blockIn = (lane: number, lines: readonly Omit<BlockLine, 'labels'>[]) =>
    blockOf(
      lines.map((line) => ({ seconds: now, ...line, labels: { container: `c${lane}` } })),
      { lsn: lsn++, lane },
    );
  const LANES = Array.from({ length: LIVE_LANES }, (_, lane) => lane);
  /** One line for each lane. */
  const round = (text: string) => LANES.map((lane) => [blockIn(lane, [{ text: `${text}${lane}` }])]);
  const texts = (...words: string[]): string[] =>
    LANES.flatMap((lane) => words.map((word) => `${word}${lane}`));

  test('share a request, but for streams that Loki may refuse and for old lines', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await Promise.all(round('first').map((blocks) => deliver(sink, blocks)));
      expect(loki.requests.length).toBe(LIVE_LANES);
      const results = await Promise.all(round('next').map((blocks) => deliver(sink, blocks)));
      expect(results.map(({ delivered }) => delivered)).toEqual(LANES.map(() => 1));
      expect(loki.requests.length).toBe(LIVE_LANES + 1);
      const old = round('old').map(([block]) => [{ ...block, lane: block.lane + LIVE_LANES }]);
      await Promise.all(old.map((blocks) => deliver(sink, blocks)));
      expect(loki.requests.length).toBe(2 * LIVE_LANES + 1);
      expect(loki.lines().toSorted()).toEqual(texts('first', 'next', 'old').toSorted());
    }));

  test('are told of a refusal what is theirs, and nothing is sent twice without need', () =>
    withLoki({ limits: { maxLineBytes: 500 } }, {}, async ({ sink, loki }) => {
      await Promise.all(round('first').map((blocks) => deliver(sink, blocks)));
      const long = 'x'.repeat(600);
      const next = LANES.map((lane) => [
        blockIn(lane, [{ text: `next${lane}` }, ...(lane === 1 ? [{ text: long }] : [])]),
      ]);
      const results = await Promise.all(next.map((blocks) => deliver(sink, blocks)));
      expect(results.map(({ delivered }) => delivered)).toEqual(LANES.map(() => 1));
      expect(results.map(refusedTexts)).toEqual(
        LANES.map((lane) => (lane === 1 ? { line_too_long: [long] } : {})),
      );
      expect(loki.lines().toSorted()).toEqual(texts('first', 'next').toSorted());
    }));

  test.each([
    [429, 'Ingestion rate limit exceeded for user fake (limit: 400000000 bytes/sec) while', 'SINK_LIMITED'],
    [500, 'no', 'SINK_TROUBLE'],
  ])('all fail by %i, and come again', (status, body, code) =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await Promise.all(round('first').map((blocks) => deliver(sink, blocks)));
      loki.fail(1, status, body);
      const next = round('next');
      const outcomes = await Promise.allSettled(next.map((blocks) => deliverOnce(sink, blocks)));
      expect(
        outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error)),
      ).toMatchObject(LANES.map(() => ({ code })));
      const results = await Promise.all(next.map((blocks) => deliver(sink, blocks)));
      expect(results.map(({ delivered }) => delivered)).toEqual(LANES.map(() => 1));
      expect(loki.lines().toSorted()).toEqual(texts('first', 'next').toSorted());
      expect(loki.ledger.repeated).toBe(0);
    }),
  );

  test('that are too much together go by themselves, and no more of them together the next time', () =>
    withLoki({ limits: { maxMessageBytes: 300_000 } }, {}, async ({ sink, loki }) => {
      await Promise.all(round('first').map((blocks) => deliver(sink, blocks)));
      const big = (word: string) =>
        LANES.map((lane) => [blockIn(lane, [{ text: `${word}${lane}${'x'.repeat(100_000)}` }])]);
      await Promise.all(big('big').map((blocks) => deliver(sink, blocks)));
      const before = loki.requests.length;
      expect(loki.requests.map(({ status }) => status)).toContain(500);
      await Promise.all(big('bis').map((blocks) => deliver(sink, blocks)));
      expect(loki.requests.slice(before).map(({ status }) => status)).toEqual([204, 204]);
      expect(
        loki
          .lines()
          .map((text) => text.replace(/x+$/, ''))
          .toSorted(),
      ).toEqual(texts('first', 'big', 'bis').toSorted());
    }));

  test('with a stream that went over its rate in company are asked one by one', () =>
    withLoki({}, {}, async ({ sink, loki }) => {
      await Promise.all(round('first').map((blocks) => deliver(sink, blocks)));
      loki.fail(1, 429, 'Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest');
      const next = round('next');
      await Promise.allSettled(next.map((blocks) => deliverOnce(sink, blocks)));
      const before = loki.requests.length;
      const results = await Promise.all(next.map((blocks) => deliver(sink, blocks)));
      expect(loki.requests.length).toBe(before + LIVE_LANES);
      expect(results.map(({ delivered }) => delivered)).toEqual(LANES.map(() => 1));
      expect(loki.lines().toSorted()).toEqual(texts('first', 'next').toSorted());
    }));
});
