import * as fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import { decodeProto } from '../../../test/support/loki/wire.js';
import type { Block } from '../../pipeline/contract.js';
import { KnownStreams } from './known-streams.js';
import { bodyOf, byStream, divide, type Request, streamsOf } from './request.js';
import { Screen } from './screen.js';
import { Work } from './work.js';

const NOW = 1_795_000_000;
const LIMITS = { maxLineBytes: 1_000, maxAgeMs: 7 * 86_400_000 };
const MAX_WEIGHT = 500;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

const anyBlock = fc.array(
  fc.record({
    name: fc.constantFrom(...NAMES),
    age: fc.constantFrom(0, 0, 0, 4_000),
    size: fc.constantFrom(1, 200),
  }),
  { minLength: 1, maxLength: 12 },
);

/** What becomes of a request: taken, parted in one of the ways there are, or to be sent again. */
type Fate = 'taken' | 'by stream' | 'divided' | '429' | 'failed';

function linesByStream(requests: readonly Request[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const request of requests)
    for (const { labels, entries } of decodeProto(Buffer.from(uncompress(bodyOf(request)))))
      found.set(labels, [...(found.get(labels) ?? []), ...entries.map(({ line }) => line.toString())]);
  return found;
}

test('requests on their way together share no stream, and each stream arrives once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(anyBlock, { minLength: 1, maxLength: 6 }),
      fc.array(fc.constantFrom(...NAMES), { maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(
        fc.record({
          fate: fc.constantFrom<Fate>('taken', 'taken', 'by stream', 'divided', '429', 'failed'),
          place: fc.nat(),
        }),
        { maxLength: 40 },
      ),
      (made, known, count, fates) => {
        let number = 0;
        const blocks: Block[] = made.map((rows, lsn) => {
          const lines = rows.map(
            ({ name, age, size }): BlockLine => ({
              labels: { container: name },
              text: `${number++} ${'x'.repeat(size)}`,
              seconds: NOW - age,
            }),
          );
          return blockOf(lines, { lsn });
        });
        const streams = new KnownStreams();
        for (const name of known) streams.acknowledged(`{container="${name}"}`, NOW, NOW * 1000);
        const screen = new Screen(LIMITS, streams);
        const whole = (block: Block) => new Map([[undefined, { block }]]);
        const work = new Work(blocks.slice(0, 1), whole);
        const taken: Request[] = [];
        const left = [...fates];
        const next = () => work.next(screen, count, MAX_WEIGHT, NOW * 1000);
        for (let requests = next(); requests.length > 0; requests = next()) {
          expect(work.goesOnWith(blocks)).toBe(true);
          expect(requests.length).toBeLessThanOrEqual(count);
          const each = requests.map((request) => [...new Set(streamsOf(request))]);
          expect(new Set(each.flat()).size).toBe(each.flat().length);
          // Answers come in any order.
          for (const open = [...requests]; open.length > 0; ) {
            const { fate, place } = left.shift() ?? { fate: 'taken', place: 0 };
            const [request] = open.splice(place % open.length, 1);
            const parts =
              fate === 'by stream' ? byStream(request) : fate === 'divided' ? divide(request) : undefined;
            if (parts) work.replace(request, parts);
            else if (fate === '429') work.limited(request);
            else if (fate !== 'failed') {
              taken.push(request);
              for (const labels of streamsOf(request)) streams.acknowledged(labels, NOW, NOW * 1000);
              work.done(request);
            }
          }
        }
        const expected = linesByStream(blocks.map((block) => ({ pieces: [{ block }], tenant: undefined })));
        expect(linesByStream(taken)).toEqual(expected);
        expect(work.result).toEqual({ delivered: number, rejected: new Map() });
      },
    ),
    { numRuns: 300 },
  );
});

test('429s count for each request', () => {
  const blocks = [blockOf(NAMES.map((name) => ({ labels: { container: name }, text: name, seconds: NOW })))];
  const work = new Work(blocks, (block) => new Map([[undefined, { block }]]));
  const screen = new Screen(LIMITS, new KnownStreams());
  const [a, b, c] = work.next(screen, 3, MAX_WEIGHT, NOW * 1000);
  expect([work.limited(a), work.limited(b), work.limited(a)]).toEqual([1, 1, 2]);
  work.done(c);
  expect(work.next(screen, 3, MAX_WEIGHT, NOW * 1000).slice(0, 2)).toEqual([a, b]);
  expect([work.limited(a), work.limited(b)]).toEqual([3, 2]);
});
