/** The sink against Loki's rules said a second time: whatever lines come, and whatever Loki answers. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Block } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { deliver } from '../http/testing/sink-kit.js';
import { refusedTexts, withLoki } from './testing/test-sink.js';

const MINUTE = 60;
const now = (): number => Math.floor(Date.now() / 1000);
let lsn = 0;
const block = (lines: readonly BlockLine[], lane: number): Block => blockOf(lines, { lsn: lsn++, lane });

/** What happens to a delivery. */
type Trouble = 'none' | '429' | '500' | '502' | 'stored 500' | 'stored cut';

const streams: Labels[] = ['a', 'b', 'c'].flatMap((container) =>
  ['stdout', 'stderr'].map((stream) => ({ container, stream })),
);

const anyLine = fc.record({
  stream: fc.nat(streams.length - 1),
  // Minutes before now, away from the limits, whose last second belongs to nobody.
  age: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 2, arbitrary: fc.constantFrom(20, 45, 58, 62, 100, 500) },
    { weight: 1, arbitrary: fc.constantFrom(8 * 1440, -30) },
  ),
  long: fc.constantFrom(0, 0, 0, 0, 0, 0, 900, 1_500),
});

const anyDelivery = fc.record({
  blocks: fc.array(fc.array(anyLine, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 4 }),
  troubles: fc.array(fc.constantFrom<Trouble>('none', 'none', '429', '500', '502'), { maxLength: 4 }),
});

/** Deliveries at the same time, whose requests may travel as one. */
const anyLanes = fc.constantFrom(1, 3);

interface Model {
  stored: Map<string, string[]>;
  newest: Map<string, number>;
  /** Ids of lines by reason. */
  rejected: Record<string, number[]>;
}

/** Loki's rules, said a second time. */
function judgeLine(
  model: Model,
  labels: Labels,
  text: string,
  age: number,
  size: number,
  limit: number,
): void {
  const key = `${labels['container']} ${labels['stream']}`;
  const reject = (reason: string): void => {
    (model.rejected[reason] ??= []).push(Number.parseInt(text, 10));
  };
  if (age >= 7 * 1440) return reject('too_old');
  if (age <= -10) return reject('too_new');
  if (size > limit) return reject('line_too_long');
  const newest = model.newest.get(key) ?? Number.POSITIVE_INFINITY;
  if (age > newest + 60) return reject('too_far_behind');
  model.newest.set(key, Math.min(newest, age));
  model.stored.set(key, [...(model.stored.get(key) ?? []), text]);
}

async function runModel(
  deliveries: readonly {
    blocks: (typeof anyLine extends fc.Arbitrary<infer L> ? L : never)[][];
    troubles: Trouble[];
  }[],
  lokiLineBytes: number,
  lanes: number,
): Promise<{
  model: Model;
  actual: Map<string, string[]>;
  delivered: number;
  rejected: Record<string, number[]>;
  repeated: number;
}> {
  const model: Model = { stored: new Map(), newest: new Map(), rejected: {} };
  const outcome = { delivered: 0, rejected: {} as Record<string, number[]> };
  const actual = new Map<string, string[]>();
  const base = now();
  let repeated = 0;
  let count = 0;
  await withLoki(
    { limits: { maxLineBytes: lokiLineBytes } },
    { maxLineBytes: 1_000 },
    async ({ sink, loki }) => {
      for (const { blocks: given, troubles } of deliveries) {
        // A stream is of one lane.
        const byLane = Array.from({ length: lanes }, (_, lane) =>
          given
            .map((lines) => lines.filter(({ stream }) => stream % lanes === lane))
            .filter(({ length }) => length > 0),
        );
        const blocks = byLane.flat();
        const laneOf = byLane.flatMap((own, lane) => own.map(() => lane));
        const made = blocks.map((lines, i) =>
          block(
            lines.map(({ stream, age, long }) => ({
              labels: streams[stream],
              text: `${count++} ${'x'.repeat(long)}`,
              seconds: base - age * MINUTE,
              nanos: count % 1_000_000_000,
            })),
            laneOf[i],
          ),
        );
        count -= blocks.flat().length;
        for (const lines of blocks) {
          // A block holds its lines by stream.
          const ids = lines.map(() => count++);
          for (const wanted of new Set(lines.map(({ stream }) => stream))) {
            for (const [i, { stream, age, long }] of lines.entries()) {
              if (stream !== wanted) continue;
              const text = `${ids[i]} ${'x'.repeat(long)}`;
              const size = Math.min(text.length, 1_000);
              const shown = text.length > 1_000 ? String(ids[i]) : text;
              judgeLine(model, streams[stream], shown, age, size, lokiLineBytes);
            }
          }
        }
        for (const trouble of troubles) {
          if (trouble === '429')
            loki.fail(
              1,
              429,
              'Ingestion rate limit exceeded for user fake (limit: 400000000 bytes/sec) while',
            );
          else if (trouble === '500' || trouble === '502')
            loki.fail(1, Number(trouble), '<html>bad gateway</html>');
          else if (trouble === 'stored 500') loki.failAfterStoring(1);
          else if (trouble === 'stored cut') loki.cutAfterStoring(1);
        }
        const results = await Promise.all(
          byLane.map((_, lane) =>
            deliver(
              sink,
              made.filter((block) => block.lane === lane),
            ),
          ),
        );
        for (const result of results) {
          outcome.delivered += result.delivered;
          for (const [reason, texts] of Object.entries(refusedTexts(result))) {
            expect(texts.length).toBe(result.rejected.get(reason));
            (outcome.rejected[reason] ??= []).push(...texts.map((text) => Number.parseInt(text, 10)));
          }
        }
      }
      for (const { labels, entries } of loki.streams()) {
        const lines = entries.map(({ line }) => line.toString().replace(/ x+…\[cut: \d+ bytes\]$/, ''));
        actual.set(`${labels['container']} ${labels['stream']}`, lines);
      }
      repeated = loki.ledger.repeated;
    },
  );
  return { model, actual, ...outcome, repeated };
}

function sorted(rejected: Record<string, number[]>): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(rejected).map(([reason, ids]) => [reason, ids.toSorted((a, b) => a - b)]),
  );
}

describe('whatever lines come, and whatever Loki answers', () => {
  test('what is delivered is there, once, in order, and the rest is known by its reason, line by line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDelivery, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(800, 2_000),
        anyLanes,
        async (deliveries, limit, lanes) => {
          const { model, actual, delivered, rejected } = await runModel(deliveries, limit, lanes);
          expect(actual).toEqual(model.stored);
          expect(sorted(rejected)).toEqual(sorted(model.rejected));
          expect(delivered).toBe([...model.stored.values()].flat().length);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('nothing is missing either where Loki stores and yet fails', async () => {
    const anyTrouble = fc.constantFrom<Trouble>('none', '429', 'stored 500', 'stored cut');
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          anyDelivery.chain((d) =>
            fc.array(anyTrouble, { maxLength: 4 }).map((troubles) => ({ ...d, troubles })),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        anyLanes,
        async (deliveries, lanes) => {
          const { model, actual, delivered, rejected } = await runModel(deliveries, 2_000, lanes);
          expect(actual).toEqual(model.stored);
          const sum = (ids: Record<string, number[]>): number => Object.values(ids).flat().length;
          // What was stored in silence may be refused as too far behind when it comes again: delivered may be too small, never too large.
          expect(delivered + sum(rejected)).toBe(deliveries.flatMap(({ blocks }) => blocks.flat()).length);
          expect(sum(rejected)).toBeGreaterThanOrEqual(sum(model.rejected));
        },
      ),
      { numRuns: 30 },
    );
  });
});
