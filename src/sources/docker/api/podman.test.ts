/** Podman's ways: pieces of any length, whole seconds, and last records (`tail`) that are others than those of the whole log. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Position } from '../../../pipeline/contract.js';
import { FakePipeline } from '../json-file/testing/test-support.js';
import { StreamIds } from '../stream-ids.js';
import { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import { decodePosition } from './position.js';
import { type ServedRecord, servedFor } from './testing/model-log.js';

const KEY = 'docker/c1';
const BEGIN = 1_795_299_000;

function logOf(positions: ReadonlyMap<string, Position>, gaps: string[]) {
  const pipeline = new FakePipeline(positions);
  const log = new ApiLog({
    pipeline,
    key: KEY,
    streams: new StreamIds(pipeline.streams, 'stream', {}),
    writer: new LineWriter(1024),
    startAt: { kind: 'beginning' },
    mayRepeat: false,
    pieceBytes: 0,
    isTailOther: true,
    hold: () => {},
    onGap: ({ why }) => void gaps.push(why),
    onMissed: () => {},
    onEngineError: () => {},
  });
  const saved = positions.get(KEY);
  const position = saved === undefined ? undefined : decodePosition(saved);
  if (position) log.resume(position);
  return { log, pipeline };
}

/** Lines, some in pieces, several within a second. */
const records = fc
  .array(
    fc.record({
      isStderr: fc.boolean(),
      pieces: fc.integer({ min: 1, max: 3 }),
      pause: fc.constantFrom(0, 0, 0, 1, 7),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((lines) => {
    let seconds = BEGIN;
    return lines.flatMap(({ isStderr, pieces, pause }, line): ServedRecord[] => {
      seconds += pause;
      return Array.from({ length: pieces }, (_, i) => {
        const endsLine = i === pieces - 1;
        return { text: `${line}.${i} `, endsLine, isStderr, seconds, nanos: 0 };
      });
    });
  });

function linesOf(all: readonly ServedRecord[], isStderr: boolean): string[] {
  return all
    .filter((record) => record.isStderr === isStderr)
    .map(({ text, endsLine }) => (endsLine ? `${text}\n` : text))
    .join('')
    .split('\n')
    .slice(0, -1);
}

it('delivers each line of a Podman log once, wherever streams end and the agent is killed', () => {
  const rounds = fc.array(fc.record({ written: fc.nat(40), isKilled: fc.boolean() }), { maxLength: 8 });
  fc.assert(
    fc.property(records, rounds, (all, rounds) => {
      const gaps: string[] = [];
      const lines: { stream: string; text: string }[] = [];
      let current = logOf(new Map(), gaps);
      let written = 0;
      for (const { written: more, isKilled } of [...rounds, { written: all.length, isKilled: true }]) {
        written = Math.min(all.length, written + more);
        const { log, pipeline } = current;
        const range = log.begin(0);
        // The whole log from some time on, which for this engine alone has the same records each time.
        expect(typeof range.tail).not.toBe('number');
        for (const { text, endsLine, isStderr, seconds, nanos } of servedFor(all.slice(0, written), range)) {
          const buf = Buffer.from(text);
          log.record(buf, 0, buf.length, endsLine, isStderr, seconds, nanos);
          log.drained();
        }
        log.end(false);
        if (!isKilled) continue;
        lines.push(...pipeline.pushes.flatMap((push) => push.lines));
        current = logOf(pipeline.positionsAfter(Infinity), gaps);
      }
      const got = (stream: string): string[] =>
        lines.filter((line) => line.stream.includes(stream)).map(({ text }) => text);
      expect(got('stdout')).toEqual(linesOf(all, false));
      expect(got('stderr')).toEqual(linesOf(all, true));
      expect(gaps).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
