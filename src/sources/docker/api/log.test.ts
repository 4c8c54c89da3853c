import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../../pipeline/contract.js';
import { FakePipeline } from '../json-file/testing/test-support.js';
import { StreamIds } from '../stream-ids.js';
import { LineWriter } from './lines.js';
import { ApiLog } from './log.js';
import type { Range } from './opening.js';
import { decodePosition } from './position.js';
import { type ServedRecord, servedFor } from './testing/model-log.js';

const PIECE = 8;
const KEY = 'docker/c1';
const NOW_MS = 1_795_300_000_000;

interface Bed {
  readonly log: ApiLog;
  readonly pipeline: FakePipeline;
  readonly gaps: string[];
}

function bed(positions: ReadonlyMap<string, Position>, mayRepeat: boolean): Bed {
  const pipeline = new FakePipeline(positions);
  const gaps: string[] = [];
  const log = new ApiLog({
    pipeline,
    key: KEY,
    streams: new StreamIds(pipeline.streams, 'stream', {}),
    writer: new LineWriter(1024),
    startAt: { kind: 'beginning' },
    mayRepeat,
    hold: () => {},
    onGap: ({ why }) => void gaps.push(why),
    onMissed: () => {},
    onEngineError: () => {},
    pieceBytes: PIECE,
  });
  const saved = positions.get(KEY);
  const position = saved === undefined ? undefined : decodePosition(saved);
  expect(position === undefined).toBe(saved === undefined);
  if (position) log.resume(position);
  return { log, pipeline, gaps };
}

/** Serves records until the log wants no more, so many of them in one buffer. */
function serve(log: ApiLog, records: readonly ServedRecord[], together: number): boolean {
  for (let i = 0; i < records.length; i += together) {
    const some = records.slice(i, i + together);
    const buf = Buffer.from(some.map(({ text }) => text).join(''), 'latin1');
    let at = 0;
    for (const { text, endsLine, isStderr, seconds, nanos } of some) {
      const from = at;
      at += text.length;
      if (!log.record(buf, from, at, endsLine, isStderr, seconds, nanos)) break;
    }
    if (!log.drained()) return false;
  }
  return true;
}

/** One stream without following, and as many more as it takes to reach back to what is known. */
function readAll({ log }: Bed, records: readonly ServedRecord[]): void {
  for (let tries = 0; tries < 12; tries++) {
    const served = servedFor(records, log.begin(NOW_MS));
    const isWhole = serve(log, served, 7);
    const isDone = log.isFound && !log.isShort && !log.isAsking;
    log.end(isWhole, NOW_MS);
    if (isDone) return;
  }
  throw new Error('never found');
}

/** The lines of a whole log, by stream. */
function linesOf(records: readonly ServedRecord[]): { stdout: string[]; stderr: string[] } {
  const lines = { stdout: [] as string[], stderr: [] as string[] };
  const open = { stdout: undefined as string | undefined, stderr: undefined as string | undefined };
  for (const { text, endsLine, isStderr } of records) {
    const stream = isStderr ? 'stderr' : 'stdout';
    const whole = (open[stream] ?? '') + text;
    const isPiece = !endsLine && text.length >= PIECE;
    open[stream] = isPiece ? whole : undefined;
    if (!isPiece) lines[stream].push(whole);
  }
  return lines;
}

function delivered(pushes: FakePipeline['pushes']): { stdout: string[]; stderr: string[] } {
  const lines = pushes.flatMap((push) => push.lines);
  const of = (stream: string): string[] =>
    lines.filter((line) => line.stream.includes(stream)).map((line) => line.text);
  return { stdout: of('stdout'), stderr: of('stderr') };
}

/** Records in order; times mostly go up, some go back; lines of several pieces with records of the other stream between. */
const records = fc
  .array(
    fc.record({
      word: fc.constantFrom('a', 'b', 'c', ''),
      isStderr: fc.boolean(),
      kind: fc.constantFrom('line', 'line', 'line', 'piece', 'end'),
      step: fc.constantFrom(1, 1, 1, 2, 1_000_000_000, -5),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((parts) => {
    let nanos = 50_000_000_000;
    const begun: [number | undefined, number | undefined] = [undefined, undefined];
    return parts.map(({ word, isStderr, kind, step }, i): ServedRecord => {
      // Even and odd: no two records have one time by chance.
      nanos += step * 1000 + 1;
      const slot = isStderr ? 1 : 0;
      const time = begun[slot] ?? nanos;
      const isPiece = kind === 'piece';
      begun[slot] = isPiece ? time : undefined;
      return {
        text: isPiece ? `${word}${i}`.padEnd(PIECE, '_') : word,
        endsLine: kind === 'line',
        isStderr,
        seconds: 1_795_299_000 + Math.floor(time / 1_000_000_000),
        nanos: time % 1_000_000_000,
      };
    });
  });

describe('ApiLog', () => {
  it('delivers each line once, wherever streams end and the agent is killed', () => {
    const rounds = fc.array(
      fc.record({
        written: fc.nat(60),
        isKilled: fc.boolean(),
        committed: fc.nat(100),
        cut: fc.nat(80),
        together: fc.integer({ min: 1, max: 20 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(records, rounds, (all, rounds) => {
        let current = bed(new Map(), false);
        const kept: FakePipeline['pushes'] = [];
        let written = 0;
        for (const { written: more, isKilled, committed, cut, together } of rounds) {
          written = Math.min(all.length, written + more);
          const { log, pipeline } = current;
          const served = servedFor(all.slice(0, written), log.begin(NOW_MS));
          serve(log, served.slice(0, cut), together);
          log.end(false);
          if (!isKilled) continue;
          const pushes = Math.min(committed, pipeline.pushes.length);
          kept.push(...pipeline.pushes.slice(0, pushes));
          current = bed(pipeline.positionsAfter(pushes), false);
        }
        readAll(current, all);
        current.log.endOutput();
        kept.push(...current.pipeline.pushes);
        const last = linesOf([...all]);
        const got = delivered(kept);
        // A line that is open at the end is delivered as far as it goes.
        for (const stream of ['stdout', 'stderr'] as const) {
          expect(got[stream].slice(0, last[stream].length)).toEqual(last[stream]);
          expect(got[stream].length - last[stream].length).toBeLessThanOrEqual(1);
        }
        expect(current.gaps).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('drops what the engine repeats in the middle of a stream', () => {
    const repeats = fc.array(fc.record({ at: fc.nat(119), length: fc.integer({ min: 1, max: 30 }) }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(records, repeats, (all, repeats) => {
        const { log, pipeline } = bed(new Map(), true);
        log.begin(NOW_MS);
        const served = all.flatMap((record, i) => {
          const blocks = repeats.filter(({ at }) => at === i);
          return [record, ...blocks.flatMap(({ length }) => all.slice(Math.max(0, i + 1 - length), i + 1))];
        });
        serve(log, served, 4);
        log.endOutput();
        const whole = linesOf(all);
        const got = delivered(pipeline.pushes);
        expect(got.stdout.slice(0, whole.stdout.length)).toEqual(whole.stdout);
        expect(got.stderr.slice(0, whole.stderr.length)).toEqual(whole.stderr);
        expect(log.repeated).toBe(served.length - all.length);
      }),
    );
  });

  it('puts together a long line of alike pieces also where the log rotates, and drops its repeat', () => {
    const piece = {
      text: 'x'.repeat(PIECE),
      endsLine: false,
      isStderr: false,
      seconds: 1_795_299_999,
      nanos: 7,
    };
    const line = [...Array.from({ length: 6 }, () => piece), { ...piece, text: 'end', endsLine: true }];
    for (const together of [1, 3, 20]) {
      const { log, pipeline } = bed(new Map(), true);
      log.begin(NOW_MS);
      serve(log, [...line, ...line], together);
      log.endOutput();
      expect(delivered(pipeline.pushes).stdout).toEqual([`${'x'.repeat(6 * PIECE)}end`]);
      expect(log.repeated).toBe(line.length);
    }
  });

  it('delivers equal lines with one time where the log does not rotate', () => {
    const twin = { text: 'same', endsLine: true, isStderr: false, seconds: 1_795_299_999, nanos: 7 };
    const first = bed(new Map(), false);
    readAll(first, [twin, twin]);
    readAll(first, [twin, twin, twin]);
    expect(delivered(first.pipeline.pushes).stdout).toEqual(['same', 'same', 'same']);
  });

  it('commits with each push no more than was pushed, however many lines stand in one buffer', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => ({
      text: `l${i}`,
      endsLine: true,
      isStderr: false,
      seconds: 1_795_299_000,
      nanos: i,
    }));
    const first = bed(new Map(), false);
    first.log.begin(NOW_MS);
    serve(first.log, lines, lines.length);
    expect(first.pipeline.pushes.length).toBe(2);
    const second = bed(first.pipeline.positionsAfter(1), false);
    readAll(second, lines);
    const all = [...first.pipeline.pushes.slice(0, 1), ...second.pipeline.pushes];
    expect(delivered(all).stdout).toEqual(lines.map(({ text }) => text));
  });

  it('tells a gap where what is known was removed, and goes on behind it', () => {
    const lines = Array.from({ length: 40 }, (_, i) => ({
      text: `l${i}`,
      endsLine: true,
      isStderr: false,
      seconds: 1_795_299_000 + i,
      nanos: 0,
    }));
    const first = bed(new Map(), true);
    readAll(first, lines.slice(0, 10));
    const second = bed(first.pipeline.positionsAfter(Infinity), true);
    readAll(second, lines.slice(20));
    expect(delivered(second.pipeline.pushes).stdout).toEqual(lines.slice(20).map(({ text }) => text));
    expect(second.gaps).toEqual(['blind']);
  });

  it('asks what a log holds that does not show what is known: emptied, it is gone on with at once', () => {
    const [first, later] = [0, 1].map((i) => ({
      text: `l${i}`,
      endsLine: true,
      isStderr: false,
      seconds: 1_795_299_000 + i,
      nanos: 0,
    }));
    const current = bed(new Map(), false);
    const { log } = current;
    readAll(current, [first]);
    expect([log.begin(NOW_MS), log.isAsking]).toEqual([{ tail: 16 }, false]);
    // It stays silent.
    log.giveUp();
    log.end(false, NOW_MS);
    for (const range of [{ tail: 64 }, { tail: 1 }]) {
      expect([log.begin(NOW_MS), log.isAsking, log.wasEmpty]).toEqual([range, true, false]);
      log.end(true, NOW_MS);
    }
    for (let i = 0; i < 3; i++) {
      expect(log.begin(NOW_MS)).toEqual({ since: '1795299000.000000001' });
      expect([log.isAsking, log.wasEmpty]).toEqual([false, true]);
      log.end(false, NOW_MS);
    }
    readAll(current, [later]);
    expect(log.wasEmpty).toBe(false);
    expect(delivered(current.pipeline.pushes).stdout).toEqual(['l0', 'l1']);
    expect(current.gaps).toEqual(['rotated']);
  });

  it.each([0, 5, 14])(
    'has records that the engine left out in a stream when it is opened again, %d read since',
    (since) => {
      const lines = Array.from({ length: 100 }, (_, i) => ({
        text: `l${i}`,
        endsLine: true,
        isStderr: false,
        seconds: 1_795_299_000 + i,
        nanos: 0,
      }));
      const first = bed(new Map(), true);
      first.log.begin(NOW_MS);
      serve(first.log, [...lines.slice(0, 40), ...lines.slice(60, 61 + since)], 7);
      first.log.end(false, NOW_MS);
      readAll(first, lines.slice(0, 90));
      readAll(first, lines.slice(0, 92));
      const second = bed(first.pipeline.positionsAfter(Infinity), true);
      readAll(second, lines);
      const got = [first, second].flatMap(({ pipeline }) => delivered(pipeline.pushes).stdout);
      const order = [...lines.slice(0, 40), ...lines.slice(60, 61 + since), ...lines.slice(40, 60)];
      expect(got).toEqual([...order, ...lines.slice(61 + since)].map(({ text }) => text));
      expect([first.log.counts.linesLate, second.log.counts.linesLate]).toEqual([20, 0]);
      expect([first.gaps, second.gaps]).toEqual([[], []]);
    },
  );

  describe('asks for little', () => {
    /** One a second. */
    const lines = Array.from({ length: 10_000 }, (_, i) => ({
      text: `l${i}`,
      endsLine: true,
      isStderr: false,
      seconds: 1_795_299_000 + i,
      nanos: 0,
    }));

    /** What is asked for until all of the first `written` lines are read, from `seconds` on until `endSeconds`. */
    function reopen({ log }: Bed, written: number, seconds: number, endSeconds = seconds): Range[] {
      const asked: Range[] = [];
      for (let found = false; !found; found = log.isFound && !log.isShort) {
        expect(asked.length).toBeLessThan(10);
        const range = log.begin(seconds * 1000);
        asked.push(range);
        serve(log, servedFor(lines.slice(0, written), range), 1);
        const isFound = log.isFound && !log.isShort;
        log.end(false, (isFound ? endSeconds : seconds) * 1000);
        if (isFound) break;
      }
      return asked;
    }

    it.each([
      [false, 16, 24, 4],
      // Of none of these answers it is known that it is the whole log.
      [true, 504, 24 + 510, 4 + 510],
    ])(
      'where little was missed, and the first time as much as has to be known, or compared (may repeat: %s)',
      (mayRepeat, first, second, third) => {
        const current = bed(new Map(), mayRepeat);
        expect(reopen(current, 500, 0, 500)).toEqual([{}]);
        expect(reopen(current, 510, 510)).toEqual([{ tail: first }]);
        // Quiet from here on, which is known the next time.
        expect(reopen(current, 510, 520)).toEqual([{ tail: second }]);
        expect(reopen(current, 510, 600)).toEqual([{ tail: third }]);
      },
    );

    it('and for more until it reaches back', () => {
      const current = bed(new Map(), false);
      reopen(current, 100, 0);
      expect(reopen(current, 300, 1)).toEqual([{ tail: 16 }, { tail: 64 }, { tail: 256 }]);
      expect(reopen(current, 300, 1)).toEqual([{ tail: 4 }]);
      const tails = [4, 16, 64, 256, 1024, 4096].map((tail) => ({ tail }));
      expect(reopen(current, 3000, 1)).toEqual(tails);
    });

    it('and at last for everything since, however much was missed', () => {
      const current = bed(new Map(), false);
      reopen(current, 2, 0);
      reopen(current, 2, 0);
      const asked = Array.from({ length: 8 }, () => {
        const range = current.log.begin(0);
        current.log.giveUp();
        return range;
      });
      expect(asked.slice(0, 7).map(({ tail }) => tail)).toEqual([4, 16, 64, 256, 1024, 4096, 16_384]);
      expect(asked[7]).toEqual({ since: '1795299001.000000000' });
    });

    it('as a log that goes on steadily has had its lines written while it waited for its turn', () => {
      const current = bed(new Map(), false);
      // A backlog is read at once; it says nothing of how fast the log goes on, but the times of its lines do.
      reopen(current, 5000, 5000);
      reopen(current, 5030, 5030, 5031);
      for (const now of [5060, 5090, 5120]) expect(reopen(current, now, now, now + 1).length).toBe(1);
      const [{ tail }] = reopen(current, 5150, 5150);
      expect(tail).toBeGreaterThan(30);
      expect(tail).toBeLessThan(100);
    });
  });

  it('remembers less of a log that was quiet, and still drops what the engine repeats of it', () => {
    const lines = (from: number, to: number): ServedRecord[] =>
      Array.from({ length: to - from }, (_, i) => ({
        text: `l${from + i}`,
        endsLine: true,
        isStderr: false,
        seconds: 1_795_299_000,
        nanos: from + i,
      }));
    const current = bed(new Map(), true);
    readAll(current, lines(0, 5000));
    readAll(current, lines(0, 5000));
    for (const seconds of [0, 3600]) {
      current.log.begin(NOW_MS + seconds * 1000);
      serve(current.log, lines(4996, 5000), 1);
      current.log.end(false, NOW_MS + seconds * 1000);
    }
    current.log.begin(NOW_MS + 7200_000);
    serve(current.log, [...lines(4996, 5100), ...lines(4900, 5200)], 7);
    const texts = delivered(current.pipeline.pushes).stdout;
    expect(texts).toEqual(lines(0, 5200).map(({ text }) => text));
    expect(current.log.repeated).toBe(200);
  });
});
