/**
 * A container's log behind the demultiplexer, over streams of anything at all, one after the other: lines or a refusal; no
 * more lines than records; what is held of them stays within its bound; and from every position that was saved another
 * process goes on. With LOG_CAPTURER_TEST_LONG for hours.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Position } from '../../../pipeline/contract.js';
import { FakePipeline } from '../json-file/testing/test-support.js';
import { StreamIds } from '../stream-ids.js';
import { FrameDecoder } from './frames.js';
import { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { decodePosition } from './position.js';
import { ForeignStream, type RecordSink } from './records.js';
import { chunks, PIECE, streamOf } from './testing/any-stream.js';
import { frame } from './testing/model-log.js';

const FACTOR = process.env['LOG_CAPTURER_TEST_LONG'] === undefined ? 1 : 100;
const KEY = 'docker/c1';
const NOW_MS = 1_795_300_010_000;
const MAX_LINE_BYTES = 100;
/** Beside the records of the place itself. */
const MOST_NUMBERS = 200;

const stream = fc.record({
  bytes: streamOf(frame),
  chunks,
  isComplete: fc.boolean(),
  isFinite: fc.boolean(),
  /** Before it is opened: an answer that is compared with what was taken, or the search is given up. */
  before: fc.constantFrom('compare', 'settle', 'give up', 'restart', 'nothing', 'nothing'),
});

interface Bed {
  readonly log: ApiLog;
  readonly pipeline: FakePipeline;
}

function open(mayRepeat: boolean, saved: Position | undefined): Bed {
  const pipeline = new FakePipeline(saved === undefined ? new Map() : new Map([[KEY, saved]]));
  const log = new ApiLog({
    pipeline,
    key: KEY,
    streams: new StreamIds(pipeline.streams, 'stream', {}),
    writer: new LineWriter(MAX_LINE_BYTES),
    startAt: { kind: 'beginning' },
    mayRepeat,
    hold: () => {},
    onGap: () => {},
    onMissed: () => {},
    onEngineError: () => {},
    pieceBytes: PIECE,
  });
  const position = saved === undefined ? undefined : decodePosition(saved);
  expect(position === undefined).toBe(saved === undefined);
  if (position) log.resume(position);
  return { log, pipeline };
}

/** Answers whether all of it was taken; not where it was refused, or no more was wanted. */
function feed(sink: RecordSink, all: Buffer, sizes: readonly number[], drained: () => boolean): boolean {
  const decoder = new FrameDecoder();
  let from = 0;
  for (let to = 0, turn = 0, steps = 2 * all.length + 10; ; ) {
    expect(steps--).toBeGreaterThan(0);
    const isEnd = to === all.length;
    try {
      const taken = decoder.decode(Buffer.from(all.subarray(from, to)), to - from, [0], isEnd, sink);
      from += taken;
      if (!drained()) return false;
      if (taken > 0) continue;
    } catch (error) {
      if (!(error instanceof ForeignStream)) throw error;
      return false;
    }
    if (isEnd) return true;
    to = Math.min(all.length, to + sizes[turn++ % sizes.length]);
  }
}

/** Where another process would go on. */
function savedBy({ pipeline }: Bed): Position | undefined {
  return pipeline.positionsAfter(pipeline.pushes.length).get(KEY);
}

test(
  'any streams: lines, and positions to go on from',
  () => {
    let lines = 0;
    fc.assert(
      fc.property(fc.array(stream, { minLength: 1, maxLength: 6 }), fc.boolean(), (streams, mayRepeat) => {
        let bed = open(mayRepeat, undefined);
        let served = 0;
        let came = 0;
        const count = (): void => {
          for (const { text } of bed.pipeline.lines) {
            came++;
            expect(text.length).toBeLessThanOrEqual(MAX_LINE_BYTES);
          }
        };
        for (const { bytes, chunks, isComplete, isFinite, before } of streams) {
          const { log } = bed;
          if (before === 'give up') log.giveUp();
          if (before === 'compare' || before === 'settle') {
            const answer = log.compare();
            const isAll = feed(answer, bytes, chunks, () => true);
            served += answer.served;
            if (isAll && before === 'settle') log.settle(answer, isFinite);
          }
          if (before === 'restart') {
            count();
            bed = open(mayRepeat, savedBy(bed));
          }
          bed.log.begin(NOW_MS, isFinite);
          const counting: RecordSink = {
            record: (...given) => {
              served++;
              return bed.log.record(...given);
            },
            malformed: (...given) => {
              served++;
              return bed.log.malformed(...given);
            },
            engineError: (message) => bed.log.engineError(message),
          };
          const isAll = feed(counting, bytes, chunks, () => bed.log.drained());
          bed.log.end(isAll && isComplete, NOW_MS);
          const position = savedBy(bed);
          expect(JSON.stringify(position ?? null).length).toBeLessThan(MOST_NUMBERS * 12);
        }
        bed.log.endOutput();
        count();
        expect(came).toBeLessThanOrEqual(served);
        bed.log.forget();
        expect(savedBy(bed)).toBeUndefined();
        lines += came;
      }),
      { numRuns: 500 * FACTOR },
    );
    expect(lines).toBeGreaterThan(500);
  },
  60_000 * FACTOR,
);
